//! Looking at elements, changing them in place, stopping in the middle.

#![cfg(all(feature = "alloc", not(loom)))]

mod ledger;
mod memories;

use std::ops::ControlFlow;

use ledger::Ledger;

// INV-ALIAS-2: what the consumer changes in place is what it takes out.
#[test]
fn elements_are_changed_in_place() {
    for (mut producer, mut consumer) in memories::rings(4) {
        assert!(consumer.peek_mut().is_none());
        for n in 0..3 {
            producer.push(vec![n]).unwrap();
        }
        consumer.peek_mut().unwrap().push(10);
        assert_eq!(consumer.peek(), Some(&vec![0, 10]));
        let mut elements = consumer.read(3).unwrap();
        elements[1].push(11);
        elements.swap(0, 2);
        drop(elements);
        assert!(consumer.pop_iter().eq([vec![2], vec![1, 11], vec![0, 10]]));
    }
}

// INV-DROP-1: the element that it was given is taken with the break, the ones after it are not.
#[test]
fn a_drain_that_breaks_takes_what_it_was_given() {
    for (mut producer, mut consumer) in memories::rings_near_wrap(8, 2) {
        let ledger = Ledger::default();
        for element in ledger.elements(6) {
            producer.push(element).unwrap();
        }
        let free = producer.free_slots();
        let found = consumer.try_drain(usize::MAX, |element| match element.number {
            3 => ControlFlow::Break(element),
            _ => ControlFlow::Continue(()),
        });
        assert_eq!(producer.free_slots(), free + 4);
        let ControlFlow::Break(element) = found else {
            panic!("no break")
        };
        assert_eq!((element.number, ledger.alive()), (3, 3));
        drop(element);
        let more = consumer.try_drain(1, |_| ControlFlow::<()>::Continue(()));
        assert_eq!(more, ControlFlow::Continue(1));
        assert_eq!(consumer.skip(9), 1);
        let nothing = consumer.try_drain(9, ControlFlow::Break);
        assert!(matches!(nothing, ControlFlow::Continue(0)));
        ledger.assert_each_dropped_once();
    }
}

#[test]
fn skipping_drops_the_oldest() {
    for (mut producer, mut consumer) in memories::rings(4) {
        assert_eq!(consumer.skip(1), 0);
        let ledger = Ledger::default();
        for element in ledger.elements(3) {
            producer.push(element).unwrap();
        }
        assert_eq!(consumer.skip(0), 0);
        assert_eq!(consumer.skip(2), 2);
        assert_eq!(ledger.dropped(), [0, 1]);
        assert_eq!(consumer.pop().unwrap().number, 2);
    }
}

#[test]
fn empty_and_full_are_what_the_other_side_made_them() {
    for (mut producer, mut consumer) in memories::rings(1) {
        assert!(consumer.is_empty() && !producer.is_full());
        while producer.push(1u8).is_ok() {}
        assert!(!consumer.is_empty() && producer.is_full());
        consumer.pop().unwrap();
        assert!(!producer.is_full());
        producer.push(1).unwrap();
        consumer.close();
        assert!(consumer.is_empty());
    }
}

#[test]
fn an_iterator_of_what_there_is_can_go_on() {
    for (mut producer, mut consumer) in memories::rings(4) {
        producer.push_slice(&[1, 2]);
        consumer.available();
        let mut elements = consumer.pop_iter();
        assert_eq!(elements.size_hint(), (2, None));
        assert!(elements.by_ref().eq([1, 2]));
        producer.push(3).unwrap();
        assert_eq!(elements.next(), Some(3));
        assert_eq!(elements.next(), None);
    }
}
