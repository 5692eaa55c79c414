//! The consumer's crossings.

use std::cell::UnsafeCell;
use std::sync::Arc;
use std::task::{Context, Waker};

use crosscore::{Consumer, Metrics};

use crate::control::{Control, FLAG_CLOSED, FLAG_CORRUPT, FLAG_DONE};
use crate::handle::Side;
use crate::memory::{RingMemory, SharedRing};
use crate::messages::Messages;
use crate::pacing::Pacing;
use crate::registry::Entry;

/// A consumer that has no thread, or is about to get one.
#[derive(Debug)]
pub(crate) struct ConsumerPort {
    pub(crate) consumer: Consumer<u8, RingMemory>,
    pub(crate) messages: Arc<Messages>,
    pub(crate) pacing: Pacing,
}

/// A consumer in an environment: what its bound functions work on.
#[derive(Debug)]
pub(crate) struct ConsumerSide {
    control: Control,
    /// `None` once closed or moved.
    port: UnsafeCell<Option<ConsumerPort>>,
}

impl ConsumerSide {
    /// The port, for the length of one crossing.
    ///
    /// # Safety
    ///
    /// INV-NODE-2: the caller is on the environment's thread and holds no other such borrow. The
    /// crossings below take one each and call neither JavaScript nor each other while they have it.
    #[expect(
        clippy::mut_from_ref,
        reason = "the cell is used by one thread, one crossing at a time"
    )]
    unsafe fn port(&self) -> &mut Option<ConsumerPort> {
        // SAFETY: INV-NODE-2: the caller's promise.
        unsafe { &mut *self.port.get() }
    }
}

/// Gives back what JavaScript has read since the last crossing.
#[inline]
fn release_pending(control: &Control, port: &mut ConsumerPort) {
    let (bytes, messages) = control.take_pending();
    // A look that has nothing to give back leaves the line of the cursor alone.
    if bytes > 0 {
        let consumer = &mut port.consumer;
        // JavaScript counts the elements itself; here its sum is checked against the cursors.
        if bytes > consumer.cached_available() && bytes > consumer.available() {
            return control.raise(FLAG_CORRUPT);
        }
        // SAFETY: INV-NODE-4: that many elements are there, as was just checked; bytes need no drop and
        // Rust has no reference to them.
        unsafe { consumer.release_raw(bytes) };
    }
    port.messages.received(messages);
}

impl Side for ConsumerSide {
    type Port = ConsumerPort;

    fn new(port: ConsumerPort) -> Self {
        Self {
            control: Control::new(),
            port: UnsafeCell::new(Some(port)),
        }
    }

    fn control(&self) -> &Control {
        &self.control
    }

    fn ring(port: &ConsumerPort) -> &Arc<SharedRing> {
        port.consumer.ring()
    }

    fn position(port: &ConsumerPort) -> u64 {
        port.consumer.position()
    }

    #[inline]
    unsafe fn publish(&self) {
        // SAFETY: INV-NODE-2: passed on.
        match unsafe { self.port() } {
            Some(port) => release_pending(&self.control, port),
            None => self.control.raise(FLAG_CLOSED | FLAG_DONE),
        }
    }

    unsafe fn look(&self) {
        // SAFETY: INV-NODE-2: passed on.
        let Some(port) = (unsafe { self.port() }) else {
            self.control.set_known(0);
            return self.control.raise(FLAG_CLOSED | FLAG_DONE);
        };
        release_pending(&self.control, port);
        port.pacing.before_look();
        // First the mark, then the tail: what was published before the mark is then seen
        // (INV-CLOSE-1).
        let closed = port.consumer.is_closed();
        let mut available = port.consumer.available();
        if available == 0 && !closed {
            available = port
                .pacing
                .linger(|looks| port.consumer.spin_for_data(looks));
        }
        port.pacing.after_look(available);
        self.control.set_known(available);
        if closed {
            let done = if available == 0 { FLAG_DONE } else { 0 };
            self.control.raise(FLAG_CLOSED | done);
        }
    }

    unsafe fn block(&self) {
        // SAFETY: INV-NODE-2: passed on.
        if let Some(port) = unsafe { self.port() } {
            release_pending(&self.control, port);
            // Whatever ended the wait, the look below tells what there is now.
            let _ = port
                .consumer
                .wait_for_data(self.control.wanted(), Some(self.control.slice()));
        }
        // SAFETY: INV-NODE-2: passed on.
        unsafe { self.look() };
    }

    unsafe fn arm(&self, waker: &Waker) -> bool {
        // SAFETY: INV-NODE-2: passed on.
        unsafe { self.port() }.as_mut().is_some_and(|port| {
            release_pending(&self.control, port);
            port.consumer
                .poll_data(&mut Context::from_waker(waker), self.control.wanted())
                .is_pending()
        })
    }

    unsafe fn disarm(&self) {
        // SAFETY: INV-NODE-2: passed on.
        if let Some(port) = unsafe { self.port() } {
            port.consumer.cancel_wait();
        }
    }

    unsafe fn metrics(&self) -> Option<(Metrics, (u64, u64))> {
        // SAFETY: INV-NODE-2: passed on.
        let port = unsafe { self.port() }.as_ref()?;
        Some((port.consumer.metrics(), port.messages.counts()))
    }

    unsafe fn take(&self) -> Option<ConsumerPort> {
        // SAFETY: INV-NODE-2: passed on.
        let port = unsafe { self.port() };
        if let Some(port) = port {
            port.consumer.cancel_wait();
            release_pending(&self.control, port);
        }
        port.take()
    }

    fn into_entry(port: ConsumerPort) -> Entry {
        Entry::Consumer(port)
    }
}
