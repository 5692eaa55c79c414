//! One measurement: two pinned threads (or one), a warm-up, a meeting, and fixed work against the clock.

mod alone;
mod batch;
mod bulk;
mod bursts;
mod many_rings;
mod one_by_one;
mod polls;
mod round_trip;
mod threads;

pub use self::alone::alone;
pub use self::batch::{BATCH, batch};
pub use self::bulk::bulk;
pub use self::bursts::{BURST, bursts};
pub use self::many_rings::many_rings;
pub use self::one_by_one::one_by_one;
pub use self::polls::polls;
pub use self::round_trip::round_trip;

use crate::cpus::Cpus;

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub capacity: usize,
    /// Elements in the timed part.
    pub work: u64,
    /// Elements before it: at least two laps of the ring, so that its pages and the branch
    /// predictors have been there.
    pub warm_up: u64,
    pub cpus: Cpus,
}

/// What came of it.
#[derive(Debug)]
pub struct Sample {
    /// Per element, from the moment when both threads had met to when the last element was checked.
    pub ns: f64,
    pub pinned: bool,
    /// Share of the time in which a thread was ready to run and had no CPU.
    pub waited: f64,
    /// Each round trip, sorted, in ns. Empty for all other cases.
    pub round_trips: Vec<u32>,
}
