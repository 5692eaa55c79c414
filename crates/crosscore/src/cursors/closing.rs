//! The end of the protocol, and what it has counted: off the path of an element.

use super::{CONSUMER_CLOSED, Cursors, Grant, PRODUCER_CLOSED};
use crate::metrics::Metrics;
use crate::ordering::{
    CLOSE_CONSUMER, CLOSE_PRODUCER, METRIC, NOTE_OWN_CLOSE, OBSERVE_CLOSED, OWN_CURSOR,
};

impl Cursors {
    /// The producer says to itself that it closes; not needed of one that goes.
    pub(crate) fn note_producers_close(&self) {
        // Partner: none, see NOTE_OWN_CLOSE.
        self.cached_head
            .closed
            .fetch_or(PRODUCER_CLOSED, NOTE_OWN_CLOSE);
    }

    /// The producer's last word. It may be said more than once.
    pub(crate) fn close_producer(&self) {
        // Partner: OBSERVE_CLOSED in `producer_has_closed`. INV-ORD-3.
        self.cached_tail
            .closed
            .fetch_or(PRODUCER_CLOSED, CLOSE_PRODUCER);
        self.consumer_slot().notify();
    }

    /// Whether the producer has closed. If so, what [`claim_available`](Self::claim_available)
    /// and [`available_now`](Self::available_now) find after this call is all there will ever be.
    #[inline]
    pub(crate) fn producer_has_closed(&self) -> bool {
        // Partner: CLOSE_PRODUCER in `close_producer`. INV-ORD-3.
        self.cached_tail.closed.load(OBSERVE_CLOSED) & PRODUCER_CLOSED != 0
    }

    /// The consumer says to itself that it closes; not needed of one that goes.
    pub(crate) fn note_consumers_close(&self) {
        // Partner: none, see NOTE_OWN_CLOSE.
        self.cached_tail
            .closed
            .fetch_or(CONSUMER_CLOSED, NOTE_OWN_CLOSE);
    }

    /// The consumer's last word. It may be said more than once.
    pub(crate) fn close_consumer(&self) {
        // Partner: none, see CLOSE_CONSUMER.
        self.cached_head
            .closed
            .fetch_or(CONSUMER_CLOSED, CLOSE_CONSUMER);
        self.producer_slot().notify();
    }

    /// The unread elements, for the last owner.
    ///
    /// `&mut` proves that both handles are gone and that their accesses happen before.
    pub(crate) fn unread(&mut self) -> Grant {
        // Partner: none; nobody stores them any more.
        let (head, tail) = (self.head.load(OWN_CURSOR), self.tail.load(OWN_CURSOR));
        Grant {
            position: head,
            count: tail.wrapping_sub(head),
        }
    }

    /// What the cursors and the two owners' counters tell. Any thread may ask; the numbers are
    /// recent and not one consistent cut.
    pub(crate) fn metrics(&self) -> Metrics {
        let received = self.head.load(METRIC).wrapping_sub(self.start);
        Metrics {
            received,
            sent: self.tail.load(METRIC).wrapping_sub(self.start),
            full_encounters: self.cached_head.short.get(),
            empty_encounters: self.cached_tail.short.get(),
            high_water_mark: self
                .cached_head
                .high_water
                .get()
                .max(self.cached_tail.high_water.get())
                .max(received.min(1)),
        }
    }
}
