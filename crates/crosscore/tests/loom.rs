//! Loom explores the interleavings of the shipped types: `npm run loom`, or
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release -p crosscore --test loom
//! ```
//!
//! Every slot has a Loom cell as its shadow (`src/sync/modelled.rs`), so that two touches of one slot
//! which no happens-before edge orders end the model, whether or not the values happen to be right.
//!
//! Each ordering is paired with a test here that fails when it is weakened, which is done in a copy:
//! `npm run audit:orderings -- --site PUBLISH_TAIL`, and so for the others.
//!
//! | weakened to Relaxed | first caught by |
//! | --- | --- |
//! | `PUBLISH_TAIL`, `OBSERVE_TAIL` | `what_is_published_is_observed` |
//! | `PUBLISH_HEAD`, `OBSERVE_HEAD` | `one_slot_is_used_again_and_again` |
//! | `CLOSE_PRODUCER`, `OBSERVE_CLOSED` | `everything_is_seen_before_the_ring_is_done` |

#![cfg(loom)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crosscore::{Consumer, HeapAllocator, Producer, Ring, StaticRing};
use loom::thread;

/// All interleavings, whatever `LOOM_MAX_PREEMPTIONS` says.
fn exhaustive(model: impl Fn() + Send + Sync + 'static) {
    // Nothing here waits; the parked handshake has models of its own.
    crosscore::never_waited();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = None;
    builder.check(model);
}

/// All interleavings with at most `LOOM_MAX_PREEMPTIONS` switches that no thread asked for, or this
/// many. Two find most of what can go wrong: Musuvathi and Qadeer, "Iterative context bounding", 2007.
fn bounded(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    crosscore::never_waited();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.check(model);
}

fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    Ring::with_capacity(capacity).unwrap()
}

/// Pushes until it is taken. The yield tells Loom that nothing changes here before the other side
/// has run; without it the model does not end.
fn push(producer: &mut Producer<usize>, n: usize) {
    while producer.push(n).is_err() {
        thread::yield_now();
    }
}

fn pop(consumer: &mut Consumer<usize>) -> usize {
    loop {
        match consumer.pop() {
            Some(n) => return n,
            None => thread::yield_now(),
        }
    }
}

/// Takes the numbers from `next` on until the ring is done; returns the one after the last.
fn pop_until_done(consumer: &mut Consumer<usize>, mut next: usize) -> usize {
    while !consumer.is_done() {
        match consumer.pop() {
            Some(n) => {
                assert_eq!(n, next);
                next += 1;
            }
            None => thread::yield_now(),
        }
    }
    next
}

// INV-ORD-1, INV-INIT-1
#[test]
fn what_is_published_is_observed() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(2);
        let receiver = thread::spawn(move || {
            // It may come too early, and then sees nothing; never something else.
            let first = consumer.pop();
            assert!(matches!(first, None | Some(1)));
            (first, consumer)
        });
        producer.push(1).unwrap();
        let (first, mut consumer) = receiver.join().unwrap();
        assert_eq!(first.or_else(|| consumer.pop()), Some(1));
    });
}

// INV-ORD-1, INV-ORD-2: each element needs the slot of the one before it.
#[test]
fn one_slot_is_used_again_and_again() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(1);
        let receiver = thread::spawn(move || {
            for n in 0..4 {
                assert_eq!(pop(&mut consumer), n);
            }
        });
        for n in 0..4 {
            push(&mut producer, n);
        }
        receiver.join().unwrap();
    });
}

// INV-ORD-1, INV-ORD-2, INV-SEQ-1
#[test]
fn two_slots_take_four_elements() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(2);
        let receiver = thread::spawn(move || {
            for n in 0..4 {
                assert_eq!(pop(&mut consumer), n);
            }
        });
        for n in 0..4 {
            push(&mut producer, n);
        }
        receiver.join().unwrap();
    });
}

#[test]
fn four_slots_take_six_elements() {
    bounded(2, || {
        let (mut producer, mut consumer) = ring(4);
        let receiver = thread::spawn(move || {
            for n in 0..6 {
                assert_eq!(pop(&mut consumer), n);
            }
        });
        for n in 0..6 {
            push(&mut producer, n);
        }
        receiver.join().unwrap();
    });
}

// INV-SEQ-1: the end of u64 is between the first element and the second.
#[test]
fn cursors_wrap_around() {
    exhaustive(|| {
        let (mut producer, mut consumer) = Ring::starting_at(2, HeapAllocator, u64::MAX).unwrap();
        let receiver = thread::spawn(move || {
            for n in 0..3 {
                assert_eq!(pop(&mut consumer), n);
            }
        });
        for n in 0..3 {
            push(&mut producer, n);
        }
        receiver.join().unwrap();
    });
}

// INV-ORD-1, INV-ORD-2, INV-MEM-2: the second slice passes the end of the buffer.
#[test]
fn slices() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(2);
        let receiver = thread::spawn(move || {
            let mut next = 0;
            let mut out = [usize::MAX; 2];
            while next < 3 {
                let taken = consumer.pop_slice(&mut out);
                for n in &out[..taken] {
                    assert_eq!(*n, next);
                    next += 1;
                }
                if taken == 0 {
                    thread::yield_now();
                }
            }
        });
        push(&mut producer, 0);
        let mut rest = &[1, 2][..];
        while !rest.is_empty() {
            let taken = producer.push_slice(&rest[..rest.len().min(2)]);
            rest = &rest[taken..];
            if taken == 0 {
                thread::yield_now();
            }
        }
        receiver.join().unwrap();
    });
}

// INV-RES-1, INV-ALIAS-2: slots are written in place, seen at commit, and read in place.
#[test]
fn reservations_and_guards() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(2);
        let receiver = thread::spawn(move || {
            let mut next = 0;
            while next < 4 {
                match consumer.read(2) {
                    Some(mut elements) => {
                        for n in elements.iter() {
                            assert_eq!(*n, next);
                            next += 1;
                        }
                        // In two steps where there are two: the first slot can be written anew
                        // while the second is still being read.
                        elements.release(1);
                        if let Some(last) = elements.first() {
                            assert_eq!(*last, next - 1);
                            elements.release_all();
                        }
                    }
                    None => thread::yield_now(),
                }
            }
        });
        let mut sent = 0;
        while sent < 4 {
            match producer.reserve(2) {
                Some(mut reservation) => {
                    reservation.fill(sent..4);
                    sent += reservation.commit();
                }
                None => thread::yield_now(),
            }
        }
        receiver.join().unwrap();
    });
}

// INV-RES-2: what was written into a reservation that was given up is never seen.
#[test]
fn a_reservation_that_is_given_up() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(2);
        let receiver = thread::spawn(move || assert_eq!(pop_until_done(&mut consumer, 1), 3));
        for n in 1..3 {
            let mut given_up = loop {
                match producer.reserve(2) {
                    Some(reservation) => break reservation,
                    None => thread::yield_now(),
                }
            };
            given_up.push(100).unwrap();
            drop(given_up);
            push(&mut producer, n);
        }
        drop(producer);
        receiver.join().unwrap();
    });
}

// INV-ORD-2, INV-DROP-2: the slots of a drain are given back together, after the last callback.
#[test]
fn drains() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(2);
        let receiver = thread::spawn(move || {
            let mut next = 0;
            while next < 3 {
                let by_value = next % 2 == 0;
                let mut expect = |n: &usize| {
                    assert_eq!(*n, next);
                    next += 1;
                };
                let taken = if by_value {
                    consumer.drain(usize::MAX, |n| expect(&n))
                } else {
                    consumer.drain_ref(1, expect)
                };
                if taken == 0 {
                    thread::yield_now();
                }
            }
        });
        for n in 0..3 {
            push(&mut producer, n);
        }
        receiver.join().unwrap();
    });
}

// INV-SW-1, INV-SW-2, INV-ORD-1, INV-ORD-2: the raw pair has the edges of the safe one.
#[test]
fn raw_publication_and_release() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring::<usize>(1);
        let receiver = thread::spawn(move || {
            for n in 0..3 {
                while consumer.available() == 0 {
                    thread::yield_now();
                }
                // SAFETY: INV-INIT-1: it is available; INV-DROP-1: it needs no drop.
                unsafe {
                    assert_eq!(consumer.ring().base().read(), n);
                    consumer.release_raw(1);
                }
            }
        });
        for n in 0..3 {
            while producer.free_slots() == 0 {
                thread::yield_now();
            }
            // SAFETY: INV-SEQ-1: the slot is free; INV-INIT-1: it is written, then published.
            unsafe {
                producer.ring().base().write(n);
                producer.publish_raw(1);
            }
        }
        receiver.join().unwrap();
    });
}

// INV-ORD-3, INV-CLOSE-1: whoever sees the mark sees everything that was published before it.
#[test]
fn everything_is_seen_before_the_ring_is_done() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(2);
        let receiver = thread::spawn(move || pop_until_done(&mut consumer, 0));
        producer.push(0).unwrap();
        producer.push(1).unwrap();
        producer.close();
        assert_eq!(receiver.join().unwrap(), 2);
    });
}

// INV-ORD-3, INV-CLOSE-1: the same on a ring that was full and is used again.
#[test]
fn everything_is_seen_after_a_wrap_and_a_drop() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(1);
        let receiver = thread::spawn(move || pop_until_done(&mut consumer, 0));
        for n in 0..2 {
            push(&mut producer, n);
        }
        drop(producer);
        assert_eq!(receiver.join().unwrap(), 2);
    });
}

/// Counts its drops. Not Loom's counter: it is read when the threads have been joined, and would only
/// make the model larger.
#[derive(Debug)]
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

// INV-CLOSE-2, INV-DROP-1: a push under a closing consumer is taken or comes back. Taken elements are
// dropped by the consumer, or by the ring when it is too late for that.
#[test]
fn the_consumer_closes_under_a_racing_producer() {
    exhaustive(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let (mut producer, mut consumer) = ring(2);
        let closer = thread::spawn(move || {
            drop(consumer.pop());
            consumer.close();
            assert!(consumer.is_done());
            assert!(consumer.pop().is_none());
            consumer
        });
        for _ in 0..3 {
            match producer.push(Counted(Arc::clone(&drops))) {
                Ok(()) => (),
                Err(refused) => drop(refused.into_inner()),
            }
        }
        let consumer = closer.join().unwrap();
        assert!(
            producer
                .push(Counted(Arc::clone(&drops)))
                .unwrap_err()
                .is_closed()
        );
        drop((producer, consumer));
        assert_eq!(drops.load(Ordering::Relaxed), 4);
    });
}

// INV-DROP-1, INV-SEND-1: whoever lets go last drops what is left, and is allowed to.
#[test]
fn both_ends_are_dropped_with_elements_left() {
    exhaustive(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let (mut producer, consumer) = ring(2);
        let leaver = thread::spawn(move || drop(consumer));
        for _ in 0..2 {
            // Refused or taken: dropped either way.
            drop(producer.push(Counted(Arc::clone(&drops))));
        }
        drop(producer);
        leaver.join().unwrap();
        assert_eq!(drops.load(Ordering::Relaxed), 2);
    });
}

// INV-DROP-1: and when the consumer takes some of them first.
#[test]
fn both_ends_are_dropped_after_some_traffic() {
    bounded(3, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let (mut producer, mut consumer) = ring(1);
        let leaver = thread::spawn(move || {
            drop(consumer.pop());
            consumer.drain_ref(1, |_| ());
        });
        let mut made = 0;
        for _ in 0..3 {
            made += 1;
            drop(producer.push(Counted(Arc::clone(&drops))));
        }
        drop(producer);
        leaver.join().unwrap();
        assert_eq!(drops.load(Ordering::Relaxed), made);
    });
}

// INV-SEQ-3: what one side is told is a lower bound, whatever the other does meanwhile.
#[test]
fn what_is_known_is_never_too_much() {
    exhaustive(|| {
        let (mut producer, mut consumer) = ring(2);
        let receiver = thread::spawn(move || {
            let available = consumer.available();
            assert!(consumer.cached_available() <= available);
            for n in 0..available {
                assert_eq!(consumer.pop(), Some(n));
            }
            consumer
        });
        producer.push(0).unwrap();
        producer.push(1).unwrap();
        for n in 0..producer.free_slots() {
            producer.push(2 + n).unwrap();
        }
        drop(producer);
        let mut consumer = receiver.join().unwrap();
        while consumer.pop().is_some() {}
        assert!(consumer.is_done());
    });
}

// INV-LIFE-2: whoever comes first has both halves, and the ring works; the other one has neither.
#[test]
fn a_static_ring_is_split_once() {
    exhaustive(|| {
        // A static would be the same one in every execution.
        let storage: &'static StaticRing<usize, 2> = Box::leak(Box::default());
        let use_it = move || {
            let Some((mut producer, mut consumer)) = storage.split() else {
                return false;
            };
            assert_eq!(producer.push(1), Ok(()));
            assert_eq!(consumer.pop(), Some(1));
            true
        };
        let other = thread::spawn(use_it);
        let here = use_it();
        assert_ne!(here, other.join().unwrap());
    });
}
