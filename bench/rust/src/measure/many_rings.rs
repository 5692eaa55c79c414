use super::threads::one_thread;
use super::{Job, Sample};
use crate::contender::{Contender, Pop, Push};
use crate::element::Element;

/// One thread has both ends of `RINGS` rings and pushes into one and pops from it, then goes to the next: what
/// the lines cost that an operation touches, when many rings share the first cache.
pub fn many_rings<C: Contender, T: Element, const RINGS: usize>(job: &Job) -> Sample
where
    C::Producer<T>: Push<T>,
    C::Consumer<T>: Pop<T>,
{
    let (mut producers, mut consumers): (Vec<_>, Vec<_>) =
        (0..RINGS).map(|_| C::ring::<T>(job.capacity)).unzip();
    one_thread(job, move |first, count| {
        round(&mut producers, &mut consumers, first, count);
    })
}

#[inline(never)]
fn round<T: Element, P: Push<T>, C: Pop<T>>(
    producers: &mut [P],
    consumers: &mut [C],
    first: u64,
    count: u64,
) {
    let mut number = first;
    let end = first + count;
    while number < end {
        for (producer, consumer) in producers.iter_mut().zip(&mut *consumers) {
            if number == end {
                return;
            }
            let pushed = producer.push(T::numbered(number));
            match consumer.pop() {
                Some(item) if pushed => item.check(number),
                _ => panic!("a ring that was empty refused element {number}, or lost it"),
            }
            number += 1;
        }
    }
}
