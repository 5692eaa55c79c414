//! Elements read in place and released in parts.

#![cfg(all(feature = "alloc", not(loom)))]

mod ledger;
mod memories;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crosscore::Ring;
use ledger::Ledger;

// INV-DROP-1, INV-SEQ-2: `release(k)` drops and gives back the first k, and nothing else does.
#[test]
fn release_gives_back_what_it_was_told() {
    for (mut producer, mut consumer) in memories::rings(8) {
        let ledger = Ledger::default();
        for element in ledger.elements(6) {
            producer.push(element).unwrap();
        }
        let room = producer.free_slots();
        let mut elements = consumer.read(5).unwrap();
        assert_eq!(elements.len(), 5);
        elements.release(0);
        assert_eq!((elements.len(), producer.free_slots()), (5, room));
        elements.release(2);
        assert_eq!((elements.len(), producer.free_slots()), (3, room + 2));
        assert_eq!(elements[0].number, 2);
        elements.release(1);
        assert_eq!(ledger.dropped(), [0, 1, 2]);
        drop(elements);
        assert_eq!((ledger.alive(), producer.free_slots()), (3, room + 3));

        consumer.read(usize::MAX).unwrap().release_all();
        assert_eq!(producer.free_slots(), producer.capacity());
        ledger.assert_each_dropped_once();
    }
}

#[test]
fn a_guard_that_is_dropped_releases_nothing_more() {
    for (mut producer, mut consumer) in memories::rings(4) {
        producer.push(1).unwrap();
        producer.push(2).unwrap();
        drop(consumer.read(2).unwrap());
        let mut elements = consumer.read(2).unwrap();
        elements.release(1);
        drop(elements);
        assert_eq!(consumer.available(), 1);
        assert_eq!(consumer.pop(), Some(2));
    }
}

#[test]
fn nothing_is_read_where_there_is_nothing() {
    for (mut producer, mut consumer) in memories::rings(4) {
        assert!(consumer.read(1).is_none());
        producer.push(1).unwrap();
        assert!(consumer.read(0).is_none());
        assert_eq!(consumer.read(usize::MAX).as_deref(), Some(&[1][..]));
    }
}

#[test]
fn reading_looks_again_when_it_knows_of_too_few() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    producer.push(1).unwrap();
    assert_eq!(consumer.available(), 1);
    producer.push(2).unwrap();
    assert_eq!(consumer.cached_available(), 1);
    assert_eq!(consumer.read(2).as_deref(), Some(&[1, 2][..]));
}

#[test]
fn more_than_is_left_cannot_be_released() {
    let ledger = Ledger::default();
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    for element in ledger.elements(3) {
        producer.push(element).unwrap();
    }
    let panic =
        catch_unwind(AssertUnwindSafe(|| consumer.read(2).unwrap().release(3))).unwrap_err();
    assert_eq!(
        panic.downcast_ref::<String>().unwrap(),
        "3 elements to release of 2 that were left"
    );
    assert_eq!((ledger.alive(), consumer.available()), (3, 3));
}

#[test]
fn a_guard_prints_as_the_list_that_it_is() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    producer.push_slice(&[1, 2, 3]);
    assert_eq!(format!("{:?}", consumer.read(2).unwrap()), "[1, 2]");
}
