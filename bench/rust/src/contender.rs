//! What a system has to offer to be measured. Each is implemented once, for all element types, and
//! every loop over it is compiled for it alone.

use crate::element::Element;

/// A system: how to make one ring of it.
pub trait Contender: 'static {
    type Producer<T: Element>: Send + 'static;
    type Consumer<T: Element>: Send + 'static;

    fn ring<T: Element>(capacity: usize) -> (Self::Producer<T>, Self::Consumer<T>);
}

/// One element at a time, published before the call returns.
pub trait Push<T> {
    /// Whether there was room.
    fn push(&mut self, item: T) -> bool;
}

/// One element at a time, its slot given back before the call returns.
pub trait Pop<T> {
    fn pop(&mut self) -> Option<T>;
}

/// Elements made in place and published together.
pub trait PushBatch<T> {
    /// Makes up to `max` elements, each by `make` from its number, from `first` on, and publishes them
    /// at once; how many.
    fn push_batch(&mut self, max: usize, first: u64, make: impl Fn(u64) -> T) -> usize;
}

/// Elements seen in place and given back together.
pub trait PopBatch<T> {
    /// Shows up to `max` elements to `see`, then gives their slots back at once; how many.
    fn pop_batch(&mut self, max: usize, see: impl FnMut(&T)) -> usize;
}

/// Elements copied in from a slice.
pub trait PushSlice<T> {
    /// How many were taken.
    fn push_slice(&mut self, items: &[T]) -> usize;
}

/// Elements copied out to a slice.
pub trait PopSlice<T> {
    /// How many were given.
    fn pop_slice(&mut self, out: &mut [T]) -> usize;
}

/// The longest block of the bulk cases, in elements. The work is whole blocks.
pub const BLOCK: usize = 1024;

/// The block for a ring of this capacity: four or more fit.
pub const fn block_len(capacity: usize) -> usize {
    if capacity / 4 < BLOCK {
        capacity / 4
    } else {
        BLOCK
    }
}
