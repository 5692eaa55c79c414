//! What the two ends of a ring share besides the ring: what it is for, what is counted, how it ended.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering, fence};
use std::sync::{Arc, OnceLock};

use crosscore::Metrics;

use crate::control::{Control, STATS_COUNT};
use crate::drops::Drops;
use crate::memory::{SharedRing, discard};

/// What the package was told about a ring when it was made. It comes back with each handle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Description {
    pub(crate) kind: u32,
    pub(crate) publish_every: u32,
    /// In bytes.
    pub(crate) element: u32,
    pub(crate) schema: String,
    /// A push that finds no room drops its element.
    pub(crate) drops: bool,
}

/// A counter on a line with others that the same thread writes.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// Called by the one writer.
    #[inline]
    pub(crate) fn add(&self, n: u32) {
        // One writer: a plain load and store, no read-modify-write. Statistics order nothing.
        let count = self.0.load(Ordering::Relaxed);
        self.0
            .store(count.wrapping_add(u64::from(n)), Ordering::Relaxed);
    }

    fn exact(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn get(&self) -> f64 {
        // Exact up to 2^53.
        self.exact() as f64
    }
}

/// What one end counts, on lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Tally {
    /// Messages published (producer) or released (consumer), which the cursors cannot tell.
    pub(crate) messages: Count,
    /// Encounters with a full (producer) or an empty ring (consumer).
    pub(crate) refusals: Count,
    /// Waits: slices of blocking ones, and doorbells left with the other side.
    pub(crate) parks: Count,
    /// Waits that the other side ended.
    pub(crate) wakes: Count,
}

/// The side that an end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Producer,
    Consumer,
}

/// What both ends have.
#[derive(Debug)]
pub(crate) struct Shared {
    /// A number that no other ring of the process has or will have.
    pub(crate) number: u64,
    pub(crate) description: Description,
    ring: SharedRing,
    producer: Tally,
    consumer: Tally,
    pub(crate) drops: Drops,
    /// The program was handed a view.
    shown: AtomicBool,
    /// Ends that are not closed.
    open: AtomicU8,
    /// What the consumer had given back when it closed, in bytes; `OPEN` before. Its close goes past what it drops.
    received: AtomicU64,
    /// Why it was closed, and by whom: the first one that says so.
    reason: OnceLock<(Which, String)>,
}

impl Shared {
    fn tally(&self, which: Which) -> &Tally {
        match which {
            Which::Producer => &self.producer,
            Which::Consumer => &self.consumer,
        }
    }

    /// What the other end of this one has closed with.
    pub(crate) fn reason_of_other(&self, which: Which) -> Option<&str> {
        self.reason
            .get()
            .filter(|(whose, _)| *whose != which)
            .map(|(_, reason)| &**reason)
    }

    /// The program is about to see the memory: it stays as it is until nothing can reach it.
    pub(crate) fn show(&self) {
        // Partner: `End::drop`, behind the countdown of ends, of which the caller has one.
        self.shown.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_shown(&self) -> bool {
        self.shown.load(Ordering::Relaxed)
    }
}

/// No number of bytes.
const OPEN: u64 = u64::MAX;

/// One end of a ring, wherever it is. Dropped after the `Producer` or `Consumer` beside it.
#[derive(Debug)]
pub(crate) struct End {
    which: Which,
    shared: Arc<Shared>,
}

/// Both ends of a new ring.
pub(crate) fn ends(ring: &SharedRing, description: Description) -> (End, End) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let shared = Arc::new(Shared {
        // Partner: none, each number is given once whatever the order.
        number: NEXT.fetch_add(1, Ordering::Relaxed),
        description,
        ring: ring.clone(),
        producer: Tally::default(),
        consumer: Tally::default(),
        drops: Drops::default(),
        shown: AtomicBool::new(false),
        received: AtomicU64::new(OPEN),
        open: AtomicU8::new(2),
        reason: OnceLock::new(),
    });
    let end = |which| End {
        which,
        shared: Arc::clone(&shared),
    };
    (end(Which::Producer), end(Which::Consumer))
}

impl End {
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What this end counts.
    #[inline]
    pub(crate) fn tally(&self) -> &Tally {
        self.shared.tally(self.which)
    }

    /// Counts messages.
    #[inline]
    pub(crate) fn messages(&self, n: u32) {
        if n != 0 {
            self.tally().messages.add(n);
        }
    }

    /// Counts refusals.
    #[inline]
    pub(crate) fn refusals(&self, n: u32) {
        if n != 0 {
            self.tally().refusals.add(n);
        }
    }

    /// Says why this end is about to close. Only the first reason of a ring counts.
    pub(crate) fn set_reason(&self, reason: String) {
        let _late = self.shared.reason.set((self.which, reason));
    }

    pub(crate) fn which(&self) -> Which {
        self.which
    }

    /// The consumer is about to close, and has given back so many bytes.
    pub(crate) fn set_received(&self, bytes: u64) {
        // Partner: the load in `stats`. The close that follows publishes it with its mark and its cursor (Release).
        self.shared.received.store(bytes, Ordering::Relaxed);
    }

    /// Elements or messages that this end has written or read, with what is pending; its cursor is at `bytes`.
    pub(crate) fn position(&self, bytes: u64, control: &Control) -> u64 {
        match self.shared.description.element {
            0 => {
                let pending = u64::from(control.pending_messages());
                self.tally().messages.exact().wrapping_add(pending)
            }
            size => bytes.wrapping_add(control.pending(bytes) as u64) / u64::from(size),
        }
    }

    /// All statistics, in the order of `lib/native/control.ts`, for an end that is at `position`.
    pub(crate) fn stats(&self, metrics: Metrics, position: u64) -> [f64; STATS_COUNT] {
        let (producer, consumer) = (&self.shared.producer, &self.shared.consumer);
        // Whoever has read the cursor of a consumer that closed, or its mark, finds here what was given back before.
        // Partner: the Release stores of that close.
        fence(Ordering::Acquire);
        let (dropped, passed) = self.shared.drops.counts(position);
        let received = match self.shared.received.load(Ordering::Relaxed) {
            OPEN => metrics.received,
            received => received,
        };
        [
            metrics.sent as f64,
            received as f64,
            metrics.high_water_mark as f64,
            producer.messages.get(),
            consumer.messages.get(),
            producer.refusals.get(),
            consumer.refusals.get(),
            producer.parks.get(),
            consumer.parks.get(),
            producer.wakes.get(),
            consumer.wakes.get(),
            dropped as f64,
            passed as f64,
        ]
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // Partner: the same of the other end. Release: what this thread did with the memory is over when the
        // other finds itself the last; Acquire: it is over when this one gives the pages back.
        if self.shared.open.fetch_sub(1, Ordering::AcqRel) > 1 || self.shared.is_shown() {
            return;
        }
        // Nobody will read or write it again but views inside lib/ that no program has, whose ArrayBuffer Node
        // collects in a later turn.
        discard(&self.shared.ring);
    }
}
