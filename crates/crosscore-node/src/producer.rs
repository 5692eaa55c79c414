//! The producer's crossings.

use std::cell::UnsafeCell;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Waker};

use crosscore::{Metrics, Producer};
use napi::sys;

use crate::control::{Control, FLAG_CLOSED, FLAG_CORRUPT};
use crate::handle::{Bound, Side, bind, bound_of, flagged};
use crate::memory::{RingMemory, SharedRing};
use crate::messages::Messages;
use crate::registry::Entry;

/// A producer that has no thread, or is about to get one.
#[derive(Debug)]
pub(crate) struct ProducerPort {
    pub(crate) producer: Producer<u8, RingMemory>,
    pub(crate) messages: Arc<Messages>,
}

/// A producer in an environment: what its bound functions work on.
#[derive(Debug)]
pub(crate) struct ProducerSide {
    control: Control,
    /// `None` once closed or moved.
    port: UnsafeCell<Option<ProducerPort>>,
}

impl ProducerSide {
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
    unsafe fn port(&self) -> &mut Option<ProducerPort> {
        // SAFETY: INV-NODE-2: the caller's promise.
        unsafe { &mut *self.port.get() }
    }
}

impl ProducerSide {
    /// The publication edge, for what is pending and one element behind it.
    ///
    /// # Safety
    ///
    /// INV-NODE-2: as for the functions of [`Side`].
    #[inline]
    pub(crate) unsafe fn publish_element(&self) {
        // SAFETY: INV-NODE-2: passed on.
        match unsafe { self.port() } {
            Some(port) => publish_counted(&self.control, port, self.control.take_element()),
            None => self.control.raise(FLAG_CLOSED),
        }
    }
}

/// Publishes what JavaScript has written since the last crossing.
#[inline]
fn publish_pending(control: &Control, port: &mut ProducerPort) {
    publish_counted(control, port, control.take_pending());
}

/// Publishes what JavaScript has counted: bytes and messages.
#[inline]
fn publish_counted(control: &Control, port: &mut ProducerPort, (bytes, messages): (usize, u32)) {
    let producer = &mut port.producer;
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
    }
    port.messages.sent(messages);
}

/// `publishElement()`: the hot call where each element is published.
unsafe extern "C" fn publish_element(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: INV-NODE-1: called by Node with its own arguments.
    if let Some(bound) = unsafe { bound_of::<ProducerSide>(env, info) } {
        // SAFETY: INV-NODE-2: on the environment's thread, and nothing below calls JavaScript.
        unsafe { bound.side.publish_element() };
        return flagged(env, bound.side.control());
    }
    ptr::null_mut()
}

impl Side for ProducerSide {
    type Port = ProducerPort;

    fn new(port: ProducerPort) -> Self {
        Self {
            control: Control::new(),
            port: UnsafeCell::new(Some(port)),
        }
    }

    fn control(&self) -> &Control {
        &self.control
    }

    fn ring(port: &ProducerPort) -> &Arc<SharedRing> {
        port.producer.ring()
    }

    fn position(port: &ProducerPort) -> u64 {
        port.producer.position()
    }

    #[inline]
    unsafe fn publish(&self) {
        // SAFETY: INV-NODE-2: passed on.
        match unsafe { self.port() } {
            Some(port) => publish_pending(&self.control, port),
            None => self.control.raise(FLAG_CLOSED),
        }
    }

    unsafe fn look(&self) {
        // SAFETY: INV-NODE-2: passed on.
        match unsafe { self.port() } {
            Some(port) => {
                publish_pending(&self.control, port);
                self.control.set_known(port.producer.free_slots());
            }
            None => {
                self.control.set_known(0);
                self.control.raise(FLAG_CLOSED);
            }
        }
    }

    unsafe fn block(&self) {
        // SAFETY: INV-NODE-2: passed on.
        if let Some(port) = unsafe { self.port() } {
            publish_pending(&self.control, port);
            // Whatever ended the wait, the look below tells what there is now.
            let _ = port
                .producer
                .wait_for_space(self.control.wanted(), Some(self.control.slice()));
        }
        // SAFETY: INV-NODE-2: passed on.
        unsafe { self.look() };
    }

    unsafe fn arm(&self, waker: &Waker) -> bool {
        // SAFETY: INV-NODE-2: passed on.
        unsafe { self.port() }.as_mut().is_some_and(|port| {
            publish_pending(&self.control, port);
            port.producer
                .poll_space(&mut Context::from_waker(waker), self.control.wanted())
                .is_pending()
        })
    }

    unsafe fn disarm(&self) {
        // SAFETY: INV-NODE-2: passed on.
        if let Some(port) = unsafe { self.port() } {
            port.producer.cancel_wait();
        }
    }

    unsafe fn metrics(&self) -> Option<(Metrics, (u64, u64))> {
        // SAFETY: INV-NODE-2: passed on.
        let port = unsafe { self.port() }.as_ref()?;
        Some((port.producer.metrics(), port.messages.counts()))
    }

    unsafe fn take(&self) -> Option<ProducerPort> {
        // SAFETY: INV-NODE-2: passed on.
        let port = unsafe { self.port() };
        if let Some(port) = port {
            port.producer.cancel_wait();
            // A push that has returned true is part of the stream, published or not.
            publish_pending(&self.control, port);
        }
        port.take()
    }

    fn into_entry(port: ProducerPort) -> Entry {
        Entry::Producer(port)
    }

    fn bind_own(
        env: sys::napi_env,
        bound: &Arc<Bound<Self>>,
        object: sys::napi_value,
    ) -> napi::Result<()> {
        bind(env, bound, object, c"publishElement", publish_element)
    }
}
