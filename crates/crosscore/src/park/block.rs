//! Blocking a thread on a slot.

use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;
use std::time::{Duration, Instant};

use super::slot::{Parked, WakerSlot};
use super::spin::SpinBudget;
use crate::sync::thread;

/// When a wait gives up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// After `timeout`, or never. One that is too far for the clock is never.
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        Self(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// What is left: `Err` when it is past, `Ok(None)` when there is no end.
    fn left(self) -> Result<Option<Duration>, ()> {
        match self.0 {
            None => Ok(None),
            Some(end) => match end.saturating_duration_since(Instant::now()) {
                Duration::ZERO => Err(()),
                left => Ok(Some(left)),
            },
        }
    }
}

/// A parked thread as a waker. `std`'s parker sleeps on a futex on Linux, on `WaitOnAddress` on
/// Windows and on the platform's own primitive on macOS.
struct ParkedThread(thread::Thread);

impl Wake for ParkedThread {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Spins, yields, then sleeps until `ready` says yes; false when the deadline comes first.
///
/// # Safety
///
/// INV-PARK-2: the caller is the one side that parks on this slot.
pub(crate) unsafe fn block_until(
    slot: &WakerSlot,
    budget: &mut SpinBudget,
    deadline: Deadline,
    mut ready: impl FnMut() -> bool,
) -> bool {
    if ready() {
        return true;
    }
    if deadline.left().is_err() {
        return false;
    }
    if slot.is_parked() {
        // A task has waited here before, and has stopped: it is not to be woken by what this wait is for.
        // SAFETY: INV-PARK-2: passed on.
        unsafe { slot.retract() };
    }
    if budget.spin(&mut ready) {
        return true;
    }
    let waker = Waker::from(Arc::new(ParkedThread(thread::current())));
    let asleep = Instant::now();
    loop {
        // SAFETY: INV-PARK-2: passed on.
        if unsafe { slot.park(&waker, &mut ready) } == Parked::No {
            budget.need_not_have_slept();
            return true;
        }
        // A permit that is left over from an earlier wait, or a spurious return, changes nothing:
        // the slot tells whether somebody has woken this thread.
        while slot.is_parked() {
            if !sleep(deadline) {
                // SAFETY: INV-PARK-2: passed on.
                unsafe { slot.retract() };
                // The wake-up may have come too late for the clock, what it was for has not.
                return ready();
            }
        }
        if ready() {
            // SAFETY: INV-PARK-2: passed on.
            unsafe { slot.retract() };
            budget.has_slept(asleep.elapsed());
            return true;
        }
    }
}

/// Sleeps until somebody wakes this thread or the deadline has come; false if it had come before.
fn sleep(deadline: Deadline) -> bool {
    match deadline.left() {
        Ok(None) => thread::park(),
        #[cfg(not(loom))]
        Ok(Some(left)) => thread::park_timeout(left),
        // Loom has no clock: the time is over instead of slept through, which can be before or after
        // any step of the other side.
        #[cfg(loom)]
        Ok(Some(_)) => return false,
        Err(()) => return false,
    }
    true
}
