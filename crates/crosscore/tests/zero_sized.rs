//! Elements without size: counted, dropped, and never allocated.

#![cfg(all(feature = "alloc", not(loom)))]

mod memories;

use std::cell::Cell;

use crosscore::{AllocError, BufferAllocator, Memory, RawBuffer, Ring};

/// An allocator that nobody may ask for anything.
struct Untouched;

// SAFETY: INV-ALLOC-1 to INV-ALLOC-8: it never returns a buffer.
unsafe impl BufferAllocator for Untouched {
    fn granularity(&self) -> usize {
        4096
    }
    fn allocate(&self, layout: std::alloc::Layout) -> Result<RawBuffer, AllocError> {
        panic!("asked for {layout:?}")
    }
    unsafe fn deallocate(&self, _: RawBuffer) {
        panic!("given a buffer")
    }
}

// INV-MEM-1: there is no buffer, and the base is aligned all the same.
#[test]
fn no_buffer_is_allocated() {
    #[derive(Clone, Copy)]
    #[repr(align(64))]
    struct Aligned;
    let (mut producer, mut consumer) = Ring::with_capacity_in(3, Untouched).unwrap();
    assert_eq!(producer.capacity(), 4);
    assert_eq!(producer.memory(), Memory::Heap);
    assert_eq!(producer.ring().base().as_ptr() as usize % 64, 0);
    for _ in 0..4 {
        assert!(producer.push(Aligned).is_ok());
    }
    assert!(producer.push(Aligned).unwrap_err().is_full());
    assert!(
        consumer
            .peek()
            .is_some_and(|peeked| std::ptr::from_ref(peeked).is_aligned())
    );
    assert!(consumer.pop().is_some());
    assert_eq!(consumer.available(), 3);
}

#[test]
fn every_operation_counts() {
    for (mut producer, mut consumer) in memories::rings_near_wrap::<()>(8, 3) {
        assert_eq!(producer.push_slice(&[(); 5]), 5);
        let mut reservation = producer.reserve(100).unwrap();
        // Without size, everything is contiguous: INV-MEM-2.
        assert_eq!(reservation.len(), 3);
        assert_eq!(reservation.spare_slots().len(), 3);
        assert_eq!(reservation.extend_from_slice(&[()]), 1);
        assert_eq!(reservation.fill(std::iter::repeat(())), 2);
        assert_eq!(reservation.commit(), 3);
        assert_eq!(producer.push_slice(&[()]), 0);

        assert_eq!(consumer.pop_slice(&mut [(); 2]), 2);
        let mut elements = consumer.read(4).unwrap();
        assert_eq!(elements.len(), 4);
        elements.release(3);
        assert_eq!(elements.len(), 1);
        drop(elements);
        assert_eq!(consumer.drain(2, |()| ()), 2);
        assert_eq!(consumer.drain_ref(2, |()| ()), 1);
        assert_eq!(consumer.pop(), None);
    }
}

// INV-DROP-1
#[test]
fn those_with_a_destructor_are_dropped_once() {
    thread_local!(static DROPS: Cell<usize> = const { Cell::new(0) });
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPS.set(DROPS.get() + 1);
        }
    }

    let (mut producer, mut consumer) = Ring::with_capacity(8).unwrap();
    for _ in 0..8 {
        producer.push(Counted).unwrap();
    }
    drop(consumer.pop());
    assert_eq!(DROPS.get(), 1);
    consumer.drain(1, drop);
    consumer.drain_ref(1, |_| ());
    assert_eq!(DROPS.get(), 3);
    consumer.read(2).unwrap().release_all();
    assert_eq!(DROPS.get(), 5);
    let mut reservation = producer.reserve(2).unwrap();
    assert!(reservation.push(Counted).is_ok());
    drop(reservation);
    assert_eq!(DROPS.get(), 6);
    drop(consumer);
    assert_eq!(DROPS.get(), 9);
    drop(producer);
    assert_eq!(DROPS.get(), 9);
}
