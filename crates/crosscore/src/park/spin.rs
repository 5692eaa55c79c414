//! How long it pays to look again before sleeping.

use core::num::NonZeroUsize;
use std::time::{Duration, Instant};

use once_cell::race::OnceNonZeroUsize;

use crate::sync::thread;

/// The longest spin. A park and a wake across cores cost 20 to 55 µs where this was measured (a
/// virtual machine; bare metal is nearer to 5 to 10), and to spin for about as long as sleeping would
/// cost is at most twice as bad as knowing the future (Karlin et al., "Competitive randomized
/// algorithms for nonuniform problems", 1990).
const LONGEST: Duration = Duration::from_micros(20);

/// The longest spin of this process: [`LONGEST`], or the microseconds that `CROSSCORE_SPIN` in the
/// environment says. 0 is to sleep at once, without a yield: for threads that share one processor
/// with others who need it, and for tests of sleeping.
pub(super) fn longest() -> Duration {
    // One more than the microseconds. No lock, so that a forked child waits for nobody (handshake.rs).
    static CHOSEN: OnceNonZeroUsize = OnceNonZeroUsize::new();
    let chosen = CHOSEN.get_or_init(|| {
        let micros = std::env::var("CROSSCORE_SPIN")
            .ok()
            .and_then(|micros| micros.parse().ok())
            .map_or(LONGEST.as_micros() as usize, |micros: u32| micros as usize);
        NonZeroUsize::MIN.saturating_add(micros)
    });
    Duration::from_micros(chosen.get() as u64 - 1)
}

/// Looks in one round before the budget is consulted. Between two looks there is a pause that
/// doubles: a look takes the line from the other side, who needs it to publish.
const LOOKS: u32 = 8;
const LONGEST_PAUSE: u32 = 64;

/// Times that the processor is offered to somebody else before sleeping, where spinning has paid lately.
/// Where it has not, to sleep is the better offer: two threads that answer each other on one processor
/// took 13 µs for a round trip with these yields and 7 µs without (Linux 6.18, whose scheduler lets
/// `sched_yield` run on for most of a slice).
const YIELDS: u32 = 3;

/// A sleep that is this long is a long one.
const LONG: Duration = Duration::from_millis(1);

/// A side that no longer spins tries again after so many waits, first and at most: or two threads that have
/// both come to sleep at once would never find out that they could see each other spin again. The try is
/// for three times the longest spin, since the other side has to wake up before it can answer; at the most
/// that is 60 µs / 128, half a microsecond for each wait.
const PROBES: core::ops::RangeInclusive<u32> = 8..=128;
const PROBE: u32 = 3 * 64;

/// How much spinning has paid lately, for one side of a ring.
///
/// It begins in the middle, doubles when spinning was enough and halves when a short sleep was, down to none,
/// so that two threads on one processor, who can never see each other spin, soon stop trying.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpinBudget {
    /// In 64ths of the longest spin.
    share: u32,
    /// Waits without a spin until the next try.
    until_probe: u32,
    /// Waits without a spin after that, if it fails.
    interval: u32,
}

impl SpinBudget {
    pub(crate) const fn new() -> Self {
        Self {
            share: 16,
            until_probe: *PROBES.start(),
            interval: *PROBES.start(),
        }
    }

    /// Looks again and again, for a bounded time; true as soon as `ready` says so.
    pub(crate) fn spin(&mut self, mut ready: impl FnMut() -> bool) -> bool {
        if !longest().is_zero() {
            let share = self.next_share();
            if share > 0 {
                if spin_a_while(share, &mut ready) {
                    self.share = share.saturating_mul(2).min(64);
                    self.interval = *PROBES.start();
                    return true;
                }
                for _ in 0..YIELDS {
                    if ready() {
                        return true;
                    }
                    thread::yield_now();
                }
            }
        }
        ready()
    }

    /// After a wait that a spin did not end: it has slept for so long.
    ///
    /// Only a short sleep is a reason to spin less. Beside a long one the spin costs next to nothing, and
    /// says nothing of how soon the other side will answer when there is something to answer.
    pub(crate) fn has_slept(&mut self, time: Duration) {
        if time < LONG {
            self.share /= 2;
        }
    }

    /// After a wait that ended while this side made ready to sleep: a spin would have ended it.
    pub(crate) fn need_not_have_slept(&mut self) {
        self.share = self.share.max(16);
    }

    fn next_share(&mut self) -> u32 {
        if self.share > 0 {
            return self.share;
        }
        self.until_probe -= 1;
        if self.until_probe > 0 {
            return 0;
        }
        self.until_probe = self.interval;
        self.interval = (self.interval * 2).min(*PROBES.end());
        PROBE
    }
}

/// Looks for a share of the longest spin, in 64ths; true as soon as `ready` says so.
fn spin_a_while(share: u32, ready: &mut impl FnMut() -> bool) -> bool {
    let rounds = (u64::from(rounds_in(longest())) * u64::from(share)).div_ceil(64);
    for _ in 0..rounds {
        if spin_round(&mut *ready) {
            return true;
        }
    }
    false
}

/// A few looks with growing pauses between them.
fn spin_round(mut ready: impl FnMut() -> bool) -> bool {
    let mut pause = 1;
    for _ in 0..LOOKS {
        if ready() {
            return true;
        }
        for _ in 0..pause {
            core::hint::spin_loop();
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    false
}

/// How many rounds last that long here: a pause instruction takes from a few to 140 cycles, by
/// processor. Measured once. 0 where there is one processor only.
fn rounds_in(time: Duration) -> u32 {
    static NANOS: OnceNonZeroUsize = OnceNonZeroUsize::new();
    /// There is one processor only.
    const NEVER: NonZeroUsize = NonZeroUsize::MAX;
    let measured = NANOS.get_or_init(|| {
        if std::thread::available_parallelism().is_ok_and(|n| n.get() == 1) {
            return NEVER;
        }
        // The fastest of a few: whatever interrupts one makes it longer.
        let fastest = (0..5)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..4 {
                    spin_round(|| core::hint::black_box(false));
                }
                start.elapsed()
            })
            .min();
        let nanos = fastest.map_or(0, |fastest| fastest.as_nanos() as usize / 4);
        NonZeroUsize::new(nanos).unwrap_or(NonZeroUsize::MIN)
    });
    let nanos_per_round = (measured != NEVER).then_some(measured.get());
    nanos_per_round.map_or(0, |nanos| {
        // At least one: under emulation a single round can take longer than all the time there is.
        (time.as_nanos() / nanos as u128).clamp(1, u128::from(u32::MAX)) as u32
    })
}

/// Between two looks at what the other side is about to do in its next instructions. Yields first; but
/// a yield gives the processor to nobody of lower priority, and one of those may have been interrupted
/// just there, on this processor: then it takes a sleep.
pub(super) fn back_off(looks: u32) {
    if looks >= 16 {
        return thread::sleep(Duration::from_micros(50));
    }
    thread::yield_now();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LONG, PROBES, SpinBudget};

    #[test]
    fn who_waits_in_vain_stops_spinning_and_tries_ever_more_rarely() {
        let mut budget = SpinBudget::new();
        while budget.share > 0 {
            assert!(!budget.spin(|| false));
            budget.has_slept(LONG * 2);
            let before = budget.share;
            budget.has_slept(LONG / 2);
            assert!(
                budget.share < before,
                "a short sleep counts, a long one does not"
            );
        }
        let mut tries = Vec::new();
        for wait in 1..2_000 {
            if budget.next_share() > 0 {
                tries.push(wait);
            }
        }
        let gaps: Vec<u32> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(tries[0], *PROBES.start());
        assert!(gaps.is_sorted() && gaps.len() > 6, "{gaps:?}");
        assert_eq!(gaps.last(), Some(PROBES.end()));
    }

    #[test]
    fn one_try_that_succeeds_is_enough_to_spin_again() {
        if std::thread::available_parallelism().is_ok_and(|n| n.get() == 1) {
            return; // There is no spin, and so no success.
        }
        let mut budget = SpinBudget::new();
        while budget.share > 0 {
            budget.spin(|| false);
            budget.has_slept(Duration::ZERO);
        }
        let mut waits = 0;
        while budget.share == 0 {
            let mut looks = 0;
            budget.spin(|| {
                looks += 1;
                looks > 2
            });
            waits += 1;
            assert!(
                waits <= *PROBES.start(),
                "no try was made, or it did not count"
            );
        }
        assert_eq!(budget.share, 64);
    }
}
