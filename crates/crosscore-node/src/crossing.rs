//! The hot crossings by number, for callers that have nothing else: the express lane.
//!
//! They call neither Node nor V8, allocate nothing and do not panic. A number that is stale, of another thread or
//! made up is answered as a handle that has ended.

use crate::bytes::Bytes;
use crate::control::Control;
use crate::handle::HANDLES;
use crate::producer::ProducerPort;
use crate::side::{ENDED, Port};
use crate::text::Text;

/// What `look` answers when a flag is raised.
pub(crate) const FLAGGED: i32 = -1;

/// Publishes (producer) or releases (consumer) what is pending, among it `messages` that are not counted yet. The flags that
/// are raised, or 0.
#[inline]
pub(crate) fn publish(number: f64, messages: f64) -> i32 {
    let Some(slot) = HANDLES.mine(number) else {
        return ENDED as i32;
    };
    // SAFETY: INV-NODE-12: `mine` has asked for the thread, and a crossing calls nothing that comes back here.
    let Some(tenant) = (unsafe { slot.tenant() }) else {
        return ENDED as i32;
    };
    slot.hit();
    // The cast saturates. A wrong number is wrong in the statistics, and nowhere else.
    tenant.port.publish(&slot.control, messages as u32);
    slot.control.flags() as i32
}

/// Publishes what is pending and looks at the other side: bytes free or available, or [`FLAGGED`].
#[inline]
pub(crate) fn look(number: f64) -> i32 {
    let Some(slot) = HANDLES.mine(number) else {
        return FLAGGED;
    };
    // SAFETY: INV-NODE-12: as in `publish`.
    let Some(tenant) = (unsafe { slot.tenant() }) else {
        return FLAGGED;
    };
    slot.hit();
    tenant.port.look(&slot.control);
    if slot.control.flags() != 0 {
        return FLAGGED;
    }
    // At most 2^30, unless somebody scribbles: then it is wrong, as the word is.
    (slot.control.known() & i32::MAX as u32) as i32
}

/// Writes a string into the ring, and publishes if that is wanted and due. What it takes, or 0 if it was not written.
#[inline(always)]
pub(crate) fn push_string(number: f64, text: Text<'_>, publish: bool) -> i32 {
    // A ring has at most 2^30 bytes.
    on_producer(number, |port, control| {
        port.push_text(control, text, publish) as i32
    })
}

/// Writes bytes into the ring, and publishes if that is due. What they take, or 0 if they were not written.
#[inline(always)]
pub(crate) fn push_bytes(number: f64, bytes: Bytes<'_>) -> i32 {
    on_producer(number, |port, control| {
        port.push_bytes(control, bytes) as i32
    })
}

/// Writes a number into the ring and publishes it. 1, or 0 if it was not written: JavaScript knows why, or finds out.
#[inline]
pub(crate) fn push_number(number: f64, value: f64) -> i32 {
    on_producer(number, |port, control| {
        i32::from(port.push_number(control, value))
    })
}

/// What a producer of this thread answers; 0 where the number is of none.
#[inline(always)]
fn on_producer(number: f64, push: impl FnOnce(&mut ProducerPort, &Control) -> i32) -> i32 {
    let Some(slot) = HANDLES.mine(number) else {
        return 0;
    };
    // SAFETY: INV-NODE-12: as in `publish`.
    let Some(tenant) = (unsafe { slot.tenant() }) else {
        return 0;
    };
    slot.hit();
    match &mut tenant.port {
        Port::Producer(port) => push(port, &slot.control),
        _ => 0,
    }
}
