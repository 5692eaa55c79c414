//! Two threads on one ring, each protocol in turn, for ThreadSanitizer: `npm run test:tsan`.
//!
//! A plain program and no test, because the standard library is not instrumented: whatever its locks and
//! channels order, ThreadSanitizer does not see. Here are only the ring, `spawn` and `join`.
//!
//! `tsan-stress PROTOCOL ELEMENTS`; without arguments every protocol. In several rounds, each with a ring and
//! threads of its own: a race that is found late in a thread's life may not be reported, because the stack of
//! the earlier access is no longer known.

use std::hint::{black_box, spin_loop};
use std::thread;
use std::time::Duration;

use crosscore::{Consumer, Producer, Ring};

const ROUNDS: u64 = 10;

/// Small, so that slots are used again all the time and either side is often the one that waits.
const CAPACITY: usize = 4;

type Protocol = (&'static str, fn(u64));
const PROTOCOLS: &[Protocol] = &[
    ("publish", publish),
    ("slices", slices),
    ("reserve", reserve),
    ("drain", drain),
    ("raw", raw),
    ("close", close),
    ("park", park),
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let chosen = arguments.next();
    let count = arguments.next().map_or(100_000, |n| n.parse().unwrap());
    // What the crate computes once for the process, it computes here: `OnceLock` is in the standard library.
    let (_producer, mut idle) = Ring::<u64>::with_capacity(1).unwrap();
    idle.pop_wait(Some(Duration::from_millis(1))).unwrap_err();
    let mut ran = 0;
    for (name, protocol) in PROTOCOLS {
        if chosen.as_ref().is_none_or(|chosen| chosen == name) {
            (0..ROUNDS).for_each(|_| protocol(count / ROUNDS));
            println!("{name}: {count} elements");
            ran += 1;
        }
    }
    assert!(ran > 0, "no such protocol: {chosen:?}");
}

/// Runs the two sides on a thread each.
fn on_two_threads<T: Send + 'static>(
    send: impl FnOnce(Producer<T>) + Send + 'static,
    receive: impl FnOnce(Consumer<T>) + Send + 'static,
) {
    let (producer, consumer) = Ring::with_capacity(CAPACITY).unwrap();
    // The last share goes after the joins: it synchronises by a fence, which ThreadSanitizer does not know.
    let _ring = producer.ring().clone();
    let sender = thread::spawn(move || send(producer));
    let receiver = thread::spawn(move || receive(consumer));
    sender.join().unwrap();
    receiver.join().unwrap();
}

/// `push` and `pop` of elements that own memory.
fn publish(count: u64) {
    on_two_threads(
        move |mut producer| {
            for n in 0..count {
                let mut item = Box::new(n);
                while let Err(full) = producer.push(item) {
                    item = full.into_inner();
                    spin_loop();
                }
            }
        },
        move |mut consumer| {
            for n in 0..count {
                let item: Box<u64> = loop {
                    match consumer.pop() {
                        Some(item) => break item,
                        None => spin_loop(),
                    }
                };
                assert_eq!(*item, n);
            }
        },
    );
}

/// `push_slice` and `pop_slice`, of lengths that pass the end of the buffer at every offset.
fn slices(count: u64) {
    on_two_threads(
        move |mut producer| {
            let mut next = 0;
            while next < count {
                let items = [next, next + 1, next + 2];
                let wanted = (count - next).min(3) as usize;
                next += producer.push_slice(&items[..wanted]) as u64;
            }
        },
        move |mut consumer| {
            let mut next = 0;
            let mut out = [u64::MAX; 3];
            while next < count {
                let taken = consumer.pop_slice(&mut out);
                for item in &out[..taken] {
                    assert_eq!(*item, next);
                    next += 1;
                }
            }
        },
    );
}

/// Reservations, one in three given up, and read guards that release in two steps.
fn reserve(count: u64) {
    on_two_threads(
        move |mut producer| {
            let mut next = 0;
            let mut turn = 0;
            while next < count {
                let Some(mut reservation) = producer.reserve(3) else {
                    spin_loop();
                    continue;
                };
                reservation.fill(next..count);
                turn += 1;
                if turn % 3 != 0 {
                    next += reservation.commit() as u64;
                }
            }
        },
        move |mut consumer| {
            let mut next = 0;
            while next < count {
                let Some(mut elements) = consumer.read(3) else {
                    spin_loop();
                    continue;
                };
                for item in elements.iter() {
                    assert_eq!(*item, next);
                    next += 1;
                }
                elements.release(1);
                elements.release_all();
            }
        },
    );
}

/// `drain` and `drain_ref` in turn.
fn drain(count: u64) {
    on_two_threads(
        move |mut producer| {
            for n in 0..count {
                while producer.push(n).is_err() {
                    spin_loop();
                }
            }
        },
        move |mut consumer| {
            let mut next = 0;
            let mut by_value = false;
            while next < count {
                by_value = !by_value;
                let mut expect = |item: &u64| {
                    assert_eq!(*item, next);
                    next += 1;
                };
                if by_value {
                    consumer.drain(2, |item| expect(&item));
                } else {
                    consumer.drain_ref(usize::MAX, expect);
                }
            }
        },
    );
}

/// The way of the Node addon: memory through the base pointer, then a publication or a release.
fn raw(count: u64) {
    on_two_threads(
        move |mut producer: Producer<u64>| {
            for n in 0..count {
                while producer.cached_free_slots() == 0 && producer.free_slots() == 0 {
                    spin_loop();
                }
                let index = producer.position() as usize % CAPACITY;
                // SAFETY: INV-SEQ-1: the slot is free; INV-INIT-1: it is written, then published.
                unsafe {
                    producer.ring().base().add(index).write(n);
                    producer.publish_raw(1);
                }
            }
        },
        move |mut consumer: Consumer<u64>| {
            for n in 0..count {
                while consumer.cached_available() == 0 && consumer.available() == 0 {
                    spin_loop();
                }
                let index = consumer.position() as usize % CAPACITY;
                // SAFETY: INV-INIT-1: the element is available; INV-DROP-1: it needs no drop.
                unsafe {
                    assert_eq!(consumer.ring().base().add(index).read(), n);
                    consumer.release_raw(1);
                }
            }
        },
    );
}

/// Many short lives: either side goes first, with elements left or not, and the last one drops them.
fn close(count: u64) {
    for round in 0..count / 100 {
        on_two_threads(
            move |mut producer| {
                for n in 0..round % 7 {
                    // Refused when the consumer was quicker.
                    drop(producer.push(Box::new(n)));
                }
                if round % 2 == 0 {
                    producer.close();
                }
            },
            move |mut consumer: Consumer<Box<u64>>| {
                if round % 3 == 0 {
                    let mut next = 0;
                    while !consumer.is_done() {
                        if let Some(item) = consumer.pop() {
                            // Those that were refused for want of room are missing.
                            assert!(*item >= next);
                            next = *item;
                        }
                    }
                } else {
                    black_box(consumer.pop());
                    consumer.close();
                }
            },
        );
    }
}

/// Both sides wait, spinning or parked; now and then one is late, so that the other sleeps.
fn park(count: u64) {
    let late = |n: u64| {
        if n.is_multiple_of(64) {
            thread::sleep(Duration::from_micros(100));
        }
    };
    let count = count / 10;
    on_two_threads(
        move |mut producer| {
            for n in 0..count {
                late(n);
                producer.push_wait(Box::new(n), None).unwrap();
            }
        },
        move |mut consumer| {
            for n in 0..count {
                late(n + 32);
                assert_eq!(*consumer.pop_wait(None).unwrap(), n);
            }
            assert!(consumer.pop_wait(None).is_err());
        },
    );
}
