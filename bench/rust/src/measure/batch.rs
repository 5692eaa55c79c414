use std::hint::spin_loop;

use super::threads::two_threads;
use super::{Job, Sample};
use crate::contender::{Contender, PopBatch, PushBatch};
use crate::element::Element;

/// Elements in a batch.
pub const BATCH: usize = 32;

/// Elements are made and seen in place, up to [`BATCH`] between two publications.
pub fn batch<C: Contender, T: Element>(job: &Job) -> Sample
where
    C::Producer<T>: PushBatch<T>,
    C::Consumer<T>: PopBatch<T>,
{
    let (mut producer, mut consumer) = C::ring::<T>(job.capacity);
    two_threads(
        job,
        move |first, count| produce(&mut producer, first, count),
        move |first, count| consume(&mut consumer, first, count),
    )
}

#[inline(never)]
fn produce<T: Element, P: PushBatch<T>>(producer: &mut P, first: u64, count: u64) {
    let end = first + count;
    let mut next = first;
    while next < end {
        let max = BATCH.min((end - next) as usize);
        let pushed = producer.push_batch(max, next, T::numbered);
        if pushed == 0 {
            spin_loop();
        }
        next += pushed as u64;
    }
}

#[inline(never)]
fn consume<T: Element, C: PopBatch<T>>(consumer: &mut C, first: u64, count: u64) {
    let end = first + count;
    let mut next = first;
    while next < end {
        let max = BATCH.min((end - next) as usize);
        let popped = consumer.pop_batch(max, |item| {
            item.check(next);
            next += 1;
        });
        if popped == 0 {
            spin_loop();
        }
    }
}
