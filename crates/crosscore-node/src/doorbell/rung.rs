//! Which handles of an environment have been rung, and the one bell that tells its event loop so.
//!
//! # The protocol
//!
//! | step | who | what |
//! | --- | --- | --- |
//! | R1 | the other side's thread | marks the place as rung, under the lock of the set |
//! | R2 | the same, if the set was empty before | rings the bell, under the lock of the bell |
//! | L1 | the event loop, after the bell has been rung | takes all places out of the set, under its lock |
//! | E1 | the event loop, when the environment ends | takes the bell away, under the lock of the bell |
//!
//! No ring is lost: a place is marked until an L1 takes it out, and while any is marked there is an R2 to come, or a
//! bell that has been rung and not yet answered. R2 follows the R1 that finds the set empty; the set is empty again
//! only by an L1, after which the next R1 finds it so.
//!
//! None comes after the end: whoever is in R2 holds the lock that E1 waits for, and whoever comes later finds no bell.
//!
//! The two locks are never held together. The loop's thread does not ask for the bell's before its end, because
//! the ringer holds that one while the system wakes the loop, which on the same processor runs at once: if it then asked
//! for a lock that is held, the two would change places twice more for each ring.
//!
//! `crates/crosscore/tests/loom_doorbell.rs` has Loom explore this file.

use std::sync::PoisonError;

#[cfg(loom)]
use loom::sync::{Mutex, MutexGuard};
#[cfg(not(loom))]
use std::sync::{Mutex, MutexGuard};

/// What wakes an event loop. Rung while it is awake or rung twice, it wakes it once at least.
pub(crate) trait Bell {
    fn ring(&self);
}

/// The places that have been rung, each once, in the order in which they were.
#[derive(Debug, Default)]
struct Places {
    rung: Vec<u32>,
    marks: Vec<bool>,
}

/// An environment's bell and what it is rung for.
#[derive(Debug)]
pub(crate) struct Rung<B> {
    places: Mutex<Places>,
    bell: Mutex<Option<B>>,
}

impl<B: Bell> Rung<B> {
    pub(crate) fn new(bell: B) -> Self {
        Self {
            places: Mutex::new(Places::default()),
            bell: Mutex::new(Some(bell)),
        }
    }

    /// Any thread. R1, R2.
    pub(crate) fn ring(&self, place: u32) {
        let was_empty = {
            let mut places = lock(&self.places);
            let index = place as usize;
            if index >= places.marks.len() {
                places.marks.resize(index + 1, false);
            }
            if places.marks[index] {
                return;
            }
            places.marks[index] = true;
            places.rung.push(place);
            places.rung.len() == 1
        };
        if was_empty && let Some(bell) = &*lock(&self.bell) {
            bell.ring();
        }
    }

    /// The event loop's thread. L1: moves all places that have been rung into `taken`, which is empty.
    pub(crate) fn take(&self, taken: &mut Vec<u32>) {
        debug_assert!(taken.is_empty());
        let mut places = lock(&self.places);
        // The two take turns, so that neither thread allocates once both have grown.
        std::mem::swap(&mut places.rung, taken);
        for &place in &*taken {
            places.marks[place as usize] = false;
        }
    }

    /// The event loop's thread. E1: nobody rings after this has returned. The bell, if it was still there.
    pub(crate) fn close(&self) -> Option<B> {
        lock(&self.bell).take()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while one is held leaves a place that is rung once too often, at worst.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
