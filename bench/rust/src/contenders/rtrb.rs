use ::rtrb::chunks::ChunkError;
use ::rtrb::{Consumer, Producer, RingBuffer};

use crate::contender::{Contender, Pop, PopBatch, PopSlice, Push, PushBatch, PushSlice};
use crate::element::Element;

pub struct Rtrb;

impl Contender for Rtrb {
    type Producer<T: Element> = Producer<T>;
    type Consumer<T: Element> = Consumer<T>;

    fn ring<T: Element>(capacity: usize) -> (Producer<T>, Consumer<T>) {
        RingBuffer::new(capacity)
    }
}

impl<T> Push<T> for Producer<T> {
    #[inline(always)]
    fn push(&mut self, item: T) -> bool {
        Producer::push(self, item).is_ok()
    }
}

impl<T> Pop<T> for Consumer<T> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        Consumer::pop(self).ok()
    }
}

impl<T> PushBatch<T> for Producer<T> {
    #[inline(always)]
    fn push_batch(&mut self, max: usize, first: u64, make: impl Fn(u64) -> T) -> usize {
        // All of them or, as the error advises, what there is room for.
        let room = match self.write_chunk_uninit(max) {
            Ok(chunk) => return chunk.fill_from_iter((first..).map(make)),
            Err(ChunkError::TooFewSlots(room)) => room,
        };
        match self.write_chunk_uninit(room) {
            Ok(chunk) if room > 0 => chunk.fill_from_iter((first..).map(make)),
            _ => 0,
        }
    }
}

impl<T> PopBatch<T> for Consumer<T> {
    #[inline(always)]
    fn pop_batch(&mut self, max: usize, mut see: impl FnMut(&T)) -> usize {
        // Those that it knows of, or else a look.
        let known = match self.cached_slots() {
            0 => self.slots(),
            known => known,
        };
        let Ok(chunk) = self.read_chunk(known.min(max)) else {
            return 0;
        };
        let (first, second) = chunk.as_slices();
        first.iter().for_each(&mut see);
        second.iter().for_each(&mut see);
        let count = chunk.len();
        if count > 0 {
            chunk.commit_all();
        }
        count
    }
}

impl<T: Copy> PushSlice<T> for Producer<T> {
    #[inline(always)]
    fn push_slice(&mut self, items: &[T]) -> usize {
        self.push_partial_slice(items).0.len()
    }
}

impl<T: Copy> PopSlice<T> for Consumer<T> {
    #[inline(always)]
    fn pop_slice(&mut self, out: &mut [T]) -> usize {
        self.pop_partial_slice(out).0.len()
    }
}
