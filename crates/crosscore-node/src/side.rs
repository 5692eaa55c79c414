//! What producers and consumers have in common, seen from a crossing. Nothing here knows Node.

use std::task::Waker;
use std::time::Duration;

use crosscore::{Metrics, WaitError};

use crate::consumer::ConsumerPort;
use crate::control::{Control, FLAG_CLOSED, FLAG_DONE, STATS_COUNT};
use crate::producer::ProducerPort;
use crate::shared::End;

/// One end of a ring: what its crossings do, with the numbers that JavaScript left in the control block.
pub(crate) trait Side {
    /// The publication edge: publishes or releases the pending bytes, among them `messages` that are not counted yet.
    fn publish(&mut self, control: &Control, messages: u32);
    /// The publication edge, then a look at the other side's cursor.
    fn look(&mut self, control: &Control);
    /// A look that publishes nothing and counts nothing.
    fn ask(&mut self, control: &Control);
    /// Whether so many bytes are there, or never will be.
    fn has(&self, wanted: usize) -> bool;
    /// Blocks this thread until so many bytes are there, or never will be, or that time is over.
    fn wait(&mut self, wanted: usize, time: Option<Duration>) -> Result<usize, WaitError>;
    /// Leaves the waker with the other side unless so many bytes are there; whether it did.
    fn leave(&mut self, waker: &Waker, wanted: usize) -> bool;
    /// Takes the waker back.
    fn take_back(&mut self);
    /// The position up to which this side has published or released.
    fn cursor(&self) -> u64;
    fn metrics(&self) -> Metrics;
    fn end(&self) -> &End;
    /// Whether a waker was left and has not been accounted for.
    fn parked(&mut self) -> &mut bool;

    /// Blocks this thread until what is wanted is there, for a slice of time at most; then looks.
    fn block(&mut self, control: &Control) {
        self.publish(control, 0);
        let wanted = control.wanted();
        if !self.has(wanted) {
            self.end().tally().parks.add(1);
            // Whatever ended the wait, the look below tells what there is now.
            let woken = self.wait(wanted, Some(control.slice())).is_ok();
            self.end().tally().wakes.add(u32::from(woken));
        }
        self.look(control);
    }

    /// Leaves `waker` with the other side unless what is wanted is there; tells whether it did.
    fn arm(&mut self, control: &Control, waker: &Waker) -> bool {
        self.publish(control, 0);
        let woken = *self.parked();
        let parked = self.leave(waker, control.wanted());
        *self.parked() = parked;
        self.end().tally().wakes.add(u32::from(woken));
        self.end().tally().parks.add(u32::from(parked));
        parked
    }

    /// Takes the waker back.
    fn disarm(&mut self, control: &Control) {
        if std::mem::take(self.parked()) {
            let woken = self.has(control.wanted());
            self.end().tally().wakes.add(u32::from(woken));
        }
        self.take_back();
    }

    /// Elements or messages that JavaScript has written (producer) or read (consumer), pending or not.
    fn position(&self, control: &Control) -> u64 {
        self.end().position(self.cursor(), control)
    }

    fn stats(&self, control: &Control) -> [f64; STATS_COUNT] {
        self.end().stats(self.metrics(), self.position(control))
    }
}

/// An end of either side, or none any more.
#[derive(Debug, Default)]
pub(crate) enum Port {
    Producer(ProducerPort),
    Consumer(ConsumerPort),
    /// Closed or moved.
    #[default]
    Ended,
}

/// The flags of a handle that has ended.
pub(crate) const ENDED: u32 = FLAG_CLOSED | FLAG_DONE;

impl Port {
    /// `None` once it has ended.
    #[inline]
    pub(crate) fn side(&mut self) -> Option<&mut dyn Side> {
        match self {
            Self::Producer(port) => Some(port),
            Self::Consumer(port) => Some(port),
            Self::Ended => None,
        }
    }

    /// Whether anything is pending.
    pub(crate) fn owes(&self, control: &Control) -> bool {
        let position = match self {
            Self::Producer(port) => port.cursor(),
            Self::Consumer(port) => port.cursor(),
            Self::Ended => return false,
        };
        control.pending(position) != 0
    }

    /// The publication edge.
    #[inline(always)]
    pub(crate) fn publish(&mut self, control: &Control, messages: u32) {
        match self {
            Self::Producer(port) => port.publish(control, messages),
            Self::Consumer(port) => port.publish(control, messages),
            Self::Ended => control.raise(ENDED),
        }
    }

    /// The publication edge and a look.
    #[inline]
    pub(crate) fn look(&mut self, control: &Control) {
        match self {
            Self::Producer(port) => port.look(control),
            Self::Consumer(port) => port.look(control),
            Self::Ended => {
                control.set_known(0);
                control.raise(ENDED);
            }
        }
    }

    /// Publishes what is pending, leaves no waker behind, and gives the end away. `Ended` if it is gone already.
    pub(crate) fn take(&mut self, control: &Control) -> Self {
        if let Some(side) = self.side() {
            side.disarm(control);
            // A push that has returned true is part of the stream, published or not.
            side.publish(control, 0);
            side.end().refusals(control.take_refused());
        }
        std::mem::take(self)
    }
}
