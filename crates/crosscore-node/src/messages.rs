//! How many messages went through a ring of bytes, which its cursors cannot tell.

use std::sync::atomic::{AtomicU64, Ordering};

/// A counter on lines of its own, with one writer.
#[derive(Debug, Default)]
#[repr(align(128))]
struct OwnLine(AtomicU64);

impl OwnLine {
    fn add(&self, n: u32) {
        // One writer: a plain load and store, no read-modify-write. Statistics order nothing.
        let count = self.0.load(Ordering::Relaxed);
        self.0
            .store(count.wrapping_add(u64::from(n)), Ordering::Relaxed);
    }
}

/// Messages published and released.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    sent: OwnLine,
    received: OwnLine,
}

impl Messages {
    /// Called by the producer only.
    #[inline]
    pub(crate) fn sent(&self, n: u32) {
        if n != 0 {
            self.sent.add(n);
        }
    }

    /// Called by the consumer only.
    #[inline]
    pub(crate) fn received(&self, n: u32) {
        if n != 0 {
            self.received.add(n);
        }
    }

    pub(crate) fn counts(&self) -> (u64, u64) {
        (
            self.sent.0.load(Ordering::Relaxed),
            self.received.0.load(Ordering::Relaxed),
        )
    }
}
