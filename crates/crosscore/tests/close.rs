//! The end, from either side.

#![cfg(all(feature = "alloc", not(loom)))]

mod ledger;
mod memories;

use crosscore::{PushError, Ring};
use ledger::Ledger;

// INV-CLOSE-1, INV-ORD-3: everything that was published is there, and then it is done.
#[test]
fn what_the_producer_left_is_read_before_it_is_done() {
    for explicitly in [true, false] {
        for (mut producer, mut consumer) in memories::rings::<u32>(4) {
            for n in 0..4 {
                producer.push(n).unwrap();
            }
            assert!(!consumer.is_closed() && !consumer.is_done());
            if explicitly {
                producer.close();
                // It may be said more than once.
                producer.close();
            } else {
                drop(producer);
            }
            assert!(consumer.is_closed());
            for n in 0..4 {
                assert!(!consumer.is_done());
                assert_eq!(consumer.pop(), Some(n));
            }
            assert!(consumer.is_done());
            assert_eq!(consumer.pop(), None);
        }
    }
}

// INV-CLOSE-2
#[test]
fn after_its_own_close_the_producer_is_refused_and_loses_nothing() {
    for (mut producer, mut consumer) in memories::rings(4) {
        let ledger = Ledger::default();
        producer.push(ledger.element()).unwrap();
        producer.close();
        assert!(producer.is_closed());
        let refused = producer.push(ledger.element()).unwrap_err();
        assert!(refused.is_closed() && !refused.is_full());
        assert_eq!(refused.into_inner().number, 1);
        assert!(producer.reserve(1).is_none());
        assert_eq!(consumer.pop().map(|element| element.number), Some(0));
        assert!(consumer.is_done());
        ledger.assert_each_dropped_once();
    }
}

// INV-CLOSE-2: closed comes before full, since no later push can succeed.
#[test]
fn a_full_and_closed_ring_says_closed() {
    let (mut producer, consumer) = Ring::with_capacity(1).unwrap();
    producer.push(1).unwrap();
    assert_eq!(producer.push(2), Err(PushError::Full(2)));
    producer.close();
    assert_eq!(producer.push(2), Err(PushError::Closed(2)));
    drop(consumer);
    assert_eq!(producer.push(2), Err(PushError::Closed(2)));
}

// INV-CLOSE-2, INV-DROP-1
#[test]
fn after_the_consumers_close_everything_is_refused_and_the_rest_is_dropped() {
    for explicitly in [true, false] {
        for (mut producer, mut consumer) in memories::rings(4) {
            let ledger = Ledger::default();
            for element in ledger.elements(3) {
                producer.push(element).unwrap();
            }
            assert_eq!(consumer.pop().map(|element| element.number), Some(0));
            let mut closed = None;
            if explicitly {
                consumer.close();
                consumer.close();
                closed = Some(consumer);
            } else {
                drop(consumer);
            }
            assert_eq!(ledger.dropped(), [0, 1, 2]);
            assert!(producer.is_closed());
            assert!(producer.push(ledger.element()).unwrap_err().is_closed());
            assert!(producer.reserve(1).is_none());
            if let Some(mut consumer) = closed {
                assert!(consumer.is_closed() && consumer.is_done());
                assert_eq!(consumer.available(), 0);
                assert!(consumer.pop().is_none());
                assert!(consumer.peek().is_none());
                assert!(consumer.read(1).is_none());
                assert_eq!(consumer.drain(usize::MAX, drop), 0);
            }
            drop(producer);
            ledger.assert_each_dropped_once();
        }
    }
}

#[test]
fn slices_are_refused_after_close() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    assert_eq!(producer.push_slice(&[1, 2]), 2);
    producer.close();
    assert_eq!(producer.push_slice(&[3]), 0);
    let mut out = [0; 4];
    assert_eq!(consumer.pop_slice(&mut out), 2);
    consumer.close();
    assert_eq!(consumer.pop_slice(&mut out), 0);
}

// INV-DROP-1: a reservation that was open when the consumer closed commits behind its back.
#[test]
fn what_is_committed_after_the_consumers_close_is_not_shown_to_it() {
    let ledger = Ledger::default();
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    let mut reservation = producer.reserve(2).unwrap();
    reservation.fill(ledger.elements(2));
    consumer.close();
    reservation.commit();
    assert!(consumer.is_done());
    assert_eq!(consumer.available(), 0);
    assert!(consumer.pop().is_none());
    drop(consumer);
    drop(producer);
    ledger.assert_each_dropped_once();
}
