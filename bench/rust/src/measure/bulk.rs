use std::hint::spin_loop;

use super::threads::two_threads;
use super::{Job, Sample};
use crate::contender::{Contender, PopSlice, PushSlice, block_len};
use crate::element::Element;

/// Blocks are copied in from one slice and out to another.
pub fn bulk<C: Contender, T: Element>(job: &Job) -> Sample
where
    C::Producer<T>: PushSlice<T>,
    C::Consumer<T>: PopSlice<T>,
{
    let (mut producer, mut consumer) = C::ring::<T>(job.capacity);
    let mut source = vec![T::numbered(0); block_len(job.capacity)];
    let mut out = source.clone();
    two_threads(
        job,
        move |first, count| produce(&mut producer, &mut source, first, count),
        move |first, count| consume(&mut consumer, &mut out, first, count),
    )
}

#[inline(never)]
fn produce<T: Element, P: PushSlice<T>>(producer: &mut P, block: &mut [T], first: u64, count: u64) {
    let end = first + count;
    let mut next = first;
    while next < end {
        for (item, number) in block.iter_mut().zip(next..) {
            item.stamp(number);
        }
        let mut left = &block[..];
        while !left.is_empty() {
            let pushed = producer.push_slice(left);
            if pushed == 0 {
                spin_loop();
            }
            left = &left[pushed..];
        }
        next += block.len() as u64;
    }
}

#[inline(never)]
fn consume<T: Element, C: PopSlice<T>>(consumer: &mut C, block: &mut [T], first: u64, count: u64) {
    let end = first + count;
    let mut next = first;
    while next < end {
        let max = block.len().min((end - next) as usize);
        let popped = consumer.pop_slice(&mut block[..max]);
        if popped == 0 {
            spin_loop();
        }
        for (item, number) in block[..popped].iter().zip(next..) {
            item.check_stamp(number);
        }
        next += popped as u64;
    }
}
