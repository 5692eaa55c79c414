//! The consumer's crossings.

use std::task::{Context, Waker};
use std::time::Duration;

use crosscore::{Consumer, Metrics, WaitError};

use crate::control::{Control, FLAG_CLOSED, FLAG_CORRUPT, FLAG_DONE};
use crate::memory::RingMemory;
use crate::pacing::Pacing;
use crate::shared::End;
use crate::side::Side;

/// A consumer, in an environment or on its way to one.
#[derive(Debug)]
pub(crate) struct ConsumerPort {
    pub(crate) consumer: Consumer<u8, RingMemory>,
    /// Dropped after the consumer: then the ring is closed on this side.
    pub(crate) end: End,
    pub(crate) pacing: Pacing,
    /// A waker was left with the producer.
    parked: bool,
}

impl ConsumerPort {
    pub(crate) fn new(consumer: Consumer<u8, RingMemory>, end: End) -> Self {
        Self {
            pacing: Pacing::new(consumer.capacity()),
            consumer,
            end,
            parked: false,
        }
    }

    /// Tells JavaScript what a look has found of the other side.
    fn tell(control: &Control, closed: bool, available: usize) {
        if closed {
            let done = if available == 0 { FLAG_DONE } else { 0 };
            control.raise(FLAG_CLOSED | done);
        }
    }
}

impl Drop for ConsumerPort {
    fn drop(&mut self) {
        self.end.set_received(self.consumer.metrics().received);
    }
}

impl Side for ConsumerPort {
    /// Gives back what JavaScript has read since the last crossing.
    #[inline]
    fn publish(&mut self, control: &Control, messages: u32) {
        let bytes = control.pending(self.consumer.position());
        let messages = control.take_messages().saturating_add(messages);
        // A look that has nothing to give back leaves the line of the cursor alone.
        if bytes > 0 {
            let consumer = &mut self.consumer;
            // JavaScript counts the elements itself; here its sum is checked against the cursors.
            if bytes > consumer.cached_available() && bytes > consumer.available() {
                return control.raise(FLAG_CORRUPT);
            }
            // SAFETY: INV-NODE-4: that many elements are there, as was just checked; bytes need no drop and
            // Rust has no reference to them.
            unsafe { consumer.release_raw(bytes) };
            control.set_done(consumer.position());
        }
        self.end.messages(messages);
    }

    fn look(&mut self, control: &Control) {
        self.publish(control, 0);
        self.end.refusals(control.take_refused());
        self.pacing.before_look();
        // First the mark, then the tail: what was published before the mark is then seen
        // (INV-CLOSE-1).
        let closed = self.consumer.is_closed();
        let mut available = self.consumer.available();
        if available == 0 && !closed {
            available = self
                .pacing
                .linger(|looks| self.consumer.spin_for_data(looks));
        }
        self.pacing.after_look(available);
        control.set_found(self.consumer.position(), available);
        Self::tell(control, closed, available);
    }

    fn ask(&mut self, control: &Control) {
        let closed = self.consumer.is_closed();
        let available = self.consumer.available();
        let position = self.consumer.position();
        control.set_found(position, available);
        let available = available.saturating_sub(control.pending(position));
        control.set_known(available);
        Self::tell(control, closed, available);
    }

    fn has(&self, wanted: usize) -> bool {
        self.consumer.is_closed() || self.consumer.available() >= wanted
    }

    fn wait(&mut self, wanted: usize, time: Option<Duration>) -> Result<usize, WaitError> {
        self.consumer.wait_for_data(wanted, time)
    }

    fn leave(&mut self, waker: &Waker, wanted: usize) -> bool {
        let mut context = Context::from_waker(waker);
        self.consumer.poll_data(&mut context, wanted).is_pending()
    }

    fn take_back(&mut self) {
        self.consumer.cancel_wait();
    }

    fn cursor(&self) -> u64 {
        self.consumer.position()
    }

    fn metrics(&self) -> Metrics {
        self.consumer.metrics()
    }

    fn end(&self) -> &End {
        &self.end
    }

    fn parked(&mut self) -> &mut bool {
        &mut self.parked
    }
}
