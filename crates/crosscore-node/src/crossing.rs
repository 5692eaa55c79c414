//! The hot crossings by number, for callers that have nothing else: the express lane.
//!
//! They call neither Node nor V8, allocate nothing and do not panic. A number that is stale, of another thread or
//! made up is answered as a handle that has ended.

use crate::handle::HANDLES;
use crate::side::{ENDED, Port};

/// What `look` answers when a flag is raised.
pub(crate) const FLAGGED: i32 = -1;

/// Publishes (producer) or releases (consumer) what is pending and `bytes` more. The flags that are raised, or 0.
#[inline]
pub(crate) fn publish(number: f64, bytes: f64) -> i32 {
    let Some(slot) = HANDLES.mine(number) else {
        return ENDED as i32;
    };
    // SAFETY: INV-NODE-12: `mine` has asked for the thread, and a crossing calls nothing that comes back here.
    let Some(tenant) = (unsafe { slot.tenant() }) else {
        return ENDED as i32;
    };
    slot.hit();
    // The cast saturates, and what is too much is CORRUPT, as is what is negative. Signed, as in `mine`.
    tenant.port.publish(&slot.control, bytes as i64 as usize);
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

/// Writes a string into the ring and publishes it where each push is published. What it takes is left as the answer, if it
/// was written.
#[inline]
pub(crate) fn push_string(number: f64, text: &[u8]) {
    let Some(slot) = HANDLES.mine(number) else {
        return;
    };
    // SAFETY: INV-NODE-12: as in `publish`.
    let Some(tenant) = (unsafe { slot.tenant() }) else {
        return;
    };
    slot.hit();
    if let Port::Producer(port) = &mut tenant.port {
        let answer = port.push_latin1(&slot.control, text);
        slot.control.set_answer(answer);
    }
}
