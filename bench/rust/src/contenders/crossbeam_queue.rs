//! For any number of producers and consumers: it pays for what the others do not offer.

use std::sync::Arc;

use ::crossbeam_queue::ArrayQueue;

use crate::contender::{Contender, Pop, Push};
use crate::element::Element;

pub struct CrossbeamQueue;

impl Contender for CrossbeamQueue {
    type Producer<T: Element> = Arc<ArrayQueue<T>>;
    type Consumer<T: Element> = Arc<ArrayQueue<T>>;

    fn ring<T: Element>(capacity: usize) -> (Self::Producer<T>, Self::Consumer<T>) {
        let queue = Arc::new(ArrayQueue::new(capacity));
        (Arc::clone(&queue), queue)
    }
}

impl<T> Push<T> for Arc<ArrayQueue<T>> {
    #[inline(always)]
    fn push(&mut self, item: T) -> bool {
        ArrayQueue::push(self, item).is_ok()
    }
}

impl<T> Pop<T> for Arc<ArrayQueue<T>> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        ArrayQueue::pop(self)
    }
}
