//! Made for batches: what is pushed is seen after `flush`, and what is popped is given back by `release`.

use ::yring::{Consumer, Producer, spsc};

use crate::contender::{Contender, Pop, PopBatch, Push, PushBatch};
use crate::element::Element;

pub struct Yring;

impl Contender for Yring {
    type Producer<T: Element> = Producer<T>;
    type Consumer<T: Element> = Consumer<T>;

    fn ring<T: Element>(capacity: usize) -> (Producer<T>, Consumer<T>) {
        spsc(capacity)
    }
}

impl<T> Push<T> for Producer<T> {
    #[inline(always)]
    fn push(&mut self, item: T) -> bool {
        self.push_and_flush(item).is_ok()
    }
}

impl<T> Pop<T> for Consumer<T> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        self.prefetch_and_pop()
    }
}

impl<T> PushBatch<T> for Producer<T> {
    #[inline(always)]
    fn push_batch(&mut self, max: usize, first: u64, make: impl Fn(u64) -> T) -> usize {
        let mut pushed = 0;
        while pushed < max && Producer::push(self, make(first + pushed as u64)).is_ok() {
            pushed += 1;
        }
        if pushed > 0 {
            self.flush();
        }
        pushed
    }
}

impl<T> PopBatch<T> for Consumer<T> {
    #[inline(always)]
    fn pop_batch(&mut self, max: usize, mut see: impl FnMut(&T)) -> usize {
        let mut popped = 0;
        while popped < max {
            let item = match Consumer::pop(self) {
                Some(item) => item,
                None if popped == 0 && self.prefetch() > 0 => continue,
                None => break,
            };
            see(&item);
            popped += 1;
        }
        if popped > 0 {
            self.release();
        }
        popped
    }
}
