use std::hint::black_box;

use super::threads::one_thread;
use super::{Job, Sample};
use crate::contender::{Contender, Pop, Push};
use crate::element::Element;

/// One thread has both ends and pushes and pops in turn: what the instructions cost when no line
/// moves between cores.
pub fn alone<C: Contender, T: Element>(job: &Job) -> Sample
where
    C::Producer<T>: Push<T>,
    C::Consumer<T>: Pop<T>,
{
    let (mut producer, mut consumer) = C::ring::<T>(job.capacity);
    one_thread(job, move |first, count| {
        in_turn(&mut producer, &mut consumer, first, count);
    })
}

#[inline(never)]
fn in_turn<T: Element, P: Push<T>, C: Pop<T>>(
    producer: &mut P,
    consumer: &mut C,
    first: u64,
    count: u64,
) {
    for number in first..first + count {
        // Not to be seen through: the element goes into memory and comes from there.
        let pushed = black_box(&mut *producer).push(T::numbered(number));
        let popped = black_box(&mut *consumer).pop();
        match popped {
            Some(item) if pushed => item.check(number),
            _ => panic!("a ring that was empty refused element {number}, or lost it"),
        }
    }
}
