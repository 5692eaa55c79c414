//! A loop that has nothing to do looks again for a while, and offers its processor, before it sleeps.
//!
//! To leave a waker, sleep in the event loop and be woken costs a barrier, five system calls and a ring of the bell; on
//! one processor that is 4 µs, and from another one 20 to 55 (a virtual machine). Where the other side answers sooner,
//! a look has the answer first. Two loops that answer each other then need not sleep at all.
//!
//! Between two looks the processor is offered to others: where both sides share it, the other one cannot answer before
//! that; where they do not, an offer that nobody accepts takes 0.3 µs. Who does accept may be a stranger that
//! computes for a whole slice of time, while a sleeper would have been woken at once. Where that happens before there have
//! been some answers, none is made for a while; between answers, the scheduler would have let it run anyway.
//!
//! It lasts for as long as a sleep would cost at the most, and is then at most twice as dear as knowing the future (Karlin
//! et al., as in `park/spin.rs` of the crate). Where it has been in vain a few times it is kept ever more rarely, until
//! there is an answer; the first after a rest lasts three times as long. `CROSSCORE_SPIN` in the environment is the
//! longest time in microseconds, as for waits that block.

use std::hint::spin_loop;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::restraint::Restraint;

/// Microseconds. As `LONGEST` of `park/spin.rs`.
const LONGEST: u32 = 20;

/// Whoever keeps the processor longer is a stranger, or might as well be slept for.
const SOON: Duration = Duration::from_micros(50);

/// Vigils in vain, in a row, that an answer is worth.
const CREDIT: u32 = 4;

/// How many times as long the first vigil after a rest is. If the other loop sleeps too, its answer takes a wake-up and
/// its work, more than a usual vigil: two loops that have both come to sleep would never find out that they need
/// not. As `park/spin.rs`.
const TRY: u32 = 3;

/// Answers between two strangers that show that the other side is on this processor.
const ENOUGH: u32 = 4;

/// Occasions after a stranger until an offer is made again: first, and at most after many in a row. A loop that starts meets the
/// threads that start with it; who computes all the time takes a slice of 3 ms once in some 50 ms then.
const REST: std::ops::RangeInclusive<u32> = 16..=4096;

/// For so long vigils that pay follow each other before the loop polls, which takes a sixth of the time of an answer. What
/// else it polls for waits as long.
const TURN: Duration = Duration::from_micros(50);

/// Between two looks where no offer is made: about as long as an offer that nobody accepts.
const PAUSE: u32 = 16;

/// Of one loop.
#[derive(Debug)]
pub(super) struct Vigil {
    /// Vigils that may be in vain before there are none for a while.
    credit: u32,
    /// Of rows of vigils.
    restraint: Restraint,
    /// Since the last stranger.
    answers: u32,
    /// Occasions that are left after a stranger until an offer is made again.
    rest: u32,
    /// How many that will be after the next one.
    next_rest: u32,
    /// When the first vigil since the last poll began, and the last ended.
    turn: Option<(Instant, Instant)>,
}

impl Vigil {
    pub(super) fn new() -> Self {
        Self {
            credit: CREDIT,
            restraint: Restraint::default(),
            answers: 0,
            rest: 0,
            next_rest: *REST.start(),
            turn: None,
        }
    }

    /// The loop has polled.
    pub(super) fn begin(&mut self) {
        self.turn = None;
    }

    /// Whether another vigil may follow before the loop polls.
    pub(super) fn goes_on(&self) -> bool {
        self.turn.is_some_and(|(began, ended)| ended - began < TURN)
    }

    /// Looks for a while, if that is worth it; whether `there` has said yes.
    pub(super) fn keep(&mut self, mut there: impl FnMut() -> bool) -> bool {
        let mut offers = self.makes_offers();
        let lasts = longest() * self.worth();
        if lasts.is_zero() {
            return false;
        }
        let start = Instant::now();
        let mut last = start;
        loop {
            if offers {
                thread::yield_now();
            } else {
                (0..PAUSE).for_each(|_| spin_loop());
            }
            let now = Instant::now();
            if offers && now - last >= SOON {
                self.has_met_stranger();
                offers = false;
            }
            let answered = there();
            if answered || now - start >= lasts {
                self.learn(answered);
                let began = self.turn.map_or(start, |(began, _)| began);
                self.turn = Some((began, now));
                return answered;
            }
            last = now;
        }
    }

    /// Asked once for each occasion.
    fn makes_offers(&mut self) -> bool {
        if self.rest == 0 {
            return true;
        }
        self.rest -= 1;
        if self.rest > 0 {
            return false;
        }
        // What was in vain without offers may not be with them, so this occasion is worth a vigil.
        self.credit = self.credit.max(1);
        true
    }

    /// How long a vigil is worth keeping, in longest times.
    fn worth(&mut self) -> u32 {
        if self.credit > 0 {
            return 1;
        }
        if !self.restraint.allows() {
            return 0;
        }
        self.credit = 1;
        TRY
    }

    fn learn(&mut self, answered: bool) {
        if answered {
            self.credit = CREDIT;
            self.answers = self.answers.saturating_add(1);
            self.restraint.learn(true);
        } else {
            self.credit -= 1;
            if self.credit == 0 {
                self.restraint.learn(false);
            }
        }
    }

    fn has_met_stranger(&mut self) {
        if self.answers < ENOUGH {
            self.rest = self.next_rest;
            self.next_rest = (self.rest * 2).min(*REST.end());
        } else {
            self.next_rest = *REST.start();
        }
        self.answers = 0;
    }
}

fn longest() -> Duration {
    static CHOSEN: OnceLock<Duration> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let chosen = std::env::var("CROSSCORE_SPIN").ok();
        let micros = chosen.and_then(|micros| micros.parse().ok());
        Duration::from_micros(micros.unwrap_or(LONGEST).into())
    })
}

#[cfg(test)]
mod tests {
    use super::{CREDIT, ENOUGH, REST, TRY, TURN, Vigil};

    /// How many of so many occasions see a vigil, each of which ends like this.
    fn vigils(vigil: &mut Vigil, occasions: u32, answered: bool) -> u32 {
        let mut vigils = 0;
        for _ in 0..occasions {
            if vigil.worth() > 0 {
                vigils += 1;
                vigil.learn(answered);
            }
        }
        vigils
    }

    #[test]
    fn it_goes_on_while_there_are_answers() {
        let mut vigil = Vigil::new();
        for _ in 0..100 {
            assert_eq!(vigils(&mut vigil, 1, true), 1);
            let vain = CREDIT - 1;
            assert_eq!(vigils(&mut vigil, vain, false), vain);
        }
    }

    #[test]
    fn it_is_kept_ever_more_rarely_where_there_are_none() {
        let mut vigil = Vigil::new();
        let kept = vigils(&mut vigil, 10_000, false);
        assert!((10..40).contains(&kept), "{kept}");
        assert!(vigils(&mut vigil, 513, true) > 0, "it rests for 512");
        assert_eq!(vigils(&mut vigil, 100, true), 100);
    }

    #[test]
    fn a_try_lasts_longer() {
        let mut vigil = Vigil::new();
        for _ in 0..CREDIT {
            assert_eq!(vigil.worth(), 1);
            vigil.learn(false);
        }
        let tried = (0..10).map(|_| vigil.worth()).find(|&worth| worth > 0);
        assert_eq!(tried, Some(TRY));
        vigil.learn(true);
        assert_eq!(vigil.worth(), 1);
    }

    /// Occasions until the next offer: 1, if the next one sees one.
    fn rest(vigil: &mut Vigil) -> u32 {
        (1..).find(|_| vigil.makes_offers()).unwrap()
    }

    #[test]
    fn strangers_in_a_row_end_the_offers_for_ever_longer() {
        let mut vigil = Vigil::new();
        assert_eq!(rest(&mut vigil), 1);
        let rests: Vec<u32> = (0..12)
            .map(|_| {
                vigil.has_met_stranger();
                rest(&mut vigil)
            })
            .collect();
        assert_eq!(rests[..3], [16, 32, 64]);
        assert_eq!(rests[10..], [*REST.end(); 2]);
    }

    #[test]
    fn the_first_occasion_with_an_offer_after_a_rest_sees_a_vigil() {
        let mut vigil = Vigil::new();
        vigil.has_met_stranger();
        for _ in 0..100 {
            let offers = vigil.makes_offers();
            let worth = vigil.worth();
            if offers {
                assert!(worth > 0);
                return;
            }
            if worth > 0 {
                vigil.learn(false);
            }
        }
        panic!("no offer");
    }

    #[test]
    fn a_stranger_between_answers_changes_nothing() {
        let mut vigil = Vigil::new();
        for _ in 0..3 {
            assert_eq!(vigils(&mut vigil, ENOUGH, true), ENOUGH);
            vigil.has_met_stranger();
            assert_eq!(rest(&mut vigil), 1);
        }
        vigil.has_met_stranger();
        assert_eq!(rest(&mut vigil), *REST.start());
    }

    #[test]
    fn a_turn_begins_with_its_first_vigil_and_ends() {
        let mut vigil = Vigil::new();
        assert!(!vigil.goes_on(), "no vigil, no turn");
        assert!(vigil.keep(|| true));
        let first = vigil.turn.unwrap();
        assert!(vigil.keep(|| true));
        let second = vigil.turn.unwrap();
        assert_eq!(second.0, first.0);
        assert!(second.1 >= first.1);

        let (began, _) = first;
        vigil.turn = Some((began, began + TURN / 2));
        assert!(vigil.goes_on());
        vigil.turn = Some((began, began + TURN));
        assert!(!vigil.goes_on());
        vigil.begin();
        assert!(vigil.turn.is_none());
    }

    #[test]
    fn it_tells_what_the_looks_have_said() {
        assert!(Vigil::new().keep(|| true));
        assert!(!Vigil::new().keep(|| false));
    }
}
