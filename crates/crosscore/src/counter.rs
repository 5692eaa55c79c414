//! A counter with one writer.

use crate::ordering::METRIC;
use crate::sync::AtomicU64;

/// A number that one thread changes and any may read.
///
/// With a single writer the increment needs no read-modify-write: a relaxed load and a relaxed
/// store are two plain `mov`s, where `fetch_add` is a locked instruction. An atomic and not an
/// `UnsafeCell`, because the other side reads it for its metrics while it changes.
#[derive(Debug)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds one. Only the single writer calls this; a second one would lose counts, not memory.
    #[inline]
    pub(crate) fn increment(&self) {
        self.0.store(self.0.load(METRIC).wrapping_add(1), METRIC);
    }

    /// Raises the value to `candidate` if that is more. Only the single writer calls this.
    #[inline]
    pub(crate) fn raise_to(&self, candidate: u64) {
        if candidate > self.0.load(METRIC) {
            crate::cursors::seldom();
            self.0.store(candidate, METRIC);
        }
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(METRIC)
    }
}
