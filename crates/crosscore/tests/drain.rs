//! Everything there is, by value or in place.

#![cfg(all(feature = "alloc", not(loom)))]

mod ledger;
mod memories;

use crosscore::Ring;
use ledger::Ledger;

// INV-DROP-1
#[test]
fn by_value_the_callback_owns_the_elements() {
    for (mut producer, mut consumer) in memories::rings_near_wrap(8, 3) {
        let ledger = Ledger::default();
        for element in ledger.elements(8) {
            producer.push(element).unwrap();
        }
        let mut kept = Vec::new();
        assert_eq!(consumer.drain(3, |element| kept.push(element)), 3);
        assert_eq!(ledger.alive(), 8);
        assert_eq!(consumer.drain(usize::MAX, |element| kept.push(element)), 5);
        assert!(kept.iter().map(|element| element.number).eq(0..8));
        assert_eq!(consumer.drain(usize::MAX, |_| unreachable!()), 0);
        drop(kept);
        ledger.assert_each_dropped_once();
    }
}

// INV-DROP-1
#[test]
fn in_place_each_is_dropped_after_its_call() {
    for (mut producer, mut consumer) in memories::rings_near_wrap(8, 3) {
        let ledger = Ledger::default();
        for element in ledger.elements(8) {
            producer.push(element).unwrap();
        }
        let mut calls = 0;
        let taken = consumer.drain_ref(5, |element| {
            assert_eq!(element.number, calls);
            assert_eq!(ledger.dropped().len(), calls);
            calls += 1;
        });
        assert_eq!((taken, calls), (5, 5));
        assert_eq!(ledger.dropped(), [0, 1, 2, 3, 4]);
        assert_eq!(consumer.drain_ref(usize::MAX, |_| ()), 3);
        ledger.assert_each_dropped_once();
    }
}

#[test]
fn none_asked_for_is_none_taken() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    producer.push(1).unwrap();
    assert_eq!(consumer.available(), 1);
    assert_eq!(consumer.drain(0, |_| unreachable!()), 0);
    assert_eq!(consumer.drain_ref(0, |_| unreachable!()), 0);
    assert_eq!(consumer.available(), 1);
}

// INV-SEQ-1: the slots stay the consumer's until the drain is over.
#[test]
fn slots_are_given_back_together_at_the_end() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    assert_eq!(producer.push_slice(&[0, 1, 2, 3]), 4);
    let taken = consumer.drain(usize::MAX, |n| {
        assert!(producer.push(n + 10).unwrap_err().is_full());
    });
    assert_eq!((taken, producer.free_slots()), (4, 4));
}
