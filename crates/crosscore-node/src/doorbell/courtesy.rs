//! The processor is offered to others before a wait.
//!
//! Where both sides share a processor, the other one cannot answer before this one lets it run. To leave the waker, go
//! to sleep in the event loop and be woken costs a barrier, five system calls and a ring of the bell, 4 µs in all; to
//! yield costs one. Often the answer is there after it, and then the other side has yielded as well: two event loops on
//! one processor take 2.5 to 4 µs for a round trip in which neither sleeps, and 9.5 without this.
//!
//! On another processor the answer takes longer than a yield that nobody accepts, 0.3 µs. On the same one the scheduler
//! does not always switch: Linux ranks lower who has yielded more, so a side that begins has to do it a few times before
//! its turn comes second. A few in vain are therefore worth an answer. But who does accept may be a stranger that
//! computes for a whole slice of time, while a sleeper would have been woken at once. Where that happens before there have
//! been some answers, it is not tried for a while; between answers, the scheduler would have let it run anyway.

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::restraint::Restraint;

/// Whoever keeps the processor longer is a stranger, or might as well be slept for.
const SOON: Duration = Duration::from_micros(50);

/// Offers in vain, in a row, that an answer is worth.
const CREDIT: u32 = 16;

/// Answers between two strangers that show that the other side is on this processor.
const ENOUGH: u32 = 4;

/// Waits without an offer for each microsecond that a stranger took otherwise: each wait then costs an eighth of a
/// microsecond more.
const WAITS_PER_MICROSECOND: u128 = 8;

/// Of one handle.
#[derive(Debug, Default)]
pub(super) struct Courtesy {
    /// Offers that may be in vain before there are none for a while.
    credit: u32,
    /// Since the last stranger.
    answers: u32,
    /// Of rows of offers.
    restraint: Restraint,
}

impl Courtesy {
    /// Runs `park`, which tells whether there was nothing to be had instead; before it the processor may be offered.
    pub(super) fn before(&mut self, park: impl FnOnce() -> bool) -> bool {
        if !self.offers() {
            return park();
        }
        let start = Instant::now();
        thread::yield_now();
        let kept = start.elapsed();
        let parked = park();
        self.learn(kept, parked);
        parked
    }

    fn offers(&mut self) -> bool {
        if self.credit == 0 && is_wanted() && self.restraint.allows() {
            self.credit = CREDIT;
        }
        self.credit > 0
    }

    fn learn(&mut self, kept: Duration, parked: bool) {
        if kept >= SOON {
            if self.answers < ENOUGH {
                self.credit = 0;
                let waits = kept.as_micros() * WAITS_PER_MICROSECOND;
                self.restraint
                    .suspend(u32::try_from(waits).unwrap_or(u32::MAX));
            }
            self.answers = 0;
        } else if parked {
            self.credit -= 1;
            if self.credit == 0 {
                self.restraint.learn(false);
            }
        } else {
            self.credit = CREDIT;
            self.answers = self.answers.saturating_add(1);
            self.restraint.learn(true);
        }
    }
}

/// `CROSSCORE_SPIN=0` is to sleep at once (`park/spin.rs` of the crate).
fn is_wanted() -> bool {
    static WANTED: OnceLock<bool> = OnceLock::new();
    *WANTED.get_or_init(|| std::env::var_os("CROSSCORE_SPIN").is_none_or(|micros| micros != "0"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{CREDIT, Courtesy, ENOUGH, SOON, WAITS_PER_MICROSECOND};

    /// How many of so many waits begin with an offer, of which each comes to this.
    fn offers(courtesy: &mut Courtesy, waits: u32, kept: Duration, parked: bool) -> u32 {
        let mut offers = 0;
        for _ in 0..waits {
            if courtesy.offers() {
                offers += 1;
                courtesy.learn(kept, parked);
            }
        }
        offers
    }

    #[test]
    fn it_goes_on_while_there_are_answers() {
        let mut courtesy = Courtesy::default();
        for _ in 0..100 {
            assert_eq!(offers(&mut courtesy, 1, Duration::ZERO, false), 1);
            let vain = CREDIT - 1;
            assert_eq!(offers(&mut courtesy, vain, Duration::ZERO, true), vain);
        }
    }

    #[test]
    fn it_is_made_ever_more_rarely_where_there_are_none() {
        let mut courtesy = Courtesy::default();
        let made = offers(&mut courtesy, 10_000, Duration::ZERO, true);
        assert!((10..40).contains(&(made / CREDIT)), "{made}");
    }

    #[test]
    fn a_stranger_is_enough_whether_there_is_an_answer_after_it_or_not() {
        for parked in [true, false] {
            let mut courtesy = Courtesy::default();
            let waits = (SOON.as_micros() * WAITS_PER_MICROSECOND) as u32;
            assert_eq!(offers(&mut courtesy, 1 + waits, SOON, parked), 1);
            assert_eq!(offers(&mut courtesy, 1, SOON, parked), 1);
        }
    }

    #[test]
    fn unless_answers_come_between_strangers() {
        let mut courtesy = Courtesy::default();
        for _ in 0..100 {
            assert_eq!(offers(&mut courtesy, ENOUGH, Duration::ZERO, false), ENOUGH);
            assert_eq!(offers(&mut courtesy, 1, SOON, true), 1);
        }
        assert_eq!(offers(&mut courtesy, 10, SOON, true), 1);
    }
}
