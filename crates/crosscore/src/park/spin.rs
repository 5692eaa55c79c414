//! How long it pays to look again before sleeping.

#[cfg(not(loom))]
use std::sync::OnceLock;
#[cfg(not(loom))]
use std::time::{Duration, Instant};

use crate::sync::thread;

/// The longest spin. A park and a wake across cores cost 20 to 55 µs where this was measured (a
/// virtual machine; bare metal is nearer to 5 to 10), and to spin for about as long as sleeping would
/// cost is at most twice as bad as knowing the future (Karlin et al., "Competitive randomized
/// algorithms for nonuniform problems", 1990).
#[cfg(not(loom))]
const LONGEST: Duration = Duration::from_micros(20);

/// The longest spin of this process: [`LONGEST`], or the microseconds that `CROSSCORE_SPIN` in the
/// environment says. 0 is to sleep at once, without a yield: for threads that share one processor
/// with others who need it, and for tests of sleeping.
#[cfg(not(loom))]
fn longest() -> Duration {
    static CHOSEN: OnceLock<Duration> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        std::env::var("CROSSCORE_SPIN")
            .ok()
            .and_then(|micros| micros.parse().ok())
            .map_or(LONGEST, |micros: u32| Duration::from_micros(micros.into()))
    })
}

/// Looks in one round before the budget is consulted. Between two looks there is a pause that
/// doubles: a look takes the line from the other side, who needs it to publish.
#[cfg(not(loom))]
const LOOKS: u32 = 8;
#[cfg(not(loom))]
const LONGEST_PAUSE: u32 = 64;

/// Times that the processor is offered to somebody else before sleeping.
#[cfg(not(loom))]
const YIELDS: u32 = 3;

/// How much spinning has paid lately, for one side of a ring.
///
/// It begins in the middle, doubles when spinning was enough and halves when it was not, so that two
/// threads on one processor, who can never see each other spin, soon stop trying.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpinBudget {
    /// In 64ths of the longest spin.
    share: u32,
}

impl SpinBudget {
    pub(crate) const fn new() -> Self {
        Self { share: 16 }
    }

    /// Looks again and again, for a bounded time; true as soon as `ready` says so.
    pub(crate) fn spin(&mut self, mut ready: impl FnMut() -> bool) -> bool {
        // Under Loom nothing of this: it explores every schedule anyway.
        #[cfg(not(loom))]
        if !longest().is_zero() {
            if self.spin_a_while(&mut ready) {
                self.share = (self.share * 2).min(64);
                return true;
            }
            for _ in 0..YIELDS {
                if ready() {
                    return true;
                }
                thread::yield_now();
            }
        }
        self.share = (self.share / 2).max(1);
        ready()
    }

    #[cfg(not(loom))]
    fn spin_a_while(&self, ready: &mut impl FnMut() -> bool) -> bool {
        let rounds = u64::from(rounds_in(longest())) * u64::from(self.share) / 64;
        for _ in 0..=rounds {
            if spin_round(&mut *ready) {
                return true;
            }
        }
        false
    }
}

/// A few looks with growing pauses between them.
#[cfg(not(loom))]
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
#[cfg(not(loom))]
fn rounds_in(time: Duration) -> u32 {
    static NANOS: OnceLock<Option<u32>> = OnceLock::new();
    let nanos_per_round = NANOS.get_or_init(|| {
        if std::thread::available_parallelism().is_ok_and(|n| n.get() == 1) {
            return None;
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
            .min()?;
        Some((fastest.as_nanos() as u32 / 4).max(1))
    });
    nanos_per_round.map_or(0, |nanos| {
        (time.as_nanos() / u128::from(nanos)).min(u128::from(u32::MAX)) as u32
    })
}

/// Between two looks at what the other side is about to do in its next instructions. Yields first; but
/// a yield gives the processor to nobody of lower priority, and one of those may have been interrupted
/// just there, on this processor: then it takes a sleep.
pub(super) fn back_off(looks: u32) {
    #[cfg(not(loom))]
    if looks >= 16 {
        return thread::sleep(Duration::from_micros(50));
    }
    // Loom drops the handles of a model that has failed, and then nobody runs who could end this.
    #[cfg(loom)]
    assert!(looks < 1_000, "nobody gives the slot back");
    thread::yield_now();
}
