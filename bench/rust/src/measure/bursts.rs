use std::hint::black_box;

use super::threads::one_thread;
use super::{Job, Sample};
use crate::contender::{Contender, Pop, Push};
use crate::element::Element;

/// Elements in a burst.
pub const BURST: u64 = 64;

/// One thread has both ends, pushes a burst and pops it: as a producer does that is ahead.
pub fn bursts<C: Contender, T: Element>(job: &Job) -> Sample
where
    C::Producer<T>: Push<T>,
    C::Consumer<T>: Pop<T>,
{
    let (mut producer, mut consumer) = C::ring::<T>(job.capacity);
    one_thread(job, move |first, count| {
        in_bursts(&mut producer, &mut consumer, first, count);
    })
}

#[inline(never)]
fn in_bursts<T: Element, P: Push<T>, C: Pop<T>>(
    producer: &mut P,
    consumer: &mut C,
    first: u64,
    count: u64,
) {
    // The work is whole blocks, and so whole bursts.
    for burst in (first..first + count).step_by(BURST as usize) {
        for number in burst..burst + BURST {
            assert!(
                black_box(&mut *producer).push(T::numbered(number)),
                "a ring with room refused element {number}"
            );
        }
        for number in burst..burst + BURST {
            match black_box(&mut *consumer).pop() {
                Some(item) => item.check(number),
                None => panic!("a ring lost element {number}"),
            }
        }
    }
}
