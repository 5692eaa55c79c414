//! How large a ring becomes, and what is refused.

#![cfg(all(not(loom), feature = "std"))]

use std::error::Error;

use crosscore::{BufferAllocator, HeapAllocator, MirroredAllocator, Ring, RingError};

// INV-MEM-1: the capacity is a power of two.
#[test]
fn the_capacity_is_rounded_up_to_a_power_of_two() {
    for (asked, given) in [
        (1, 1),
        (2, 2),
        (3, 4),
        (4, 4),
        (5, 8),
        (1000, 1024),
        (1025, 2048),
    ] {
        let (producer, consumer) = Ring::<u8>::with_capacity(asked).unwrap();
        assert_eq!(producer.capacity(), given, "asked for {asked}");
        assert_eq!(consumer.capacity(), given);
        assert_eq!(producer.ring().capacity(), given);
        assert_eq!(producer.free_slots(), given);
    }
}

// INV-ALLOC-8: a size that is no multiple of the granularity is never asked for.
#[test]
#[cfg(any(target_os = "linux", target_os = "macos", windows))]
fn the_capacity_is_rounded_up_to_whole_pages_where_mirrored() {
    fn check<T: Copy + PartialEq + std::fmt::Debug + Default>() {
        let page = MirroredAllocator.granularity();
        let (mut producer, mut consumer) =
            Ring::<T, _>::with_capacity_in(1, MirroredAllocator).unwrap();
        let capacity = producer.capacity();
        assert!(capacity.is_power_of_two());
        assert_eq!(capacity * size_of::<T>() % page, 0, "{}", size_of::<T>());
        // And no further than that: half of it would not be whole pages.
        assert!(capacity == 1 || !(capacity / 2 * size_of::<T>()).is_multiple_of(page));
        for _ in 0..capacity {
            producer.push(T::default()).unwrap();
        }
        assert!(producer.push(T::default()).is_err());
        assert_eq!(
            consumer.drain(usize::MAX, |item| assert_eq!(item, T::default())),
            capacity
        );
    }
    check::<u8>();
    check::<[u8; 3]>();
    check::<u64>();
    check::<[u64; 3]>();
    check::<[u64; 32]>();
    check::<(u8, u128)>();
}

#[test]
fn none_is_refused() {
    let refused = Ring::<u64>::with_capacity(0).unwrap_err();
    assert!(matches!(refused, RingError::ZeroCapacity));
    assert_eq!(
        refused.to_string(),
        "a ring needs a capacity of at least 1, not 0"
    );
    assert!(Ring::<()>::with_capacity(0).is_err());
    assert!(Ring::<u8, _>::with_capacity_in(0, MirroredAllocator).is_err());
}

#[test]
#[cfg(target_pointer_width = "64")]
fn one_above_the_limit_is_refused_with_the_limit() {
    fn limit<T>() -> usize {
        match Ring::<T>::with_capacity(usize::MAX) {
            Err(RingError::CapacityOverflow { asked, largest }) => {
                assert_eq!(asked, usize::MAX);
                largest
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(limit::<u8>(), 1 << 62);
    assert_eq!(limit::<u64>(), 1 << 59);
    assert_eq!(limit::<[u8; 3]>(), 1 << 61);
    assert_eq!(limit::<()>(), 1 << 62);

    let refused = Ring::<u64>::with_capacity((1 << 59) + 1).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "a capacity of {} elements is too large; for this element it is at most {}",
            (1usize << 59) + 1,
            1usize << 59
        )
    );
    assert!(refused.source().is_none());
}

#[test]
#[cfg(target_pointer_width = "64")]
fn the_limit_itself_is_a_matter_for_the_allocator() {
    let refused = Ring::<u64>::with_capacity(1 << 59).unwrap_err();
    assert!(matches!(&refused, RingError::Alloc(_)), "{refused}");
    assert!(refused.to_string().starts_with("no memory for the ring: "));
    assert!(refused.source().is_some());
    // Of elements without size there is nothing to allocate.
    let (producer, _consumer) = Ring::<()>::with_capacity(1 << 62).unwrap();
    assert_eq!(producer.free_slots(), 1 << 62);
}

#[test]
#[cfg(target_pointer_width = "64")]
fn an_element_as_large_as_an_address_space_is_refused() {
    // Sums that go past the end of usize on the way would show here.
    struct Huge(#[allow(dead_code, reason = "for its size")] [u8; (1 << 46) + 1]);
    let refused = Ring::<Huge, _>::with_capacity_in(1, HeapAllocator).unwrap_err();
    assert!(matches!(refused, RingError::Alloc(_)), "{refused}");
    let refused = Ring::<Huge, _>::with_capacity_in(1, MirroredAllocator).unwrap_err();
    assert!(matches!(
        refused,
        RingError::Alloc(_) | RingError::CapacityOverflow { .. }
    ));
    let refused = Ring::<Huge>::with_capacity(1 << 20).unwrap_err();
    assert!(matches!(refused, RingError::CapacityOverflow { largest, .. } if largest == 1 << 16));
}
