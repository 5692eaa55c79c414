//! Functions whose machine code `scripts/test-codegen.mjs` reads. Each is one operation of the shipped
//! types and nothing else.

use std::hint::black_box;

use crosscore::{Consumer, Metrics, Producer, ReadGuard, Reservation, Ring};

#[unsafe(no_mangle)]
#[inline(never)]
fn probe_push(producer: &mut Producer<u64>, item: u64) -> bool {
    producer.push(item).is_ok()
}

#[unsafe(no_mangle)]
#[inline(never)]
fn probe_pop(consumer: &mut Consumer<u64>) -> Option<u64> {
    consumer.pop()
}

#[unsafe(no_mangle)]
#[inline(never)]
fn probe_commit(reservation: Reservation<'_, u64>) -> usize {
    reservation.commit()
}

#[unsafe(no_mangle)]
#[inline(never)]
fn probe_release(elements: &mut ReadGuard<'_, u64>, count: usize) {
    elements.release(count);
}

#[unsafe(no_mangle)]
#[inline(never)]
fn probe_publish_raw(producer: &mut Producer<u8>, count: usize) {
    // SAFETY: INV-INIT-1: the caller has written them.
    unsafe { producer.publish_raw(count) };
}

#[unsafe(no_mangle)]
#[inline(never)]
fn probe_release_raw(consumer: &mut Consumer<u8>, count: usize) {
    // SAFETY: INV-DROP-1: the caller has read them.
    unsafe { consumer.release_raw(count) };
}

// Not judged by their instructions as a whole: so that every ordering is somewhere.

#[unsafe(no_mangle)]
#[inline(never)]
fn probe_close(mut producer: Producer<u64>) {
    producer.close();
}

#[unsafe(no_mangle)]
#[inline(never)]
fn probe_is_done(consumer: &Consumer<u64>) -> bool {
    consumer.is_done()
}

#[unsafe(no_mangle)]
#[inline(never)]
fn probe_wait(producer: &mut Producer<u64>, consumer: &mut Consumer<u64>) -> bool {
    producer.push_wait(1, None).is_ok() && consumer.pop_wait(None).is_ok()
}

#[unsafe(no_mangle)]
#[inline(never)]
fn probe_metrics(producer: &Producer<u64>) -> Metrics {
    producer.metrics()
}

fn main() {
    let (mut producer, mut consumer) = Ring::with_capacity(black_box(8)).unwrap();
    probe_push(&mut producer, black_box(1));
    black_box(probe_pop(&mut consumer));
    let mut reservation = producer.reserve(black_box(2)).unwrap();
    reservation.push(black_box(3)).unwrap();
    probe_commit(reservation);
    probe_release(&mut consumer.read(1).unwrap(), black_box(1));
    black_box(probe_wait(&mut producer, &mut consumer));
    black_box(probe_metrics(&producer));
    probe_close(producer);
    black_box(probe_is_done(&consumer));
    let (mut producer, mut consumer) = Ring::with_capacity(black_box(8)).unwrap();
    probe_publish_raw(&mut producer, 1);
    probe_release_raw(&mut consumer, 1);
}
