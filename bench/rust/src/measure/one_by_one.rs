use std::hint::spin_loop;

use super::threads::two_threads;
use super::{Job, Sample};
use crate::contender::{Contender, Pop, Push};
use crate::element::Element;

/// Each element is published by itself, and its slot given back by itself.
pub fn one_by_one<C: Contender, T: Element>(job: &Job) -> Sample
where
    C::Producer<T>: Push<T>,
    C::Consumer<T>: Pop<T>,
{
    let (mut producer, mut consumer) = C::ring::<T>(job.capacity);
    two_threads(
        job,
        move |first, count| produce(&mut producer, first, count),
        move |first, count| consume(&mut consumer, first, count),
    )
}

#[inline(never)]
fn produce<T: Element, P: Push<T>>(producer: &mut P, first: u64, count: u64) {
    for number in first..first + count {
        while !producer.push(T::numbered(number)) {
            spin_loop();
        }
    }
}

#[inline(never)]
fn consume<T: Element, C: Pop<T>>(consumer: &mut C, first: u64, count: u64) {
    for number in first..first + count {
        let item = loop {
            if let Some(item) = consumer.pop() {
                break item;
            }
            spin_loop();
        };
        item.check(number);
    }
}
