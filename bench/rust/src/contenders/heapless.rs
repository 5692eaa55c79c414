//! Its capacity is part of the type, and one slot always stays empty.

use std::ptr::NonNull;
use std::sync::Arc;

use ::heapless::spsc::{Consumer, Producer, Queue};

use super::large_stack::on_a_large_stack;
use crate::contender::{Contender, Pop, Push};
use crate::element::Element;

pub struct Heapless;

impl Contender for Heapless {
    type Producer<T: Element> = Half<Producer<'static, T>>;
    type Consumer<T: Element> = Half<Consumer<'static, T>>;

    fn ring<T: Element>(capacity: usize) -> (Self::Producer<T>, Self::Consumer<T>) {
        match capacity {
            256 => halves::<T, 256>(),
            0x1_0000 => halves::<T, 0x1_0000>(),
            _ => panic!("heapless rings are made for 256 and 65,536 slots, not {capacity}"),
        }
    }
}

/// One half, and a share in the queue that it borrows from.
pub struct Half<H> {
    half: H,
    _queue: Arc<dyn Send + Sync>,
}

/// Frees the queue with its last half.
struct Owner<Q>(NonNull<Q>);

// SAFETY: nothing is done through it but to free the queue, on whichever thread lets go last.
unsafe impl<Q: Send> Send for Owner<Q> {}
// SAFETY: as above; `&Owner` offers nothing.
unsafe impl<Q: Send> Sync for Owner<Q> {}

impl<Q> Drop for Owner<Q> {
    fn drop(&mut self) {
        // SAFETY: it came from `Box::into_raw`, and both halves that borrowed from it are gone.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

type Halves<T> = (Half<Producer<'static, T>>, Half<Consumer<'static, T>>);

fn halves<T: Element, const N: usize>() -> Halves<T> {
    let queue = on_a_large_stack(|| Box::new(Queue::<T, N>::new()));
    let mut queue = NonNull::from(Box::leak(queue));
    let owner: Arc<dyn Send + Sync> = Arc::new(Owner(queue));
    // SAFETY: the only reference, and both halves keep the owner, and so the queue, alive.
    let (producer, consumer) = unsafe { queue.as_mut() }.split();
    (
        Half {
            half: producer,
            _queue: Arc::clone(&owner),
        },
        Half {
            half: consumer,
            _queue: owner,
        },
    )
}

impl<T> Push<T> for Half<Producer<'static, T>> {
    #[inline(always)]
    fn push(&mut self, item: T) -> bool {
        self.half.enqueue(item).is_ok()
    }
}

impl<T> Pop<T> for Half<Consumer<'static, T>> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        self.half.dequeue()
    }
}
