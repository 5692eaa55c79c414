//! The producer's crossings.

use std::task::{Context, Waker};

use crosscore::Producer;

use crate::control::{Control, FLAG_CLOSED, FLAG_CORRUPT, STATS_COUNT};
use crate::memory::RingMemory;
use crate::shared::End;
use crate::side::Side;

/// A producer, in an environment or on its way to one.
#[derive(Debug)]
pub(crate) struct ProducerPort {
    pub(crate) producer: Producer<u8, RingMemory>,
    /// Dropped after the producer: then the ring is closed on this side.
    pub(crate) end: End,
    /// A waker was left with the consumer.
    pub(crate) parked: bool,
}

impl ProducerPort {
    pub(crate) fn new(producer: Producer<u8, RingMemory>, end: End) -> Self {
        Self {
            producer,
            end,
            parked: false,
        }
    }
}

impl Side for ProducerPort {
    #[inline]
    fn publish(&mut self, control: &Control, messages: u32) {
        let producer = &mut self.producer;
        let bytes = control.pending(producer.position());
        let messages = control.take_messages().saturating_add(messages);
        if producer.is_closed() {
            return control.raise(FLAG_CLOSED);
        }
        // A look that has nothing to publish leaves the line of the cursor alone.
        if bytes > 0 {
            // JavaScript counts the free slots itself; here its sum is checked against the cursors.
            if bytes > producer.cached_free_slots() && bytes > producer.free_slots() {
                return control.raise(FLAG_CORRUPT);
            }
            // SAFETY: INV-NODE-4: that many slots are free, as was just checked. INV-INIT-1: every byte of
            // the ring is initialised from the start (INV-ALLOC-4), and `u8` has no invalid values.
            unsafe { producer.publish_raw(bytes) };
            control.set_done(producer.position());
        }
        self.end.messages(messages);
    }

    fn look(&mut self, control: &Control) {
        self.publish(control, 0);
        self.end.refusals(control.take_refused());
        let free = self.producer.free_slots();
        control.set_found(self.producer.position(), free);
    }

    fn ask(&mut self, control: &Control) {
        if self.producer.is_closed() {
            control.raise(FLAG_CLOSED);
        }
        let (position, free) = (self.producer.position(), self.producer.free_slots());
        control.set_found(position, free);
        control.set_known(free.saturating_sub(control.pending(position)));
    }

    fn block(&mut self, control: &Control) {
        self.publish(control, 0);
        let wanted = control.wanted();
        if !self.has(wanted) {
            self.end.tally().parks.add(1);
            // Whatever ended the wait, the look below tells what there is now.
            let woken = self
                .producer
                .wait_for_space(wanted, Some(control.slice()))
                .is_ok();
            self.end.tally().wakes.add(u32::from(woken));
        }
        self.look(control);
    }

    fn has(&self, wanted: usize) -> bool {
        self.producer.is_closed() || self.producer.free_slots() >= wanted
    }

    fn arm(&mut self, control: &Control, waker: &Waker) -> bool {
        self.publish(control, 0);
        self.end.tally().wakes.add(u32::from(self.parked));
        self.parked = self
            .producer
            .poll_space(&mut Context::from_waker(waker), control.wanted())
            .is_pending();
        self.end.tally().parks.add(u32::from(self.parked));
        self.parked
    }

    fn disarm(&mut self, control: &Control) {
        if self.parked {
            self.parked = false;
            let woken = self.has(control.wanted());
            self.end.tally().wakes.add(u32::from(woken));
        }
        self.producer.cancel_wait();
    }

    fn position(&self, control: &Control) -> u64 {
        self.end.position(self.producer.position(), control)
    }

    fn stats(&self, control: &Control) -> [f64; STATS_COUNT] {
        self.end
            .stats(self.producer.metrics(), self.position(control))
    }

    fn end(&self) -> &End {
        &self.end
    }
}
