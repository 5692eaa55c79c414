//! Blocking a thread on a slot.

use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;
use std::time::{Duration, Instant};

use super::slot::WakerSlot;
use super::spin::SpinBudget;
use crate::sync::thread;

/// The longest sleep where a wake-up is not certain, because the system has refused the barrier that it
/// had granted.
const SLICE: Duration = Duration::from_millis(10);

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

/// Spins, yields, then sleeps until `look` finds something; `None` when the deadline comes first.
///
/// # Safety
///
/// INV-PARK-2: the caller is the one side that parks on this slot.
pub(crate) unsafe fn block_until<R>(
    slot: &WakerSlot,
    budget: &mut SpinBudget,
    deadline: Deadline,
    mut look: impl FnMut() -> Option<R>,
) -> Option<R> {
    let mut found = look();
    if found.is_some() || deadline.left().is_err() {
        return found;
    }
    if slot.is_parked() {
        // A task has waited here before, and has stopped: it is not to be woken by what this wait is for.
        // SAFETY: INV-PARK-2: passed on.
        unsafe { slot.retract() };
    }
    let spun = budget.spin(|| {
        found = look();
        found.is_some()
    });
    if spun {
        return found;
    }
    let waker = Waker::from(Arc::new(ParkedThread(thread::current())));
    let asleep = Instant::now();
    loop {
        // SAFETY: INV-PARK-2: passed on.
        found = unsafe { slot.park(&waker, &mut look) };
        if found.is_some() {
            budget.need_not_have_slept();
            return found;
        }
        // A permit that is left over from an earlier wait, or a spurious return, changes nothing:
        // the slot tells whether somebody has woken this thread.
        while slot.is_parked() {
            // SAFETY: INV-PARK-2: passed on.
            let certain = unsafe { slot.is_certain() };
            if !certain {
                found = look();
            }
            if found.is_some() {
                // SAFETY: INV-PARK-2: passed on.
                unsafe { slot.retract() };
                return found;
            }
            if !sleep(deadline, (!certain).then_some(SLICE)) {
                // SAFETY: INV-PARK-2: passed on.
                unsafe { slot.retract() };
                // The wake-up may have come too late for the clock, what it was for has not.
                return look();
            }
        }
        found = look();
        if found.is_some() {
            // SAFETY: INV-PARK-2: passed on.
            unsafe { slot.retract() };
            budget.has_slept(asleep.elapsed());
            return found;
        }
    }
}

/// Sleeps until somebody wakes this thread, the deadline has come or a slice is over; false if the deadline
/// had come before.
fn sleep(deadline: Deadline, slice: Option<Duration>) -> bool {
    let Ok(left) = deadline.left() else {
        return false;
    };
    match left.into_iter().chain(slice).min() {
        None => thread::park(),
        #[cfg(not(loom))]
        Some(time) => thread::park_timeout(time),
        // Loom has no clock: the time is over instead of slept through, which can be before or after
        // any step of the other side.
        #[cfg(loom)]
        Some(_) => return false,
    }
    true
}
