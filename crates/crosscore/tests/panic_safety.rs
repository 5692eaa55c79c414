//! Callbacks and destructors that panic, at every place where they can.

#![cfg(all(feature = "alloc", not(loom)))]

mod ledger;
mod memories;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crosscore::Ring;
use ledger::{Element, Ledger};
use memories::Handles;

const COUNT: usize = 8;

/// A full ring of `COUNT` elements (more slots where mirrored) that begins near the end of the buffer.
fn full_rings() -> impl Iterator<Item = (Ledger, Handles<Element>)> {
    memories::rings_near_wrap(COUNT, 3).map(|(mut producer, consumer)| {
        let ledger = Ledger::default();
        for element in ledger.elements(COUNT) {
            producer.push(element).unwrap();
        }
        (ledger, (producer, consumer))
    })
}

#[track_caller]
fn panics(f: impl FnOnce()) {
    catch_unwind(AssertUnwindSafe(f)).expect_err("it should have panicked");
}

// INV-DROP-2
#[test]
fn a_drain_that_panics_loses_the_element_it_was_given_and_no_other() {
    for at in 0..COUNT {
        for (ledger, (producer, mut consumer)) in full_rings() {
            let mut seen = Vec::new();
            panics(|| {
                consumer.drain(usize::MAX, |element| {
                    seen.push(element.number);
                    assert_ne!(element.number, at, "on purpose");
                });
            });
            assert_eq!(ledger.dropped(), (0..=at).collect::<Vec<_>>());
            assert_eq!(consumer.available(), COUNT - at - 1);
            assert_eq!(producer.free_slots(), producer.capacity() - COUNT + at + 1);
            consumer.drain(usize::MAX, |element| seen.push(element.number));
            assert_eq!(seen, (0..COUNT).collect::<Vec<_>>());
            ledger.assert_each_dropped_once();
        }
    }
}

// INV-DROP-2
#[test]
fn a_drain_in_place_that_panics_drops_the_element_it_was_shown() {
    for at in 0..COUNT {
        for (ledger, (_producer, mut consumer)) in full_rings() {
            let mut seen = Vec::new();
            panics(|| {
                consumer.drain_ref(usize::MAX, |element| {
                    seen.push(element.number);
                    assert_ne!(element.number, at, "on purpose");
                });
            });
            assert_eq!(ledger.dropped(), (0..=at).collect::<Vec<_>>());
            consumer.drain_ref(usize::MAX, |element| seen.push(element.number));
            assert_eq!(seen, (0..COUNT).collect::<Vec<_>>());
            ledger.assert_each_dropped_once();
        }
    }
}

// INV-DROP-2
#[test]
fn a_destructor_that_panics_in_a_drain() {
    for at in 0..COUNT {
        for (ledger, (_producer, mut consumer)) in full_rings() {
            ledger.arm(at);
            panics(|| {
                consumer.drain_ref(usize::MAX, |_| ());
            });
            assert_eq!(ledger.dropped(), (0..=at).collect::<Vec<_>>());
            assert_eq!(consumer.drain(usize::MAX, drop), COUNT - at - 1);
            ledger.assert_each_dropped_once();
        }
    }
}

// INV-DROP-2
#[test]
fn a_destructor_that_panics_in_a_release() {
    for at in 0..3 {
        for (ledger, (producer, mut consumer)) in full_rings() {
            ledger.arm(at);
            let mut elements = consumer.read(3).unwrap();
            panics(|| elements.release(3));
            // The guard is still good: all three are gone, and given back.
            assert!(elements.is_empty());
            drop(elements);
            assert_eq!(ledger.dropped(), [0, 1, 2]);
            assert_eq!(producer.free_slots(), producer.capacity() - COUNT + 3);
            assert_eq!(consumer.pop().map(|element| element.number), Some(3));
            drop(consumer);
            ledger.assert_each_dropped_once();
        }
    }
}

// INV-DROP-2: whatever run of slots it is in, before the end of the buffer or after.
#[test]
fn a_destructor_that_panics_when_the_consumer_closes() {
    for at in 0..COUNT {
        for (ledger, (producer, mut consumer)) in full_rings() {
            ledger.arm(at);
            panics(|| consumer.close());
            assert!(producer.is_closed());
            // Closed is closed: what the panic interrupted does not come back.
            assert!(consumer.is_done() && consumer.pop().is_none());
            assert_eq!(ledger.dropped(), (0..COUNT).collect::<Vec<_>>());
            drop(consumer);
            drop(producer);
            ledger.assert_each_dropped_once();
        }
    }
}

// INV-DROP-2
#[test]
fn a_destructor_that_panics_when_the_consumer_is_dropped() {
    for producer_first in [true, false] {
        for at in 0..COUNT {
            for (ledger, (producer, consumer)) in full_rings() {
                ledger.arm(at);
                let mut producer = Some(producer);
                if producer_first {
                    drop(producer.take());
                }
                panics(|| drop(consumer));
                drop(producer);
                ledger.assert_each_dropped_once();
            }
        }
    }
}

// INV-DROP-1, INV-DROP-2: elements that neither handle dropped, in both runs of the buffer.
#[test]
fn a_destructor_that_panics_when_the_ring_is_dropped() {
    for at in 0..COUNT {
        for (mut producer, consumer) in memories::rings_near_wrap(COUNT, 3) {
            let ledger = Ledger::default();
            // Three slots to the end of the heap's buffer, and the rest behind a closed consumer's
            // back: raw publication asks nobody.
            let start = producer.position();
            drop(consumer);
            let capacity = producer.capacity();
            assert!(producer.cached_free_slots() >= COUNT);
            for (i, element) in (0..).zip(ledger.elements(COUNT)) {
                let index = start.wrapping_add(i) as usize % capacity;
                // SAFETY: INV-SEQ-1: the slot is free, so it is the producer's.
                unsafe { producer.ring().base().add(index).write(element) };
            }
            // SAFETY: INV-INIT-1: they were just written.
            unsafe { producer.publish_raw(COUNT) };
            ledger.arm(at);
            panics(|| drop(producer));
            assert_eq!(ledger.dropped(), (0..COUNT).collect::<Vec<_>>());
        }
    }
}

// INV-RES-2
#[test]
fn an_iterator_that_panics_in_fill_publishes_nothing() {
    for at in 0..3 {
        for (mut producer, mut consumer) in memories::rings(4) {
            let ledger = Ledger::default();
            panics(|| {
                let mut reservation = producer.reserve(4).unwrap();
                reservation.fill((0..4).map(|n| {
                    assert_ne!(n, at, "on purpose");
                    ledger.element()
                }));
            });
            assert_eq!(ledger.dropped().len(), at);
            assert!(consumer.pop().is_none());
            assert_eq!(producer.free_slots(), producer.capacity());
            ledger.assert_each_dropped_once();
        }
    }
}

// INV-RES-1: what was written before the panic can still be committed.
#[test]
fn a_reservation_survives_a_panic_in_fill() {
    let ledger = Ledger::default();
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    let mut reservation = producer.reserve(4).unwrap();
    panics(|| {
        reservation.fill((0..4).map(|n| {
            assert_ne!(n, 2, "on purpose");
            ledger.element()
        }));
    });
    assert_eq!(reservation.written(), 2);
    assert_eq!(reservation.commit(), 2);
    assert_eq!(consumer.drain(usize::MAX, drop), 2);
    ledger.assert_each_dropped_once();
}

// INV-RES-2
#[test]
fn a_destructor_that_panics_when_a_reservation_is_dropped() {
    for at in 0..3 {
        let ledger = Ledger::default();
        let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
        ledger.arm(at);
        panics(|| {
            let mut reservation = producer.reserve(3).unwrap();
            reservation.fill(ledger.elements(3));
        });
        ledger.assert_each_dropped_once();
        assert!(consumer.pop().is_none());
        producer.push(ledger.element()).unwrap();
        assert_eq!(consumer.pop().map(|element| element.number), Some(3));
    }
}
