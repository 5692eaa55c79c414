//! Ours.

use std::time::Duration;

use ::crosscore::{BufferAllocator, Consumer, MirroredAllocator, Producer, Ring};

use crate::contender::{Contender, Pop, PopBatch, PopSlice, Push, PushBatch, PushSlice};
use crate::element::Element;

/// On the heap, never waited on.
pub struct Crosscore;

/// On the heap; both sides have slept on it before it is measured.
pub struct CrosscoreWaited;

/// In mirrored pages, never waited on.
pub struct CrosscoreMirrored;

impl Contender for Crosscore {
    type Producer<T: Element> = Producer<T>;
    type Consumer<T: Element> = Consumer<T>;

    fn ring<T: Element>(capacity: usize) -> (Producer<T>, Consumer<T>) {
        Ring::with_capacity(capacity).expect("a ring on the heap")
    }
}

impl Contender for CrosscoreWaited {
    type Producer<T: Element> = Producer<T>;
    type Consumer<T: Element> = Consumer<T>;

    fn ring<T: Element>(capacity: usize) -> (Producer<T>, Consumer<T>) {
        let (mut producer, mut consumer) =
            Ring::with_capacity(capacity).expect("a ring on the heap");
        // Longer than it spins: it sleeps, in vain.
        let moment = Some(Duration::from_millis(1));
        assert!(consumer.pop_wait(moment).is_err());
        while producer.push(T::numbered(0)).is_ok() {}
        assert!(producer.push_wait(T::numbered(0), moment).is_err());
        while consumer.pop().is_some() {}
        (producer, consumer)
    }
}

impl Contender for CrosscoreMirrored {
    type Producer<T: Element> = Producer<T, MirroredAllocator>;
    type Consumer<T: Element> = Consumer<T, MirroredAllocator>;

    fn ring<T: Element>(capacity: usize) -> (Self::Producer<T>, Self::Consumer<T>) {
        Ring::with_capacity_in(capacity, MirroredAllocator).expect("a ring in mirrored pages")
    }
}

impl<T, A: BufferAllocator> Push<T> for Producer<T, A> {
    #[inline(always)]
    fn push(&mut self, item: T) -> bool {
        Producer::push(self, item).is_ok()
    }
}

impl<T, A: BufferAllocator> Pop<T> for Consumer<T, A> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        Consumer::pop(self)
    }
}

impl<T, A: BufferAllocator> PushBatch<T> for Producer<T, A> {
    #[inline(always)]
    fn push_batch(&mut self, max: usize, first: u64, make: impl Fn(u64) -> T) -> usize {
        let Some(mut reservation) = self.reserve(max) else {
            return 0;
        };
        reservation.fill((first..).map(make));
        reservation.commit()
    }
}

impl<T, A: BufferAllocator> PopBatch<T> for Consumer<T, A> {
    #[inline(always)]
    fn pop_batch(&mut self, max: usize, see: impl FnMut(&T)) -> usize {
        self.drain_ref(max, see)
    }
}

impl<T: Copy, A: BufferAllocator> PushSlice<T> for Producer<T, A> {
    #[inline(always)]
    fn push_slice(&mut self, items: &[T]) -> usize {
        Producer::push_slice(self, items)
    }
}

impl<T: Copy, A: BufferAllocator> PopSlice<T> for Consumer<T, A> {
    #[inline(always)]
    fn pop_slice(&mut self, out: &mut [T]) -> usize {
        Consumer::pop_slice(self, out)
    }
}
