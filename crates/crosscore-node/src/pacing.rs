//! When a consumer should wait a moment before it looks again, and when after it has looked in vain.
//!
//! # Before a look
//!
//! A consumer that has caught up looks at the producer's cursor every few elements, and each look takes
//! the line away from the producer, who needs it to publish the next one: both sides then move at the
//! pace of the line (f64 one by one, two workers, a 2-vCPU virtual machine: about 60 ns per element). A pause
//! of 2 µs before the next look lets many elements gather, and the same code runs at 20 to 30 ns. It must
//! not happen in ping-pong, where the next element comes only after an answer, nor with a producer that is
//! slow by itself: there the pause would only be delay.
//!
//! Two things tell these apart. One is the number of looks that find nothing between two that find
//! something: a streaming producer is never more than a look or two away (a look takes some 25 ns), an
//! answer takes two trips between the cores, 250 ns or more. The other is what pauses bring: from a
//! stream more than a look without a pause, in ping-pong the same one element. A single pause in vain says
//! little, for a producer may be interrupted; after three in a row there is none for a while, which doubles
//! each time until a pause has paid.
//!
//! # After a look in vain
//!
//! Who polls for an answer that is a quarter of a microsecond away crosses into Rust and back, some 25 ns,
//! for each look, so that an answer that comes right after a look waits for most of a crossing. A look that
//! stays instead, and looks again in here, has the answer as soon as it is there, and its line on the way.
//! It stays for 0.4 µs at most; where that was in vain it is not tried for a while, which doubles each
//! time: a thread that has both ends of a ring, or one whose answers take longer, soon polls as before.

use std::hint::spin_loop;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::restraint::Restraint;

/// How long a pause is, and so what it can add to the latency of an element. Shorter for a ring so small
/// that it would be full meanwhile.
const PAUSE: Duration = Duration::from_nanos(2000);

/// How long a look stays that has found nothing.
const LINGER: Duration = Duration::from_nanos(400);

/// Fewer bytes than this are few: the consumer has caught up. More, and it is behind, and will not look
/// again soon anyway. A stream of small messages brings a few thousand in a pause.
const FEW: usize = 8192;

/// At most so many empty looks lie between two elements of a stream.
const GAP: u32 = 2;

/// So many looks in a row have to fit before it counts as a stream.
const STREAK: i32 = 8;

/// So many pauses in a row have to be in vain before there are none for a while.
const VAIN: u32 = 3;

/// So many more looks have to fit then: first, and at most.
const SETBACK: std::ops::RangeInclusive<i32> = 64..=4096;

/// What the last looks have found.
#[derive(Debug, Default)]
pub(crate) struct Pacing {
    /// [`FEW`], and half of a smaller ring.
    few: usize,
    /// Looks in a row that found few elements, with a short gap before.
    streak: i32,
    /// Empty looks since the last that found something.
    gap: u32,
    /// What the last look without a pause has found, if anything.
    unpaused: usize,
    /// The pause before the look that is under way was made.
    paused: bool,
    /// Pauses in a row that were in vain.
    vain: u32,
    /// How far the streak falls the next time that too many are.
    next_setback: i32,
    /// Of empty looks that linger.
    restraint: Restraint,
}

impl Pacing {
    /// For a ring of `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            few: (capacity / 2).clamp(1, FEW),
            ..Self::default()
        }
    }

    /// Before a look: pauses if the looks are those of a stream.
    #[inline]
    pub(crate) fn before_look(&mut self) {
        self.paused = self.streak >= STREAK && self.gap == 0;
        if self.paused {
            let share = (2 * self.few).min(FEW);
            for _ in 0..spins_in(PAUSE) as usize * share / FEW {
                spin_loop();
            }
        }
    }

    /// After a look in vain: may look again for a while, by `look`, which takes the number of looks and
    /// returns what it found.
    #[inline]
    pub(crate) fn linger(&mut self, mut look: impl FnMut(u32) -> usize) -> usize {
        if !self.restraint.allows() {
            return 0;
        }
        let looks = spins_in(LINGER);
        // What comes this soon comes from a stream: as if found after as many looks without lingering.
        let soon = (looks / 4).max(1);
        let mut found = look(soon);
        if found > 0 {
            self.gap = self.gap.saturating_add(GAP);
        } else {
            self.gap = GAP + 1;
            found = look(looks - soon);
        }
        self.restraint.learn(found > 0);
        found
    }

    /// After a look that found `bytes`.
    #[inline]
    pub(crate) fn after_look(&mut self, bytes: usize) {
        if self.paused {
            self.after_pause(bytes > self.unpaused);
        }
        if bytes == 0 {
            self.gap = self.gap.saturating_add(1);
            if self.gap > GAP {
                self.streak = self.streak.min(0);
            }
            return;
        }
        if !self.paused && bytes < self.few {
            self.unpaused = bytes;
        }
        if bytes >= self.few {
            // Behind, not out of step: one look of this kind does not end a stream.
            self.streak -= i32::from(self.streak > 0);
        } else if self.gap <= GAP {
            self.streak = (self.streak + 1).min(STREAK);
        } else {
            self.streak = self.streak.min(0);
        }
        self.gap = 0;
    }

    fn after_pause(&mut self, paid: bool) {
        if paid {
            self.vain = 0;
            self.next_setback = *SETBACK.start();
            return;
        }
        // Nothing gained: the producer waits for an answer, is slower than the pause is long, or was interrupted.
        self.vain += 1;
        if self.vain == VAIN {
            self.vain = 0;
            self.streak = -self.next_setback.clamp(*SETBACK.start(), *SETBACK.end());
            self.next_setback = self.streak * -2;
        }
    }
}

/// How many spin hints take so long. One takes from a few to 140 cycles, by processor: measured once.
fn spins_in(time: Duration) -> u32 {
    /// So many last as long as a pause.
    static SPINS: OnceLock<u32> = OnceLock::new();
    let per_pause = *SPINS.get_or_init(|| {
        const SAMPLE: u32 = 256;
        // The fastest of a few: whatever interrupts one makes it longer.
        let fastest = (0..5)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..SAMPLE {
                    spin_loop();
                }
                start.elapsed()
            })
            .min()
            .unwrap_or_default();
        let spins = PAUSE.as_nanos() * u128::from(SAMPLE) / fastest.as_nanos().max(1);
        u32::try_from(spins).unwrap_or(SAMPLE).clamp(8, 16 * SAMPLE)
    });
    // A constant, for `time` is one.
    per_pause / (PAUSE.as_nanos() / time.as_nanos()) as u32
}

#[cfg(test)]
mod tests {
    use super::{FEW, GAP, Pacing, SETBACK, STREAK, VAIN};

    fn looks(pacing: &mut Pacing, found: &[usize]) -> bool {
        let mut paused = false;
        for &bytes in found {
            pacing.before_look();
            paused |= pacing.paused;
            pacing.after_look(bytes);
        }
        paused
    }

    #[test]
    fn a_stream_is_paced() {
        let mut pacing = Pacing::new(1 << 20);
        assert!(!looks(&mut pacing, &[8; STREAK as usize]));
        assert!(looks(&mut pacing, &[64, 80, 64]));
        assert!(looks(&mut pacing, &[64]));
    }

    #[test]
    fn a_stream_with_short_gaps_is_paced() {
        let mut pacing = Pacing::new(1 << 20);
        for _ in 0..STREAK {
            looks(&mut pacing, &[0, 0, 8]);
        }
        assert!(looks(&mut pacing, &[64]));
    }

    #[test]
    fn ping_pong_with_quick_looks_pauses_ever_more_rarely() {
        let mut pacing = Pacing::new(1 << 20);
        looks(&mut pacing, &[8; STREAK as usize]);
        for expected in [64, 128, 256, 512, 1024, 2048, 4096, 4096] {
            for _ in 0..VAIN {
                assert!(looks(&mut pacing, &[8]));
            }
            // The streak is built up again from below, and the last look in vain was a part of it.
            for _ in 1..expected + STREAK {
                assert!(!looks(&mut pacing, &[8]));
            }
        }
    }

    #[test]
    fn a_pause_that_pays_makes_up_for_those_before_it() {
        let mut pacing = Pacing::new(1 << 20);
        looks(&mut pacing, &[8; STREAK as usize]);
        for _ in 0..100 {
            for found in [8, 8, 64] {
                assert!(looks(&mut pacing, &[found]));
            }
        }
        // The first time in vain counts as the first again.
        looks(&mut pacing, &[8; VAIN as usize]);
        looks(&mut pacing, &vec![8; (SETBACK.start() + STREAK) as usize]);
        assert!(looks(&mut pacing, &[64]));
    }

    #[test]
    fn looks_linger_while_that_finds_something() {
        let mut pacing = Pacing::new(1 << 20);
        for _ in 0..100 {
            let mut spins = 0;
            assert_eq!(
                pacing.linger(|looks| {
                    spins += looks;
                    8 * usize::from(spins > looks)
                }),
                8
            );
            pacing.after_look(8);
            assert!(!looks(&mut pacing, &[8]), "an answer is no stream");
        }
    }

    #[test]
    fn what_is_found_soon_is_a_stream() {
        let mut pacing = Pacing::new(1 << 20);
        for _ in 0..STREAK {
            assert_eq!(pacing.linger(|_| 8), 8);
            pacing.after_look(8);
        }
        assert!(looks(&mut pacing, &[64]));
    }

    #[test]
    fn looks_that_lingered_in_vain_do_so_ever_more_rarely() {
        let mut pacing = Pacing::new(1 << 20);
        let mut lingered = 0;
        for _ in 0..10_000 {
            let mut tried = false;
            pacing.linger(|_| {
                tried = true;
                0
            });
            lingered += usize::from(tried);
        }
        assert!((10..40).contains(&lingered), "{lingered}");
        while pacing.linger(|_| 8) == 0 {}
        assert_eq!(
            pacing.linger(|_| 8),
            8,
            "one that found something forgets them"
        );
    }

    #[test]
    fn ping_pong_is_not() {
        let mut pacing = Pacing::new(1 << 20);
        for _ in 0..100 {
            assert!(!looks(&mut pacing, &[0; GAP as usize + 1]));
            assert!(!looks(&mut pacing, &[8]));
        }
    }

    #[test]
    fn nor_is_a_consumer_that_is_behind() {
        let mut pacing = Pacing::new(1 << 20);
        assert!(!looks(&mut pacing, &[FEW; 100]));
    }

    #[test]
    fn there_is_no_pause_between_empty_looks() {
        let mut pacing = Pacing::new(1 << 20);
        looks(&mut pacing, &[8; STREAK as usize]);
        assert!(looks(&mut pacing, &[0]));
        assert!(!looks(&mut pacing, &[0, 8]));
        assert!(looks(&mut pacing, &[64]));
    }

    #[test]
    fn a_small_ring_is_behind_when_it_is_half_full() {
        let mut pacing = Pacing::new(128);
        assert!(!looks(&mut pacing, &[64; 100]));
        looks(&mut pacing, &[8; STREAK as usize]);
        assert!(looks(&mut pacing, &[63]));
    }
}
