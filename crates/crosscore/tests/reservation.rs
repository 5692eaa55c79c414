//! Slots written in place before they are published.

#![cfg(all(feature = "alloc", not(loom)))]

mod ledger;
mod memories;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crosscore::Ring;
use ledger::Ledger;

// INV-RES-1: exactly what was counted as written, from the front, and only at commit.
#[test]
fn commit_publishes_what_was_written() {
    for (mut producer, mut consumer) in memories::rings::<u32>(8) {
        for written in 0..=8 {
            let mut reservation = producer.reserve(8).unwrap();
            assert_eq!((reservation.len(), reservation.written()), (8, 0));
            for n in 0..written {
                reservation.push(n).unwrap();
                assert_eq!(reservation.written(), n as usize + 1);
                assert_eq!(consumer.available(), 0);
            }
            assert_eq!(reservation.commit(), written as usize);
            assert_eq!(consumer.available(), written as usize);
            let mut seen = Vec::new();
            consumer.drain(usize::MAX, |n| seen.push(n));
            assert_eq!(seen, (0..written).collect::<Vec<_>>());
            // Drops what is cut short by the end of the heap's buffer, so that 8 fit again.
            let rest = 8 - written as usize;
            if rest > 0 {
                let mut reservation = producer.reserve(rest).unwrap();
                reservation.fill(0..);
                reservation.commit();
                consumer.drain(usize::MAX, drop);
            }
        }
    }
}

// INV-RES-2
#[test]
fn a_dropped_reservation_publishes_nothing_and_drops_what_was_written() {
    for (mut producer, mut consumer) in memories::rings(4) {
        let ledger = Ledger::default();
        for written in 0..=4 {
            let before = ledger.dropped().len();
            let mut reservation = producer.reserve(4).unwrap();
            assert_eq!(reservation.fill(ledger.elements(written)), written);
            assert_eq!(ledger.alive(), written);
            drop(reservation);
            assert_eq!(ledger.dropped().len(), before + written);
            assert_eq!(consumer.available(), 0);
            assert!(consumer.pop().is_none());
            assert_eq!(producer.free_slots(), producer.capacity());
        }
        ledger.assert_each_dropped_once();
    }
}

// INV-RES-2
#[test]
#[cfg_attr(miri, ignore = "It leaks what it forgets, as it is meant to")]
fn a_forgotten_reservation_publishes_nothing_and_its_slots_are_reserved_again() {
    for (mut producer, mut consumer) in memories::rings(4) {
        let ledger = Ledger::default();
        let mut reservation = producer.reserve(4).unwrap();
        reservation.push(ledger.element()).unwrap();
        std::mem::forget(reservation);
        assert!(consumer.pop().is_none());

        let mut reservation = producer.reserve(4).unwrap();
        assert_eq!((reservation.len(), reservation.written()), (4, 0));
        reservation.push(ledger.element()).unwrap();
        reservation.commit();
        assert_eq!(consumer.pop().map(|element| element.number), Some(1));
        // Leaked, as `forget` says.
        assert_eq!(ledger.alive(), 1);
    }
}

#[test]
fn nothing_is_reserved_where_nothing_can_be() {
    for (mut producer, mut consumer) in memories::rings::<u8>(4) {
        assert!(producer.reserve(0).is_none());
        let capacity = producer.capacity();
        let block = vec![7; capacity];
        assert_eq!(producer.push_slice(&block), capacity);
        assert!(producer.reserve(1).is_none());
        consumer.pop();
        assert_eq!(producer.reserve(usize::MAX).unwrap().len(), 1);
        producer.close();
        assert!(producer.reserve(1).is_none());
    }
    for (mut producer, consumer) in memories::rings::<u8>(4) {
        drop(consumer);
        assert!(producer.reserve(1).is_none());
    }
}

#[test]
fn an_item_too_many_comes_back() {
    let (mut producer, _consumer) = Ring::with_capacity(2).unwrap();
    let mut reservation = producer.reserve(2).unwrap();
    reservation.push("a".to_owned()).unwrap();
    reservation.push("b".to_owned()).unwrap();
    assert_eq!(reservation.push("c".to_owned()), Err("c".to_owned()));
    assert_eq!(reservation.fill(["d".to_owned()]), 0);
    assert_eq!(reservation.commit(), 2);
}

#[test]
fn fill_takes_no_item_that_has_no_slot() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    let mut numbers = 0..10;
    let mut reservation = producer.reserve(4).unwrap();
    reservation.push(100).unwrap();
    assert_eq!(reservation.fill(numbers.by_ref()), 3);
    assert_eq!(numbers.next(), Some(3));
    assert_eq!(reservation.fill(numbers.by_ref()), 0);
    assert_eq!(numbers.next(), Some(4));
    reservation.commit();
    assert_eq!(consumer.read(4).as_deref(), Some(&[100, 0, 1, 2][..]));
}

#[test]
fn a_slice_is_cut_to_what_is_left() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    let mut reservation = producer.reserve(4).unwrap();
    assert_eq!(reservation.extend_from_slice(&[1, 2, 3]), 3);
    assert_eq!(reservation.extend_from_slice(&[4, 5]), 1);
    assert_eq!(reservation.extend_from_slice(&[6]), 0);
    assert_eq!(reservation.commit(), 4);
    assert_eq!(consumer.read(4).as_deref(), Some(&[1, 2, 3, 4][..]));
}

#[test]
fn spare_slots_are_those_after_what_was_written() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    let mut reservation = producer.reserve(4).unwrap();
    reservation.push(1).unwrap();
    let spare = reservation.spare_slots();
    assert_eq!(spare.len(), 3);
    // In any order; only the first two are counted.
    spare[1].write(3);
    spare[0].write(2);
    // SAFETY: INV-RES-1: both were just written.
    unsafe { reservation.assume_written(2) };
    assert_eq!(
        (reservation.written(), reservation.spare_slots().len()),
        (3, 1)
    );
    assert_eq!(reservation.commit(), 3);
    assert_eq!(consumer.read(4).as_deref(), Some(&[1, 2, 3][..]));
}

#[test]
fn more_than_is_left_cannot_be_assumed_written() {
    let (mut producer, mut consumer) = Ring::<u8>::with_capacity(4).unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let mut reservation = producer.reserve(2).unwrap();
        reservation.push(1).unwrap();
        // SAFETY: it panics before it counts anything.
        unsafe { reservation.assume_written(2) };
    }))
    .unwrap_err();
    assert_eq!(
        panic.downcast_ref::<String>().unwrap(),
        "2 slots written of 1 that were left"
    );
    assert_eq!(consumer.pop(), None);
}

// INV-INIT-1, INV-CLOSE-2: the consumer went away while the reservation was open.
#[test]
fn a_commit_to_a_consumer_that_is_gone_loses_no_destructor() {
    let ledger = Ledger::default();
    let (mut producer, consumer) = Ring::with_capacity(4).unwrap();
    let mut reservation = producer.reserve(4).unwrap();
    reservation.fill(ledger.elements(3));
    drop(consumer);
    assert_eq!(reservation.commit(), 3);
    assert!(producer.push(ledger.element()).unwrap_err().is_closed());
    assert_eq!(ledger.alive(), 3);
    drop(producer);
    ledger.assert_each_dropped_once();
}
