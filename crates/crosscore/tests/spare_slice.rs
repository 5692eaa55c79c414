//! Free slots as ordinary memory.

#![cfg(all(feature = "alloc", not(loom)))]

mod memories;

use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crosscore::{HeapAllocator, Ring, Zeroable};

// INV-INIT-2, INV-ALLOC-4: what was never written is zero, and after a lap it is what was written then.
#[test]
fn slots_hold_zeroes_or_elements_of_earlier_laps() {
    for (mut producer, mut consumer) in memories::rings::<u16>(4) {
        let capacity = producer.capacity();
        for lap in 0..3 {
            let mut reservation = producer.reserve(capacity).unwrap();
            let slots = reservation.spare_slice();
            assert_eq!(slots.len(), capacity);
            assert!(slots.iter().all(|&n| n == lap));
            slots.fill(lap + 1);
            reservation.advance(capacity);
            assert_eq!(reservation.commit(), capacity);
            assert_eq!(consumer.skip(capacity), capacity);
        }
    }
}

#[test]
fn what_is_counted_is_published_and_the_rest_is_not() {
    for (mut producer, mut consumer) in memories::rings::<u8>(8) {
        let mut reservation = producer.reserve(6).unwrap();
        reservation.push(1).unwrap();
        reservation.spare_slice()[..2].copy_from_slice(&[2, 3]);
        reservation.advance(2);
        // Shown once, they stay shown.
        reservation.advance(1);
        reservation.push(5).unwrap();
        assert_eq!(reservation.written(), 5);
        assert_eq!(reservation.spare_slice().len(), 1);
        assert_eq!(reservation.commit(), 5);
        assert!(consumer.pop_iter().eq([1, 2, 3, 0, 5]));
    }
}

#[test]
fn slots_that_were_not_shown_cannot_be_counted() {
    let (mut producer, consumer) = Ring::<u8>::with_capacity(8).unwrap();
    let mut reservation = producer.reserve(4).unwrap();
    let mut advance = |n| {
        let before = reservation.written();
        let refused = catch_unwind(AssertUnwindSafe(|| reservation.advance(n))).is_err();
        assert_eq!(
            reservation.written(),
            if refused { before } else { before + n }
        );
        refused
    };
    assert!(!advance(0));
    assert!(advance(1));
    reservation.spare_slice();
    assert!(catch_unwind(AssertUnwindSafe(|| reservation.advance(5))).is_err());
    reservation.advance(1);
    // These may now be uninitialised.
    reservation.spare_slots();
    assert!(catch_unwind(AssertUnwindSafe(|| reservation.advance(1))).is_err());
    reservation.spare_slice();
    reservation.advance(3);
    reservation.commit();
    assert_eq!(consumer.available(), 4);
}

// INV-INIT-2: safe code can make slots uninitialised, which Miri would see here.
#[test]
fn slots_that_were_made_uninitialised_are_zeroed() {
    for again in [false, true] {
        let (mut producer, mut consumer) = Ring::<u64>::starting_at(4, HeapAllocator, 2).unwrap();
        producer.push_slice(&[7; 4]);
        consumer.skip(4);
        let mut reservation = producer.reserve_chunks(4).unwrap();
        let (first, second) = reservation.spare_slots();
        for slot in first.iter_mut().chain(second) {
            *slot = MaybeUninit::uninit();
        }
        if !again {
            // In the next reservation then, and in one over another ring's end.
            drop(reservation);
            reservation = producer.reserve_chunks(4).unwrap();
        }
        let (first, second) = reservation.spare_slices();
        assert!(first.iter().chain(&*second).all(|&n| n == 0));
        reservation.advance(4);
        reservation.commit();
        assert!(consumer.pop_iter().eq([0; 4]));
    }
}

#[test]
fn elements_of_their_own_kind() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Pair(u8, u32);
    // SAFETY: INV-INIT-2: both fields are numbers, for which zeroes are a value.
    unsafe impl Zeroable for Pair {}

    let (mut producer, mut consumer) = Ring::<[Pair; 2]>::with_capacity(2).unwrap();
    let mut reservation = producer.reserve(1).unwrap();
    reservation.spare_slice()[0][1] = Pair(1, 2);
    reservation.advance(1);
    reservation.commit();
    assert_eq!(consumer.pop(), Some([Pair(0, 0), Pair(1, 2)]));
}
