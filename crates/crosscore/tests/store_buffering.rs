//! Real threads try to lose a wake-up, with each strategy that the platform has.
//!
//! `CROSSCORE_SOAK_ROUNDS` makes it longer; `examples/soak.rs` is for millions. That these tests would
//! notice, `scripts/soak.mjs --mutants` shows: they fail when a fence is taken away.

#![cfg(all(not(loom), feature = "std"))]

mod stress;

use std::sync::{Mutex, PoisonError};

/// Each test needs two processors, and there may be no more.
static ALONE: Mutex<()> = Mutex::new(());

/// A quarter of it where both threads spin between the rounds.
fn rounds() -> u64 {
    std::env::var("CROSSCORE_SOAK_ROUNDS").map_or(20_000, |rounds| rounds.parse().unwrap())
}

// INV-PARK-1
#[test]
#[cfg_attr(miri, ignore = "Miri starts no processes")]
fn publishing_and_parking_at_the_same_moment() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let this = "publishing_and_parking_at_the_same_moment";
    stress::in_each_strategy(&["--exact", this, "--nocapture"], || {
        stress::push_against_park(rounds() / 4);
        stress::pop_against_park(rounds() / 4);
    });
}

// INV-PARK-1, INV-PARK-2
#[test]
#[cfg_attr(miri, ignore = "Miri starts no processes")]
fn both_sides_park_for_every_element() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let this = "both_sides_park_for_every_element";
    stress::in_each_strategy(&["--exact", this, "--nocapture"], || {
        let rounds = rounds();
        for progress in [stress::ping_pong(rounds), stress::one_slot(rounds)] {
            // Or else this tests something else. Now and then the other side is quick enough.
            if let Some(sleeps) = progress.sleeps() {
                assert!(sleeps >= rounds / 10, "{sleeps} sleeps");
            }
        }
    });
}
