use std::hint::spin_loop;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::threads::two_threads;
use super::{Job, Sample};
use crate::contender::{Contender, Pop, Push};
use crate::element::{Element, Words};

type Item = Words<1>;

/// One number there and back, over two rings. Each round trip ends with one reading of the clock,
/// which begins the next one.
pub fn round_trip<C: Contender>(job: &Job) -> Sample
where
    C::Producer<Item>: Push<Item>,
    C::Consumer<Item>: Pop<Item>,
{
    let (mut there, mut arriving) = C::ring::<Item>(job.capacity);
    let (mut back, mut returning) = C::ring::<Item>(job.capacity);
    let times = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&times);
    let longest = job.work.max(job.warm_up) as usize;
    let mut sample = two_threads(
        job,
        move |first, count| {
            let mut times = kept.lock().expect("nobody else holds it");
            times.clear();
            times.reserve(longest);
            initiate(&mut there, &mut returning, &mut times, first, count);
        },
        move |first, count| answer(&mut arriving, &mut back, first, count),
    );
    let mut times = std::mem::take(&mut *times.lock().expect("its owner is gone"));
    times.sort_unstable();
    sample.round_trips = times;
    sample
}

#[inline(always)]
fn wait_for<C: Pop<Item>>(consumer: &mut C, number: u64) {
    let item = loop {
        if let Some(item) = consumer.pop() {
            break item;
        }
        spin_loop();
    };
    item.check(number);
}

#[inline(never)]
fn initiate<P: Push<Item>, C: Pop<Item>>(
    there: &mut P,
    returning: &mut C,
    times: &mut Vec<u32>,
    first: u64,
    count: u64,
) {
    let mut before = Instant::now();
    for number in first..first + count {
        while !there.push(Item::numbered(number)) {
            spin_loop();
        }
        wait_for(returning, number);
        let now = Instant::now();
        times.push(now.duration_since(before).as_nanos().min(u32::MAX.into()) as u32);
        before = now;
    }
}

#[inline(never)]
fn answer<C: Pop<Item>, P: Push<Item>>(arriving: &mut C, back: &mut P, first: u64, count: u64) {
    for number in first..first + count {
        wait_for(arriving, number);
        while !back.push(Item::numbered(number)) {
            spin_loop();
        }
    }
}
