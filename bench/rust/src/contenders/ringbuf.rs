use ::ringbuf::traits::{Consumer as _, Producer as _, Split};
use ::ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::contender::{Contender, Pop, PopBatch, PopSlice, Push, PushBatch, PushSlice};
use crate::element::Element;

pub struct Ringbuf;

impl Contender for Ringbuf {
    type Producer<T: Element> = HeapProd<T>;
    type Consumer<T: Element> = HeapCons<T>;

    fn ring<T: Element>(capacity: usize) -> (HeapProd<T>, HeapCons<T>) {
        HeapRb::new(capacity).split()
    }
}

impl<T> Push<T> for HeapProd<T> {
    #[inline(always)]
    fn push(&mut self, item: T) -> bool {
        self.try_push(item).is_ok()
    }
}

impl<T> Pop<T> for HeapCons<T> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        self.try_pop()
    }
}

impl<T> PushBatch<T> for HeapProd<T> {
    #[inline(always)]
    fn push_batch(&mut self, max: usize, first: u64, make: impl Fn(u64) -> T) -> usize {
        self.push_iter((first..first + max as u64).map(make))
    }
}

impl<T> PopBatch<T> for HeapCons<T> {
    #[inline(always)]
    fn pop_batch(&mut self, max: usize, mut see: impl FnMut(&T)) -> usize {
        let (first, second) = self.as_slices();
        let first = &first[..first.len().min(max)];
        let second = &second[..second.len().min(max - first.len())];
        let count = first.len() + second.len();
        first.iter().for_each(&mut see);
        second.iter().for_each(&mut see);
        self.skip(count)
    }
}

impl<T: Copy> PushSlice<T> for HeapProd<T> {
    #[inline(always)]
    fn push_slice(&mut self, items: &[T]) -> usize {
        ::ringbuf::traits::Producer::push_slice(self, items)
    }
}

impl<T: Copy> PopSlice<T> for HeapCons<T> {
    #[inline(always)]
    fn pop_slice(&mut self, out: &mut [T]) -> usize {
        ::ringbuf::traits::Consumer::pop_slice(self, out)
    }
}
