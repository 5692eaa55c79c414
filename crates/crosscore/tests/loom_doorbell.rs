//! Loom explores the doorbell of an environment (`crates/crosscore-node/src/doorbell/rung.rs`), on the file that the addon
//! is built from: `npm run loom`, or
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release -p crosscore --test loom_doorbell
//! ```
//!
//! A lost ring is an event loop that sleeps for ever, which Loom reports as a deadlock. A ring after the end is an
//! assertion in the bell.

#![cfg(loom)]

#[path = "../../crosscore-node/src/doorbell/rung.rs"]
mod rung;

use std::sync::atomic::Ordering::{AcqRel, Relaxed};

use loom::sync::atomic::{AtomicBool, AtomicUsize};
use loom::sync::{Arc, Notify};
use loom::thread;

use rung::{Bell, Rung};

/// All interleavings, whatever `LOOM_MAX_PREEMPTIONS` says.
fn exhaustive(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = None;
    builder.check(model);
}

/// All interleavings with at most `LOOM_MAX_PREEMPTIONS` switches that no thread asked for, or this
/// many.
fn bounded(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.check(model);
}

/// An event loop that can be woken, as an open `uv_async_t` wakes its own. It orders nothing by itself that a test could
/// rest on: what a loop finds after a ring is found under the set's lock.
#[derive(Clone)]
struct Loop {
    wake: Arc<Notify>,
    /// The handle is closed, and may not be touched any more.
    closed: Arc<AtomicBool>,
    rings: Arc<AtomicUsize>,
}

impl Loop {
    fn new() -> Self {
        Self {
            wake: Arc::new(Notify::new()),
            closed: Arc::new(AtomicBool::new(false)),
            rings: Arc::new(AtomicUsize::new(0)),
        }
    }

    /// A turn of the loop: sleeps until there is a ring that no turn has answered, then answers it.
    fn turn(&self, rung: &Rung<Loop>) -> Vec<u32> {
        self.wake.wait();
        let mut taken = Vec::new();
        rung.take(&mut taken);
        taken
    }
}

impl Bell for Loop {
    fn ring(&self) {
        assert!(!self.closed.load(Relaxed), "rung after the end");
        self.rings.fetch_add(1, Relaxed);
        self.wake.notify();
    }
}

/// A handle that waits for one number at a time, as a ring's parked side does: armed, then rung once.
struct Waiting {
    place: u32,
    armed: AtomicBool,
    sent: AtomicUsize,
}

impl Waiting {
    fn new(place: u32) -> Arc<Self> {
        Arc::new(Self {
            place,
            armed: AtomicBool::new(true),
            sent: AtomicUsize::new(0),
        })
    }

    /// The other side: publishes, and rings if this side is parked.
    fn send(&self, rung: &Rung<Loop>) {
        self.sent.fetch_add(1, AcqRel);
        if self.armed.swap(false, AcqRel) {
            rung.ring(self.place);
        }
    }

    /// This side, after its ring: waits anew unless `wanted` are there.
    fn look(&self, wanted: usize) -> bool {
        if self.sent.load(Relaxed) >= wanted {
            return true;
        }
        self.armed.swap(true, AcqRel);
        // What came before the mark rang nobody.
        self.sent.fetch_add(0, AcqRel) >= wanted && self.armed.swap(false, AcqRel)
    }
}

// INV-NODE-9: two handles are rung at once. Each is answered, in one turn or in two, and nobody twice.
#[test]
fn two_handles_ring_at_once() {
    exhaustive(|| {
        let event_loop = Loop::new();
        let rung = Arc::new(Rung::new(event_loop.clone()));
        let ringers: Vec<_> = (0..2)
            .map(|place| {
                let rung = Arc::clone(&rung);
                thread::spawn(move || rung.ring(place))
            })
            .collect();
        let mut answered = Vec::new();
        while answered.len() < 2 {
            answered.extend(event_loop.turn(&rung));
        }
        answered.sort_unstable();
        assert_eq!(answered, [0, 1]);
        for ringer in ringers {
            ringer.join().unwrap();
        }
    });
}

// INV-NODE-9: what was published before the ring is there when it is answered, by the doorbell's own locks.
#[test]
fn what_was_published_is_seen() {
    bounded(2, || {
        let event_loop = Loop::new();
        let rung = Arc::new(Rung::new(event_loop.clone()));
        let published: Arc<[AtomicUsize; 2]> = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        for place in 0..2 {
            let (rung, published) = (Arc::clone(&rung), Arc::clone(&published));
            thread::spawn(move || {
                published[place].store(1, Relaxed);
                rung.ring(place as u32);
            });
        }
        let mut answered = 0;
        while answered < 2 {
            for place in event_loop.turn(&rung) {
                assert_eq!(published[place as usize].load(Relaxed), 1);
                answered += 1;
            }
        }
    });
}

// INV-NODE-9: a handle waits anew while the other one is rung, and is rung again.
#[test]
fn a_handle_waits_anew() {
    bounded(3, || {
        let event_loop = Loop::new();
        let rung = Arc::new(Rung::new(event_loop.clone()));
        let handles = [Waiting::new(0), Waiting::new(1)];
        let (first, second) = (Arc::clone(&handles[0]), Arc::clone(&handles[1]));
        let ringers = [Arc::clone(&rung), Arc::clone(&rung)];
        let [one, other] = ringers;
        thread::spawn(move || {
            first.send(&one);
            first.send(&one);
        });
        thread::spawn(move || second.send(&other));
        let wanted = [2, 1];
        let mut done = [false, false];
        while done != [true, true] {
            for place in event_loop.turn(&rung) {
                let place = place as usize;
                done[place] = done[place] || handles[place].look(wanted[place]);
            }
        }
    });
}

// INV-NODE-9: the environment ends while two handles are rung. Nobody touches the handle afterwards, and nobody waits.
#[test]
fn the_environment_ends() {
    exhaustive(|| {
        let event_loop = Loop::new();
        let rung = Arc::new(Rung::new(event_loop.clone()));
        let ringers: Vec<_> = (0..2)
            .map(|place| {
                let rung = Arc::clone(&rung);
                thread::spawn(move || rung.ring(place))
            })
            .collect();
        assert!(rung.close().is_some());
        event_loop.closed.store(true, Relaxed);
        assert!(rung.close().is_none());
        for ringer in ringers {
            ringer.join().unwrap();
        }
    });
}

// INV-NODE-9: one handle rings and waits anew, another rings, and the environment ends somewhere in between.
#[test]
fn the_environment_ends_between_two_waits() {
    bounded(3, || {
        let event_loop = Loop::new();
        let rung = Arc::new(Rung::new(event_loop.clone()));
        let handle = Waiting::new(0);
        let (sender, bell) = (Arc::clone(&handle), Arc::clone(&rung));
        let one = thread::spawn(move || {
            sender.send(&bell);
            sender.send(&bell);
        });
        let bell = Arc::clone(&rung);
        let other = thread::spawn(move || bell.ring(1));
        for place in event_loop.turn(&rung) {
            if place == 0 {
                let _ = handle.look(2);
            }
        }
        rung.close();
        event_loop.closed.store(true, Relaxed);
        one.join().unwrap();
        other.join().unwrap();
    });
}

// A handle that is rung again before the loop has come to it is answered once, and rings the bell no more.
#[test]
fn the_bell_is_rung_once_for_what_one_turn_answers() {
    exhaustive(|| {
        let event_loop = Loop::new();
        let rung = Arc::new(Rung::new(event_loop.clone()));
        let bell = Arc::clone(&rung);
        let ringer = thread::spawn(move || bell.ring(0));
        rung.ring(0);
        rung.ring(1);
        ringer.join().unwrap();
        assert_eq!(event_loop.rings.load(Relaxed), 1);
        let mut answered = event_loop.turn(&rung);
        answered.sort_unstable();
        assert_eq!(answered, [0, 1]);
    });
}
