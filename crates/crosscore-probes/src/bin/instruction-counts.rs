//! `instruction-counts CASE N`: one operation of either side, N times over on one thread, for callgrind.
//! `scripts/instruction-counts.mjs` runs it with two N and takes the difference.

use std::hint::black_box;

use crosscore::Ring;

type Case = (&'static str, fn(u64));
const CASES: &[Case] = &[
    ("push-pop-u64", push_pop),
    ("reserve-read-32-u64", reserve_read),
    ("raw-u8", raw),
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(chosen) = arguments.next() else {
        CASES.iter().for_each(|(name, _)| println!("{name}"));
        return;
    };
    let count = arguments.next().unwrap().parse().unwrap();
    let case = CASES.iter().find(|(name, _)| *name == chosen);
    case.expect("no such case").1(count);
}

/// One `push` and one `pop`. The capacity is 1024, and either side looks at the other once in a lap or so.
fn push_pop(count: u64) {
    let (mut producer, mut consumer) = Ring::with_capacity(1024).unwrap();
    for n in 0..count {
        producer.push(black_box(n)).unwrap();
        black_box(consumer.pop());
    }
}

/// A reservation of 32 that is filled and committed; a guard over 32 that is summed and released.
fn reserve_read(count: u64) {
    let (mut producer, mut consumer) = Ring::with_capacity(1024).unwrap();
    for n in 0..count {
        let mut reservation = producer.reserve(32).unwrap();
        reservation.extend_from_slice(black_box(&[n; 32]));
        reservation.commit();
        let elements = consumer.read(32).unwrap();
        black_box(elements.iter().sum::<u64>());
        elements.release_all();
    }
}

/// What the addon does for one crossing of either side: look, publish 64 bytes, look, release them.
fn raw(count: u64) {
    let (mut producer, mut consumer) = Ring::<u8>::with_capacity(4096).unwrap();
    for _ in 0..count {
        assert!(producer.cached_free_slots() >= 64 || producer.free_slots() >= 64);
        // SAFETY: INV-INIT-1: the allocator's memory is zeroed, so any byte is initialised.
        unsafe { producer.publish_raw(64) };
        assert!(consumer.cached_available() >= 64 || consumer.available() >= 64);
        // SAFETY: INV-DROP-1: bytes need no drop.
        unsafe { consumer.release_raw(64) };
    }
}
