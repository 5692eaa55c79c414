//! Operations that are wrong on purpose: `scripts/test-codegen.mjs` has to find fault with each.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use crosscore::{Producer, Ring};

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Counts with a read-modify-write.
#[unsafe(no_mangle)]
#[inline(never)]
fn mutant_fetch_add(producer: &mut Producer<u64>, item: u64) -> bool {
    COUNTER.fetch_add(1, Ordering::Relaxed);
    producer.push(item).is_ok()
}

/// Fences on each publication.
#[unsafe(no_mangle)]
#[inline(never)]
fn mutant_fence(producer: &mut Producer<u64>, item: u64) -> bool {
    let taken = producer.push(item).is_ok();
    fence(Ordering::SeqCst);
    taken
}

/// Publishes twice.
#[unsafe(no_mangle)]
#[inline(never)]
fn mutant_two_publications(producer: &mut Producer<u64>, item: u64) -> bool {
    producer.push(item).is_ok() && producer.push(item).is_ok()
}

/// Looks at the consumer's cursor although there is room.
#[unsafe(no_mangle)]
#[inline(never)]
fn mutant_looks_each_time(producer: &mut Producer<u64>, item: u64) -> bool {
    producer.free_slots() > 0 && producer.push(item).is_ok()
}

fn main() {
    let (mut producer, _consumer) = Ring::with_capacity(black_box(8)).unwrap();
    for mutant in [
        mutant_fetch_add,
        mutant_fence,
        mutant_two_publications,
        mutant_looks_each_time,
    ] {
        black_box(mutant(&mut producer, black_box(1)));
    }
}
