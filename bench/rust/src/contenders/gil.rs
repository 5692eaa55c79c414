use std::num::NonZeroUsize;

use ::gil::spsc::{Receiver, Sender, channel};

use crate::contender::{Contender, Pop, PopBatch, PopSlice, Push, PushBatch, PushSlice};
use crate::element::Element;

pub struct Gil;

impl Contender for Gil {
    type Producer<T: Element> = Sender<T>;
    type Consumer<T: Element> = Receiver<T>;

    fn ring<T: Element>(capacity: usize) -> (Sender<T>, Receiver<T>) {
        channel(NonZeroUsize::new(capacity).expect("a capacity above 0"))
    }
}

impl<T> Push<T> for Sender<T> {
    #[inline(always)]
    fn push(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }
}

impl<T> Pop<T> for Receiver<T> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        self.try_recv()
    }
}

impl<T> PushBatch<T> for Sender<T> {
    #[inline(always)]
    fn push_batch(&mut self, max: usize, first: u64, make: impl Fn(u64) -> T) -> usize {
        let buffer = self.write_buffer();
        let count = buffer.len().min(max);
        for (slot, number) in buffer[..count].iter_mut().zip(first..) {
            slot.write(make(number));
        }
        if count > 0 {
            // SAFETY: the first `count` slots of the buffer were just written.
            unsafe { self.commit(count) };
        }
        count
    }
}

impl<T> PopBatch<T> for Receiver<T> {
    #[inline(always)]
    fn pop_batch(&mut self, max: usize, see: impl FnMut(&T)) -> usize {
        let mut guard = self.read_guard();
        let count = guard.len().min(max);
        guard.as_slice()[..count].iter().for_each(see);
        guard.advance(count);
        count
    }
}

impl<T: Copy> PushSlice<T> for Sender<T> {
    #[inline(always)]
    fn push_slice(&mut self, items: &[T]) -> usize {
        let buffer = self.write_buffer();
        let count = buffer.len().min(items.len());
        buffer[..count].write_copy_of_slice(&items[..count]);
        if count > 0 {
            // SAFETY: the first `count` slots of the buffer were just written.
            unsafe { self.commit(count) };
        }
        count
    }
}

impl<T: Copy> PopSlice<T> for Receiver<T> {
    #[inline(always)]
    fn pop_slice(&mut self, out: &mut [T]) -> usize {
        self.read_guard().copy_into(out)
    }
}
