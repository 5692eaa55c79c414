//! A ring as a plain queue: what random operations are compared with, here and in `fuzz/targets/ring.rs`.

use std::collections::VecDeque;

/// What a ring should be.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) elements: VecDeque<usize>,
    pub(crate) capacity: usize,
    /// Where the next slot is, as an index.
    pub(crate) tail: usize,
    pub(crate) whole_runs: bool,
    pub(crate) producer_closed: bool,
    pub(crate) consumer_closed: bool,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// Written into reservations that were forgotten.
    pub(crate) leaked: usize,
}

impl Queue {
    pub(crate) fn closed(&self) -> bool {
        self.producer_closed || self.consumer_closed
    }

    pub(crate) fn free(&self) -> usize {
        self.capacity - self.elements.len()
    }

    /// Of `n` slots from `index` on, those before a gap.
    pub(crate) fn contiguous(&self, index: usize, n: usize) -> usize {
        if self.whole_runs {
            n
        } else {
            n.min(self.capacity - index)
        }
    }

    pub(crate) fn head(&self) -> usize {
        (self.tail + self.capacity - self.elements.len()) % self.capacity
    }

    pub(crate) fn publish(&mut self, numbers: impl IntoIterator<Item = usize>) {
        for number in numbers {
            self.elements.push_back(number);
            self.tail = (self.tail + 1) % self.capacity;
            self.sent += 1;
        }
        assert!(self.elements.len() <= self.capacity);
    }

    pub(crate) fn take(&mut self, n: usize) -> Vec<usize> {
        self.received += n as u64;
        self.elements.drain(..n).collect()
    }

    pub(crate) fn close_consumer(&mut self) {
        self.consumer_closed = true;
        let left = self.elements.len();
        self.take(left);
    }
}
