//! The protocol: two cursors, two private copies, and nothing that knows the element type.
//!
//! This is the only copy of the algorithm. Typed handles, the byte rings of the Node addon and
//! the Loom models all run it.
//!
//! # State
//!
//! `tail` and `head` count slots from the ring's birth and never go back; a slot's index is its
//! position modulo the capacity. Slots in `[head, tail)` are the consumer's, the rest are the
//! producer's (INV-SEQ-1). Each side keeps a private copy of the other's cursor that can only be
//! behind it, so that it errs on the side of "full" or "empty" and then looks again (INV-SEQ-3), and
//! one of its own, which is exact (INV-SEQ-4).
//!
//! | field | written by | read by |
//! | --- | --- | --- |
//! | `tail` | producer | both |
//! | `cached_head`: copies of `head` and of its own `tail` | producer | producer |
//! | `head` | consumer | both |
//! | `cached_tail`: copies of `tail` and of its own `head` | consumer | consumer |
//!
//! # Steps
//!
//! | | producer | consumer |
//! | --- | --- | --- |
//! | 1 | read its copy of `tail`, plain | read its copy of `head`, plain |
//! | 2 | read `cached_head`, plain | read `cached_tail`, plain |
//! | 3 | only if short: load `head` (`OBSERVE_HEAD`) | only if short: load `tail` (`OBSERVE_TAIL`) |
//! | 4 | write slots | read slots |
//! | 5 | store `tail` (`PUBLISH_TAIL`) | store `head` (`PUBLISH_HEAD`) |
//!
//! # Why it is right
//!
//! An element at position `p`, written in lap `k` and overwritten in lap `k + 1`:
//!
//! ```text
//! producer: write slot p ─sb→ store tail > p  (PUBLISH_TAIL, Release)
//!                                    │ synchronises with (INV-ORD-1)
//! consumer:      load tail > p (OBSERVE_TAIL, Acquire) ─sb→ read slot p
//!                                                             ─sb→ store head > p (PUBLISH_HEAD, Release)
//!                                                                         │ synchronises with (INV-ORD-2)
//! producer:                   load head > p (OBSERVE_HEAD, Acquire) ─sb→ write slot p + capacity
//! ```
//!
//! Every pair of conflicting accesses to one slot lies on this chain, so no two of them race. The
//! private copies are on it too: a step 3 that made the copy is sequenced before every later step
//! that relies on the copy, however many steps later. Nothing here needs a total order over
//! different locations; only sleeping does, and `park/barrier.rs` has it.

use crate::cache_aligned::{CACHE_LINE, CacheAligned};
use crate::counter::Counter;
use crate::metrics::Metrics;
use crate::ordering::{
    CLOSE_CONSUMER, CLOSE_PRODUCER, METRIC, NOTICE_CLOSED, OBSERVE_CLOSED, OBSERVE_HEAD,
    OBSERVE_TAIL, OWN_HEAD, OWN_TAIL, PUBLISH_HEAD, PUBLISH_TAIL,
};
use crate::park::WakerSlot;
use crate::sync::{AtomicU8, AtomicU64, UnsafeCell};

const PRODUCER_CLOSED: u8 = 1;
const CONSUMER_CLOSED: u8 = 2;

/// One side's private copies of both cursors, and on the same line the counters that it keeps.
#[derive(Debug)]
#[repr(C)]
struct Copies {
    /// At most the other's cursor, never ahead of it: INV-SEQ-3.
    peer: UnsafeCell<u64>,
    /// The side's own cursor, as it last stored it: INV-SEQ-4. It does not read the cursor itself, whose
    /// line the other side polls and so has just taken: a read would fetch it back shared, and the store
    /// after it would have to ask a second time, to own it (bench/rust `rtt`: 210 ns, and 140 by the copy).
    own: UnsafeCell<u64>,
    /// How often the side looked at the other's cursor and still had too little.
    short: Counter,
    /// The most slots that were in use when the side looked.
    high_water: Counter,
}

impl Copies {
    fn new(start: u64) -> Self {
        Self {
            peer: UnsafeCell::new(start),
            own: UnsafeCell::new(start),
            short: Counter::new(),
            high_water: Counter::new(),
        }
    }
}

/// A run of slots that one side may use: `count` slots from `position` on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) position: u64,
    pub(crate) count: u64,
}

/// What the sides tell each other besides positions. Written when a side closes, or parks and is
/// woken; otherwise shared and quiet in both caches.
#[derive(Debug)]
struct Signals {
    closed: AtomicU8,
    /// The consumer's waker, for the producer to wake.
    consumer: WakerSlot,
    /// The producer's waker, for the consumer to wake.
    producer: WakerSlot,
}

/// The two cursors, the two copies, the signals and the capacity.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Cursors {
    tail: CacheAligned<AtomicU64>,
    cached_head: CacheAligned<Copies>,
    head: CacheAligned<AtomicU64>,
    cached_tail: CacheAligned<Copies>,
    signals: CacheAligned<Signals>,
    capacity: u64,
    start: u64,
}

const _: () = {
    // The four hot fields have a line each and come first; cold fields follow.
    use core::mem::offset_of;
    assert!(offset_of!(Cursors, tail) == 0);
    assert!(offset_of!(Cursors, cached_head) == CACHE_LINE);
    assert!(offset_of!(Copies, peer) == 0);
    assert!(offset_of!(Cursors, head) == 2 * CACHE_LINE);
    assert!(offset_of!(Cursors, cached_tail) == 3 * CACHE_LINE);
    assert!(offset_of!(Cursors, signals) == 4 * CACHE_LINE);
    assert!(offset_of!(Cursors, capacity) >= 5 * CACHE_LINE);
};
#[cfg(not(loom))]
const _: () = assert!(size_of::<Copies>() <= CACHE_LINE && size_of::<Signals>() <= CACHE_LINE);

impl Cursors {
    /// Both cursors at `start`, an empty ring. `capacity` is a power of two (INV-MEM-1).
    pub(crate) fn new(capacity: u64, start: u64) -> Self {
        // INV-MEM-1
        debug_assert!(capacity.is_power_of_two());
        Self {
            tail: CacheAligned(AtomicU64::new(start)),
            cached_head: CacheAligned(Copies::new(start)),
            head: CacheAligned(AtomicU64::new(start)),
            cached_tail: CacheAligned(Copies::new(start)),
            signals: CacheAligned(Signals {
                closed: AtomicU8::new(0),
                consumer: WakerSlot::new(),
                producer: WakerSlot::new(),
            }),
            capacity,
            start,
        }
    }

    #[inline(always)]
    pub(crate) fn capacity(&self) -> u64 {
        self.capacity
    }
}

/// The producer's half of the protocol.
///
/// # Safety of the whole block
///
/// Every `unsafe fn` here demands that the caller is the ring's one producer, on one thread at a
/// time (INV-SW-1). The handle proves it by holding the only `Producer` by `&mut` or, where it has
/// `&`, by not being `Sync`.
impl Cursors {
    /// Steps 1 to 3: the free slots that the producer knows of, after a look at the consumer's
    /// cursor only if it knows of fewer than `wanted`.
    ///
    /// # Safety
    ///
    /// INV-SW-1: the caller is the producer.
    #[inline(always)]
    pub(crate) unsafe fn claim_free(&self, wanted: u64) -> Grant {
        // SAFETY: INV-SW-1: passed on.
        let tail = unsafe { self.own_tail() };
        // SAFETY: INV-SW-1: only the producer touches its copies, and the caller is the producer.
        let cached_head = self.cached_head.peer.with(|copy| unsafe { *copy });
        let count = self.capacity - tail.wrapping_sub(cached_head);
        if count >= wanted {
            return Grant {
                position: tail,
                count,
            };
        }
        // SAFETY: INV-SW-1: passed on.
        let count = unsafe { self.refresh_free(tail) };
        if count < wanted {
            self.cached_head.short.increment();
        }
        Grant {
            position: tail,
            count,
        }
    }

    /// Step 3: looks at the consumer's cursor and returns the free slots.
    ///
    /// # Safety
    ///
    /// INV-SW-1: the caller is the producer, and `tail` its cursor.
    #[inline]
    unsafe fn refresh_free(&self, tail: u64) -> u64 {
        // Partner: PUBLISH_HEAD in `publish_head`. INV-ORD-2.
        let head = self.head.load(OBSERVE_HEAD);
        // SAFETY: INV-SW-1: as in `claim_free`.
        self.cached_head
            .peer
            .with_mut(|copy| unsafe { *copy = head });
        let used = tail.wrapping_sub(head);
        self.cached_head.high_water.raise_to(used);
        self.capacity - used
    }

    /// The free slots right now, as far as the consumer has released them.
    ///
    /// # Safety
    ///
    /// INV-SW-1: the caller is the producer.
    pub(crate) unsafe fn free_now(&self) -> Grant {
        // SAFETY: INV-SW-1: passed on.
        let tail = unsafe { self.own_tail() };
        // SAFETY: INV-SW-1: passed on.
        let count = unsafe { self.refresh_free(tail) };
        if count == 0 {
            self.cached_head.short.increment();
        }
        Grant {
            position: tail,
            count,
        }
    }

    /// Step 5: publishes every slot before the position `tail`.
    ///
    /// # Safety
    ///
    /// INV-SW-1: the caller is the producer. INV-INIT-1: the slots from the old tail up to `tail`
    /// are initialised, and they were granted: `tail` is at most one capacity ahead of the copy of
    /// `head`. INV-SEQ-2: `tail` is not behind the old tail.
    #[inline(always)]
    pub(crate) unsafe fn publish_tail(&self, tail: u64) {
        // INV-SEQ-1, checked against the producer's own copy only: a look at the consumer's cursor
        // would pull its line on every publication.
        debug_assert!({
            // SAFETY: INV-SW-1: as in `claim_free`.
            let cached_head = self.cached_head.peer.with(|copy| unsafe { *copy });
            tail.wrapping_sub(cached_head) <= self.capacity
        });
        // SAFETY: INV-SW-1: passed on.
        debug_assert!(tail.wrapping_sub(unsafe { self.own_tail() }) <= self.capacity);
        // Partner: OBSERVE_TAIL in `refresh_available`. INV-ORD-1.
        self.tail.store(tail, PUBLISH_TAIL);
        // SAFETY: INV-SW-1: as in `claim_free`.
        self.cached_head.own.with_mut(|own| unsafe { *own = tail });
        self.signals.consumer.notify();
    }

    /// Whether either side has closed. For the producer: nobody will take what it sends. It asks
    /// before each grant (INV-CLOSE-2).
    #[inline(always)]
    pub(crate) fn is_closed_for_producer(&self) -> bool {
        // Partner: none, see NOTICE_CLOSED.
        self.signals.closed.load(NOTICE_CLOSED) != 0
    }

    /// The producer's last word. It may be said more than once.
    pub(crate) fn close_producer(&self) {
        // Partner: OBSERVE_CLOSED in `producer_has_closed`. INV-ORD-3.
        self.signals
            .closed
            .fetch_or(PRODUCER_CLOSED, CLOSE_PRODUCER);
        self.signals.consumer.notify();
    }

    /// Where the producer parks.
    pub(crate) fn producer_slot(&self) -> &WakerSlot {
        &self.signals.producer
    }

    /// The producer's cursor, by its own copy.
    ///
    /// # Safety
    ///
    /// INV-SW-1: the caller is the producer.
    #[inline(always)]
    pub(crate) unsafe fn own_tail(&self) -> u64 {
        // SAFETY: INV-SW-1: only the producer touches its copies, and the caller is the producer.
        let tail = self.cached_head.own.with(|own| unsafe { *own });
        // Partner: none; own cursor, INV-SEQ-4.
        debug_assert_eq!(tail, self.tail.load(OWN_TAIL), "INV-SEQ-4");
        tail
    }
}

/// The consumer's half of the protocol.
///
/// # Safety of the whole block
///
/// Every `unsafe fn` here demands that the caller is the ring's one consumer, on one thread at a
/// time (INV-SW-2).
impl Cursors {
    /// Steps 1 to 3: the elements that the consumer knows of, after a look at the producer's
    /// cursor only if it knows of fewer than `wanted`. A closed consumer looks no more.
    ///
    /// # Safety
    ///
    /// INV-SW-2: the caller is the consumer.
    #[inline(always)]
    pub(crate) unsafe fn claim_available(&self, wanted: u64) -> Grant {
        // SAFETY: INV-SW-2: passed on.
        let head = unsafe { self.own_head() };
        // SAFETY: INV-SW-2: only the consumer touches its copies, and the caller is the consumer.
        let cached_tail = self.cached_tail.peer.with(|copy| unsafe { *copy });
        let count = cached_tail.wrapping_sub(head);
        if count >= wanted || self.consumer_has_closed() {
            return Grant {
                position: head,
                count,
            };
        }
        // SAFETY: INV-SW-2: passed on.
        let count = unsafe { self.refresh_available(head) };
        if count < wanted {
            self.cached_tail.short.increment();
        }
        Grant {
            position: head,
            count,
        }
    }

    /// Step 3: looks at the producer's cursor and returns the elements there are.
    ///
    /// # Safety
    ///
    /// INV-SW-2: the caller is the consumer, and `head` its cursor.
    #[inline]
    unsafe fn refresh_available(&self, head: u64) -> u64 {
        // Partner: PUBLISH_TAIL in `publish_tail`. INV-ORD-1.
        let tail = self.tail.load(OBSERVE_TAIL);
        // SAFETY: INV-SW-2: as in `claim_available`.
        self.cached_tail
            .peer
            .with_mut(|copy| unsafe { *copy = tail });
        let used = tail.wrapping_sub(head);
        self.cached_tail.high_water.raise_to(used);
        used
    }

    /// The elements there are right now, as far as the producer has published them.
    ///
    /// # Safety
    ///
    /// INV-SW-2: the caller is the consumer.
    pub(crate) unsafe fn available_now(&self) -> Grant {
        // SAFETY: INV-SW-2: passed on.
        let grant = unsafe { self.look_at_tail() };
        if grant.count == 0 {
            self.cached_tail.short.increment();
        }
        grant
    }

    /// Step 3 alone, one of many in a spin: [`available_now`](Self::available_now), and not counted if
    /// there is nothing.
    ///
    /// # Safety
    ///
    /// INV-SW-2: the caller is the consumer.
    #[inline]
    pub(crate) unsafe fn look_at_tail(&self) -> Grant {
        // SAFETY: INV-SW-2: passed on.
        let head = unsafe { self.own_head() };
        Grant {
            position: head,
            // SAFETY: INV-SW-2: passed on.
            count: unsafe { self.refresh_available(head) },
        }
    }

    /// Step 5: gives back every slot before the position `head`.
    ///
    /// # Safety
    ///
    /// INV-SW-2: the caller is the consumer. INV-SEQ-2: `head` is not behind the old head.
    /// INV-DROP-1: the elements from the old head up to
    /// `head` were granted, have been moved out or dropped, and no reference to them is left
    /// (INV-ALIAS-2).
    #[inline(always)]
    pub(crate) unsafe fn publish_head(&self, head: u64) {
        // INV-SEQ-1
        debug_assert!({
            // SAFETY: INV-SW-2: as in `claim_available`.
            let cached_tail = self.cached_tail.peer.with(|copy| unsafe { *copy });
            cached_tail.wrapping_sub(head) <= self.capacity
        });
        // SAFETY: INV-SW-2: passed on.
        debug_assert!(head.wrapping_sub(unsafe { self.own_head() }) <= self.capacity);
        // Partner: OBSERVE_HEAD in `refresh_free`. INV-ORD-2.
        self.head.store(head, PUBLISH_HEAD);
        // SAFETY: INV-SW-2: as in `claim_available`.
        self.cached_tail.own.with_mut(|own| unsafe { *own = head });
        self.signals.producer.notify();
    }

    /// Whether the producer has closed. If so, what [`claim_available`](Self::claim_available)
    /// and [`available_now`](Self::available_now) find after this call is all there will ever be.
    pub(crate) fn producer_has_closed(&self) -> bool {
        // Partner: CLOSE_PRODUCER in `close_producer`. INV-ORD-3.
        self.signals.closed.load(OBSERVE_CLOSED) & PRODUCER_CLOSED != 0
    }

    /// Whether the consumer itself has closed.
    #[inline]
    pub(crate) fn consumer_has_closed(&self) -> bool {
        // Partner: none, see NOTICE_CLOSED; the consumer reads its own mark.
        self.signals.closed.load(NOTICE_CLOSED) & CONSUMER_CLOSED != 0
    }

    /// The consumer's last word. It may be said more than once.
    pub(crate) fn close_consumer(&self) {
        // Partner: none, see CLOSE_CONSUMER.
        self.signals
            .closed
            .fetch_or(CONSUMER_CLOSED, CLOSE_CONSUMER);
        self.signals.producer.notify();
    }

    /// Where the consumer parks.
    pub(crate) fn consumer_slot(&self) -> &WakerSlot {
        &self.signals.consumer
    }

    /// The consumer's cursor, by its own copy.
    ///
    /// # Safety
    ///
    /// INV-SW-2: the caller is the consumer.
    #[inline(always)]
    pub(crate) unsafe fn own_head(&self) -> u64 {
        // SAFETY: INV-SW-2: only the consumer touches its copies, and the caller is the consumer.
        let head = self.cached_tail.own.with(|own| unsafe { *own });
        // Partner: none; own cursor, INV-SEQ-4.
        debug_assert_eq!(head, self.head.load(OWN_HEAD), "INV-SEQ-4");
        head
    }
}

impl Cursors {
    /// The unread elements, for the last owner.
    ///
    /// `&mut` proves that both handles are gone and that their accesses happen before.
    pub(crate) fn unread(&mut self) -> Grant {
        // Partner: none; own cursors, of both owners.
        let head = self.head.load(OWN_HEAD);
        let tail = self.tail.load(OWN_TAIL);
        Grant {
            position: head,
            count: tail.wrapping_sub(head),
        }
    }

    /// What the cursors and the two owners' counters tell. Any thread may ask; the numbers are
    /// recent and not one consistent cut.
    pub(crate) fn metrics(&self) -> Metrics {
        Metrics {
            received: self.head.load(METRIC).wrapping_sub(self.start),
            sent: self.tail.load(METRIC).wrapping_sub(self.start),
            full_encounters: self.cached_head.short.get(),
            empty_encounters: self.cached_tail.short.get(),
            high_water_mark: self
                .cached_head
                .high_water
                .get()
                .max(self.cached_tail.high_water.get()),
        }
    }
}
