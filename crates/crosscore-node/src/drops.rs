//! What a producer has dropped because it found no room and was not to wait, and where it is missing.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Places that are remembered until the consumer asks for them.
const MOST: usize = 1 << 16;

/// So many are missing before the `at`-th element or message that the ring carried, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) at: u64,
    pub(crate) count: u64,
}

/// The drops of a ring: what its ends share of them (INV-NODE-13).
///
/// A push that finds room, and a read, know nothing of it. The lock is held for an operation of the list, and by the
/// consumer while it copies what it asked for.
#[derive(Debug, Default)]
pub(crate) struct Drops(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    dropped: u64,
    /// By place, each once: none is empty.
    gaps: VecDeque<Gap>,
    /// Of the gaps that the consumer has been told.
    told: u64,
}

impl Drops {
    fn log(&self) -> MutexGuard<'_, Log> {
        // Nothing that holds it panics halfway: counts and places are plain numbers.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The producer has dropped so many, having written `at` before. Whoever reads what is written after this call finds
    /// the gap: the lock is taken before the publication, and again after the look that has found what it published.
    pub(crate) fn add(&self, at: u64, count: u64) {
        if count == 0 {
            return;
        }
        let mut log = self.log();
        log.dropped += count;
        let full = log.gaps.len() >= MOST;
        match log.gaps.back_mut() {
            Some(last) if full || last.at >= at => last.count += count,
            _ => log.gaps.push_back(Gap { at, count }),
        }
    }

    /// The gaps before what the consumer reads next, having read so many; each is told once.
    pub(crate) fn take(&self, read: u64) -> Vec<Gap> {
        let mut log = self.log();
        let passed = log.gaps.partition_point(|gap| gap.at <= read);
        let gaps: Vec<_> = log.gaps.drain(..passed).collect();
        log.told += gaps.iter().map(|gap| gap.count).sum::<u64>();
        gaps
    }

    /// How many were dropped, and how many of them before what the consumer reads next, having read so many.
    pub(crate) fn counts(&self, read: u64) -> (u64, u64) {
        let log = self.log();
        let passed = log.gaps.iter().take_while(|gap| gap.at <= read);
        (
            log.dropped,
            log.told + passed.map(|gap| gap.count).sum::<u64>(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(at: u64, count: u64) -> Gap {
        Gap { at, count }
    }

    // INV-NODE-13
    #[test]
    fn a_gap_is_told_once_to_a_consumer_that_has_come_to_it() {
        let drops = Drops::default();
        drops.add(2, 1);
        drops.add(2, 2);
        drops.add(5, 4);
        drops.add(5, 0);
        assert_eq!(drops.counts(1), (7, 0));
        assert_eq!(drops.take(1), []);
        assert_eq!(drops.counts(2), (7, 3));
        assert_eq!(drops.take(2), [gap(2, 3)]);
        assert_eq!(drops.take(4), []);
        // Nothing was written since.
        drops.add(5, 1);
        assert_eq!(drops.take(9), [gap(5, 5)]);
        assert_eq!(drops.take(9), []);
        assert_eq!(drops.counts(9), (8, 8));
    }

    #[test]
    fn what_was_told_of_a_place_is_not_all_of_it_while_more_is_dropped_there() {
        let drops = Drops::default();
        drops.add(3, 1);
        assert_eq!(drops.take(3), [gap(3, 1)]);
        drops.add(3, 1);
        assert_eq!(drops.take(3), [gap(3, 1)]);
        assert_eq!(drops.counts(3), (2, 2));
    }

    // INV-NODE-13
    #[test]
    fn the_list_has_a_bound_and_the_count_has_none() {
        let drops = Drops::default();
        let most = MOST as u64;
        for at in 0..most + 10 {
            drops.add(at, 1);
        }
        let gaps = drops.take(u64::MAX);
        assert_eq!(gaps.len(), MOST);
        assert_eq!(gaps[MOST - 2], gap(most - 2, 1));
        assert_eq!(gaps[MOST - 1], gap(most - 1, 11));
        // Asking makes room again.
        drops.add(most + 10, 1);
        assert_eq!(drops.take(u64::MAX), [gap(most + 10, 1)]);
        assert_eq!(drops.counts(u64::MAX), (most + 11, most + 11));
    }
}
