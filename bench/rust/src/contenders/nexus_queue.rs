use ::nexus_queue::spsc::{Consumer, Producer, ring_buffer};

use crate::contender::{Contender, Pop, Push};
use crate::element::Element;

pub struct NexusQueue;

impl Contender for NexusQueue {
    type Producer<T: Element> = Producer<T>;
    type Consumer<T: Element> = Consumer<T>;

    fn ring<T: Element>(capacity: usize) -> (Producer<T>, Consumer<T>) {
        ring_buffer(capacity)
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
        Consumer::pop(self)
    }
}
