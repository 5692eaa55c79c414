//! What a side that waits finds when it looks: the same for a thread that blocks and for a task.

use crate::cursors::Cursors;
use crate::error::WaitError;

/// What a producer finds when it looks: enough room, a closed ring, or neither.
///
/// # Safety
///
/// INV-SW-1: the caller is the producer. INV-SEQ-4: `own` is its position.
#[inline]
pub(crate) unsafe fn space(
    cursors: &Cursors,
    own: u64,
    wanted: u64,
) -> Option<Result<usize, WaitError>> {
    if cursors.is_closed_for_producer() {
        return Some(Err(WaitError::Closed));
    }
    // SAFETY: INV-SW-1, INV-SEQ-4: passed on.
    let free = unsafe { cursors.free_now(own) }.count;
    (free >= wanted).then_some(Ok(free as usize))
}

/// What a consumer finds when it looks: enough elements, the last ones, a drained ring, or neither.
///
/// # Safety
///
/// INV-SW-2: the caller is the consumer. INV-SEQ-4: `own` is its position.
#[inline]
pub(crate) unsafe fn data(
    cursors: &Cursors,
    own: u64,
    wanted: u64,
) -> Option<Result<usize, WaitError>> {
    if cursors.consumer_has_closed() {
        return Some(Err(WaitError::Closed));
    }
    // First the mark, then the tail (INV-CLOSE-1).
    let closed = cursors.producer_has_closed();
    // SAFETY: INV-SW-2, INV-SEQ-4: passed on.
    let available = unsafe { cursors.available_now(own) }.count;
    match available {
        0 if closed => Some(Err(WaitError::Closed)),
        _ if closed || available >= wanted => Some(Ok(available as usize)),
        _ => None,
    }
}

/// Between 1 and the capacity: more can never be had.
#[inline]
pub(crate) fn within_capacity(n: usize, cursors: &Cursors) -> u64 {
    (n as u64).clamp(1, cursors.capacity())
}
