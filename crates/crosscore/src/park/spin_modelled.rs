//! `spin.rs` for Loom, which has no time and explores every schedule anyway: one look, then sleep.

use std::time::Duration;

use crate::sync::thread;

/// Nothing to remember.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpinBudget;

impl SpinBudget {
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) fn spin(&mut self, ready: impl FnOnce() -> bool) -> bool {
        ready()
    }

    pub(crate) fn has_slept(&mut self, _time: Duration) {}

    pub(crate) fn need_not_have_slept(&mut self) {}
}

pub(super) fn longest() -> Duration {
    Duration::ZERO
}

/// Lets the other side take its next step.
pub(super) fn back_off(looks: u32) {
    // Loom drops the handles of a model that has failed, and then nobody runs who could end this.
    assert!(looks < 1_000, "nobody gives the slot back");
    thread::yield_now();
}
