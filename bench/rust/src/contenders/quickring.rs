//! Its capacity is part of the type.

use ::quickring::{Consumer, Producer, RingBuffer};

use super::large_stack::on_a_large_stack;
use crate::contender::{Contender, Pop, Push};
use crate::element::Element;

pub struct Quickring;

const SMALL: usize = 256;
const LARGE: usize = 0x1_0000;

/// One of the two capacities that are measured.
pub enum Sized<S, L> {
    Small(S),
    Large(L),
}

impl Contender for Quickring {
    type Producer<T: Element> = Sized<Producer<T, SMALL>, Producer<T, LARGE>>;
    type Consumer<T: Element> = Sized<Consumer<T, SMALL>, Consumer<T, LARGE>>;

    fn ring<T: Element>(capacity: usize) -> (Self::Producer<T>, Self::Consumer<T>) {
        match capacity {
            SMALL => {
                let (producer, consumer) = RingBuffer::new().split();
                (Sized::Small(producer), Sized::Small(consumer))
            }
            LARGE => {
                let (producer, consumer) = on_a_large_stack(|| RingBuffer::new().split());
                (Sized::Large(producer), Sized::Large(consumer))
            }
            _ => panic!("quickring's rings are made for 256 and 65,536 slots, not {capacity}"),
        }
    }
}

impl<T> Push<T> for Sized<Producer<T, SMALL>, Producer<T, LARGE>> {
    #[inline(always)]
    fn push(&mut self, item: T) -> bool {
        match self {
            Self::Small(producer) => producer.push(item),
            Self::Large(producer) => producer.push(item),
        }
    }
}

impl<T> Pop<T> for Sized<Consumer<T, SMALL>, Consumer<T, LARGE>> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        match self {
            Self::Small(consumer) => consumer.pop(),
            Self::Large(consumer) => consumer.pop(),
        }
    }
}
