//! The producer's crossings.

use std::task::{Context, Waker};
use std::time::Duration;

use crosscore::{Metrics, Producer, WaitError};

use crate::ahead::ask_for_lines;
use crate::control::{Control, FLAG_CLOSED, FLAG_CORRUPT};
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
    parked: bool,
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
            ask_for_lines(producer, bytes);
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

    fn has(&self, wanted: usize) -> bool {
        self.producer.is_closed() || self.producer.free_slots() >= wanted
    }

    fn wait(&mut self, wanted: usize, time: Option<Duration>) -> Result<usize, WaitError> {
        self.producer.wait_for_space(wanted, time)
    }

    fn leave(&mut self, waker: &Waker, wanted: usize) -> bool {
        let mut context = Context::from_waker(waker);
        self.producer.poll_space(&mut context, wanted).is_pending()
    }

    fn take_back(&mut self) {
        self.producer.cancel_wait();
    }

    fn cursor(&self) -> u64 {
        self.producer.position()
    }

    fn metrics(&self) -> Metrics {
        self.producer.metrics()
    }

    fn end(&self) -> &End {
        &self.end
    }

    fn parked(&mut self) -> &mut bool {
        &mut self.parked
    }
}
