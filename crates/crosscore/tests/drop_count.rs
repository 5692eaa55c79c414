//! Every element is dropped once and every buffer given back once, whoever goes first.

#![cfg(all(feature = "alloc", not(loom)))]

mod ledger;
mod memories;

use std::alloc::Layout;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crosscore::{AllocError, BufferAllocator, HeapAllocator, RawBuffer, Ring};
use ledger::Ledger;

// INV-DROP-1
#[test]
fn both_orders_of_leaving() {
    for producer_first in [true, false] {
        for (mut producer, mut consumer) in memories::rings_near_wrap(8, 3) {
            let ledger = Ledger::default();
            for element in ledger.elements(8) {
                producer.push(element).unwrap();
            }
            drop(consumer.pop());
            if producer_first {
                drop(producer);
                assert_eq!(ledger.alive(), 7);
                drop(consumer);
            } else {
                drop(consumer);
                // Already here, not when the producer goes: it may live for hours.
                assert_eq!(ledger.alive(), 0);
                drop(producer);
            }
            assert_eq!(ledger.dropped(), (0..8).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_ring_that_was_never_used_drops_nothing() {
    for (producer, consumer) in memories::rings::<ledger::Element>(8) {
        drop(consumer);
        drop(producer);
    }
}

// INV-DROP-1, INV-LIFE-1: whoever keeps a share in the ring keeps the memory; the last one drops the rest.
#[test]
fn the_ring_outlives_its_handles_for_whoever_keeps_it() {
    let ledger = Ledger::default();
    let (mut producer, consumer) = Ring::with_capacity(4).unwrap();
    let ring = producer.ring().clone();
    let mut reservation = producer.reserve(2).unwrap();
    reservation.fill(ledger.elements(2));
    drop(consumer);
    reservation.commit();
    drop(producer);
    assert_eq!(ledger.alive(), 2);
    assert!(ring.is_only());
    thread::spawn(move || drop(ring)).join().unwrap();
    ledger.assert_each_dropped_once();
}

/// Counts the buffers that are out.
#[derive(Default)]
struct Counting {
    live: AtomicUsize,
    made: AtomicUsize,
}

// SAFETY: INV-ALLOC-1 to INV-ALLOC-8: every call is passed on to HeapAllocator unchanged.
unsafe impl BufferAllocator for Counting {
    fn granularity(&self) -> usize {
        HeapAllocator.granularity()
    }
    fn allocate(&self, layout: Layout) -> Result<RawBuffer, AllocError> {
        self.made.fetch_add(1, Ordering::Relaxed);
        self.live.fetch_add(1, Ordering::Relaxed);
        HeapAllocator.allocate(layout)
    }
    unsafe fn deallocate(&self, buffer: RawBuffer) {
        self.live.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: INV-ALLOC-7: the buffer came from HeapAllocator, and the caller gives it up.
        unsafe { HeapAllocator.deallocate(buffer) }
    }
}

// INV-ALLOC-7: given back once, on whichever thread lets go last, and not before.
#[test]
fn the_buffer_is_given_back_once() {
    let counting = Arc::new(Counting::default());
    let count = || {
        (
            counting.made.load(Ordering::Relaxed),
            counting.live.load(Ordering::Relaxed),
        )
    };
    let (producer, consumer) = Ring::<u64, _>::with_capacity_in(4, Arc::clone(&counting)).unwrap();
    assert_eq!(count(), (1, 1));
    drop(consumer);
    assert_eq!(count(), (1, 1));
    thread::spawn(move || drop(producer)).join().unwrap();
    assert_eq!(count(), (1, 0));
}

// INV-ALLOC-7, INV-DROP-2
#[test]
fn the_buffer_is_given_back_when_a_destructor_panics() {
    let counting = Counting::default();
    let ledger = Ledger::default();
    let (mut producer, consumer) = Ring::with_capacity_in(4, &counting).unwrap();
    for element in ledger.elements(4) {
        producer.push(element).unwrap();
    }
    ledger.arm(1);
    drop(producer);
    catch_unwind(AssertUnwindSafe(|| drop(consumer))).unwrap_err();
    ledger.assert_each_dropped_once();
    assert_eq!(counting.live.load(Ordering::Relaxed), 0);
}

// INV-DROP-1, INV-CLOSE-2: the consumer leaves while the producer pushes. What was refused came back,
// what was taken was dropped, and nothing twice.
#[test]
fn a_consumer_that_leaves_under_a_racing_producer() {
    for round in 0..if cfg!(miri) { 10 } else { 200 } {
        for (mut producer, mut consumer) in memories::rings(4) {
            let ledger = Ledger::default();
            let racing = {
                let ledger = ledger.clone();
                thread::spawn(move || {
                    loop {
                        match producer.push(ledger.element()) {
                            Ok(()) => (),
                            Err(refused) if refused.is_closed() => break,
                            Err(_) => thread::yield_now(),
                        }
                    }
                })
            };
            for _ in 0..round % 50 {
                consumer.pop();
            }
            drop(consumer);
            racing.join().unwrap();
            ledger.assert_each_dropped_once();
        }
    }
}
