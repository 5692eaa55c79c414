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
//! behind it, so that it errs on the side of "full" or "empty" and then looks again (INV-SEQ-3). Its own
//! position is an integer in its handle, which is exact (INV-SEQ-4).
//!
//! | field | written by | read by |
//! | --- | --- | --- |
//! | `tail` | producer | both |
//! | `cached_head`: `head` plus the capacity | producer | producer |
//! | `Producer::tail`: as `tail` | producer | producer |
//! | `head` | consumer | both |
//! | `cached_tail`: as `tail` | consumer | consumer |
//! | `Consumer::head`: as `head` | consumer | consumer |
//!
//! So each side keeps the position at which its slots end, its *limit*: it may go on for as long as its
//! own position is not there. Whatever else an operation needs lies on the same line: where the buffer is,
//! whether the ring is closed, and whether the other side sleeps. A push touches this line, the tail's,
//! the slot's and the handle's.
//!
//! A side does not read its own cursor. The other one polls that line and so has just taken it: a read would
//! fetch it back shared, and the store after it would have to ask a second time, to own it (`bench/rust`,
//! `rtt`: 210 ns, and 140 without).
//!
//! # Steps
//!
//! | | producer | consumer |
//! | --- | --- | --- |
//! | 1 | read its position, plain | read its position, plain |
//! | 2 | read its limit, plain | read its limit, plain |
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
//! different locations; only sleeping does, and `park/handshake.rs` has it.

mod closing;

use core::ptr::NonNull;

use crate::cache_aligned::{CACHE_LINE, CacheAligned};
use crate::counter::Counter;
use crate::ordering::{
    NOTICE_CLOSED, OBSERVE_HEAD, OBSERVE_TAIL, OWN_CURSOR, PUBLISH_HEAD, PUBLISH_TAIL,
};
use crate::park::{Handshake, WakerSlot};
use crate::sync::{AtomicU32, AtomicU64, UnsafeCell};

const PRODUCER_CLOSED: u32 = 1;
const CONSUMER_CLOSED: u32 = 2;

/// Where the slots are. It never changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slots {
    /// The first slot.
    base: NonNull<u8>,
    /// The capacity less one.
    mask: u64,
    /// How many slots follow each other in memory from the first one on: the capacity, or twice as many
    /// where the memory is mirrored (INV-MEM-2).
    span: u64,
}

impl Slots {
    /// `capacity` is a power of two, and the buffer at `base` that many slots (INV-MEM-1).
    pub(crate) fn new(base: NonNull<u8>, capacity: u64, mirrored: bool) -> Self {
        // INV-MEM-1
        debug_assert!(capacity.is_power_of_two());
        Self {
            base,
            mask: capacity - 1,
            span: if mirrored { 2 * capacity } else { capacity },
        }
    }

    #[inline(always)]
    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    #[inline(always)]
    pub(crate) fn capacity(&self) -> u64 {
        self.mask + 1
    }

    /// The slot of a position.
    ///
    /// # Safety
    ///
    /// INV-MEM-1: the slots are of type `T`.
    #[inline(always)]
    pub(crate) unsafe fn at<T>(&self, position: u64) -> *mut T {
        let index = (position & self.mask) as usize;
        // SAFETY: INV-MEM-1: the index is below the capacity and the buffer is that many slots.
        // No reference is formed: INV-ALIAS-1.
        unsafe { self.base.cast::<T>().as_ptr().add(index) }
    }

    /// How many of the granted slots follow their first one in memory without a gap. INV-MEM-2.
    #[inline(always)]
    pub(crate) fn contiguous(&self, grant: Grant) -> usize {
        // INV-MEM-2
        debug_assert!(grant.count <= self.capacity());
        grant.count.min(self.span - (grant.position & self.mask)) as usize
    }
}

/// All that one side reads and writes in an operation, except its handle, the cursors and the slots.
///
/// What is rare comes first, so that the rest is in the second half of the 128 bytes. The cursors are in the first
/// half of theirs: so the lines that an operation touches are even ones and odd ones. Were all of them even, as
/// the alignment alone would have it, they would share half of the first cache's sets, and 64 rings would not fit.
#[derive(Debug)]
#[repr(C)]
struct Copies {
    /// So that the sleeper's state is in the second half.
    _filling: [u64; 2],
    /// How many of the side's operations got less than they asked for.
    short: Counter,
    /// The other side's waker, for this side to wake. The other side writes it when it parks.
    sleeper: WakerSlot,
    /// Who has closed, for this side. Written when somebody does.
    closed: AtomicU32,
    /// Where the side's slots end: the other's cursor, for the producer plus the capacity, as it was at some
    /// time. INV-SEQ-3.
    limit: UnsafeCell<u64>,
    slots: Slots,
    /// The most slots that were in use when the side looked; the consumer does not write down that it was one.
    high_water: Counter,
}

impl Copies {
    fn new(limit: u64, slots: Slots, handshake: Handshake) -> Self {
        Self {
            _filling: [0; 2],
            short: Counter::new(),
            sleeper: WakerSlot::new(handshake),
            closed: AtomicU32::new(0),
            limit: UnsafeCell::new(limit),
            slots,
            high_water: Counter::new(),
        }
    }

    /// Steps 1 and 2: what the side, whose position is `own`, may use as far as it knows.
    ///
    /// # Safety
    ///
    /// INV-SW-1, INV-SW-2: the caller is the side whose copies these are.
    #[inline(always)]
    unsafe fn known(&self, own: u64) -> Grant {
        Grant {
            position: own,
            // SAFETY: INV-SW-1, INV-SW-2: passed on.
            count: unsafe { self.limit() }.wrapping_sub(own),
        }
    }

    /// # Safety
    ///
    /// INV-SW-1, INV-SW-2: the caller is the side whose copies these are.
    #[inline(always)]
    unsafe fn limit(&self) -> u64 {
        // SAFETY: INV-SW-1, INV-SW-2: only its side touches it, and the caller is that.
        self.limit.with(|limit| unsafe { *limit })
    }

    /// The end of step 3: a look has found this limit. Writes only if it is news.
    ///
    /// # Safety
    ///
    /// INV-SW-1, INV-SW-2: the caller is the side whose copies these are. INV-SEQ-3: the limit is one that
    /// the other's cursor, which it has loaded just now, allows.
    #[inline(always)]
    unsafe fn learn(&self, known: Grant, limit: u64) -> Grant {
        let found = Grant {
            position: known.position,
            count: limit.wrapping_sub(known.position),
        };
        debug_assert!(found.count <= self.slots.capacity(), "INV-SEQ-3");
        if found.count != known.count {
            // SAFETY: INV-SW-1, INV-SW-2: as in `limit`.
            self.limit.with_mut(|copy| unsafe { *copy = limit });
        }
        found
    }
}

/// Tells the compiler that what comes before or after it in this branch is not to be in the way of the other
/// one, as hashbrown does.
#[cold]
#[inline]
pub(crate) fn seldom() {}

/// A run of slots that one side may use: `count` slots from `position` on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) position: u64,
    pub(crate) count: u64,
}

/// The two cursors, the two sides' copies, and what nobody needs in a hurry.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Cursors {
    tail: CacheAligned<AtomicU64>,
    cached_head: CacheAligned<Copies>,
    /// What the producer alone uses ends right here, and the next line is the consumer's: some processors fetch the
    /// line before or after the one that was asked for, whichever pair they are of.
    _apart: CacheAligned<u8>,
    head: CacheAligned<AtomicU64>,
    cached_tail: CacheAligned<Copies>,
    /// As each side has it, for whoever is neither or is in no hurry.
    slots: Slots,
    start: u64,
}

const _: () = {
    // The four hot fields have a line each and come first; cold fields follow.
    use core::mem::offset_of;
    assert!(offset_of!(Cursors, tail) == 0);
    assert!(offset_of!(Cursors, cached_head) == CACHE_LINE);
};
// Loom's cells are larger.
#[cfg(not(loom))]
const _: () = {
    use core::mem::offset_of;
    assert!(offset_of!(Cursors, head) == 3 * CACHE_LINE);
    assert!(offset_of!(Cursors, cached_tail) == 4 * CACHE_LINE);
    assert!(offset_of!(Cursors, slots) >= 5 * CACHE_LINE);
    assert!(size_of::<Copies>() <= CACHE_LINE);
};
// What an operation needs is in the second 64 bytes, which are a whole line on most processors. With pointers of 32 bits
// all of it is shorter.
#[cfg(all(not(loom), target_pointer_width = "64"))]
const _: () = {
    use core::mem::offset_of;
    assert!(offset_of!(Copies, sleeper) + WakerSlot::STATE_AT >= 64);
    assert!(offset_of!(Copies, closed) >= 64);
};

impl Cursors {
    /// Both cursors at `start`, an empty ring.
    pub(crate) fn new(slots: Slots, start: u64, handshake: Handshake) -> Self {
        let full_at = start.wrapping_add(slots.capacity());
        Self {
            tail: CacheAligned(AtomicU64::new(start)),
            cached_head: CacheAligned(Copies::new(full_at, slots, handshake)),
            _apart: CacheAligned(0),
            head: CacheAligned(AtomicU64::new(start)),
            cached_tail: CacheAligned(Copies::new(start, slots, handshake)),
            slots,
            start,
        }
    }

    #[inline(always)]
    pub(crate) fn capacity(&self) -> u64 {
        self.slots.capacity()
    }

    /// Where the slots are.
    #[inline(always)]
    pub(crate) fn slots(&self) -> &Slots {
        &self.slots
    }

    /// The same from the line that the producer has at hand.
    #[inline(always)]
    pub(crate) fn producers_slots(&self) -> &Slots {
        &self.cached_head.slots
    }

    /// The same from the line that the consumer has at hand.
    #[inline(always)]
    pub(crate) fn consumers_slots(&self) -> &Slots {
        &self.cached_tail.slots
    }
}

/// The producer's half of the protocol.
///
/// # Safety of the whole block
///
/// Every `unsafe fn` here demands that the caller is the ring's one producer, on one thread at a
/// time (INV-SW-1), and that `own` is its position (INV-SEQ-4). The handle proves the first by holding
/// the only `Producer` by `&mut` or, where it has `&`, by not being `Sync`, and has the second.
impl Cursors {
    /// Steps 1 to 3, of an operation that wants slots: those that the producer knows of, after a look at
    /// the consumer's cursor only if it knows of fewer than `wanted`.
    ///
    /// # Safety
    ///
    /// INV-SW-1: the caller is the producer.
    #[inline(always)]
    pub(crate) unsafe fn claim_free(&self, own: u64, wanted: u64) -> Grant {
        // SAFETY: INV-SW-1: passed on.
        let known = unsafe { self.known_free(own) };
        if known.count >= wanted {
            return known;
        }
        seldom();
        // SAFETY: INV-SW-1: passed on.
        let grant = unsafe { self.look_at_head(known) };
        if grant.count < wanted {
            self.cached_head.short.increment();
        }
        grant
    }

    /// [`claim_free`](Self::claim_free) of up to `n` slots: not more, and not more than there can be, for
    /// which it would look in vain each time.
    ///
    /// # Safety
    ///
    /// INV-SW-1: the caller is the producer.
    #[inline(always)]
    pub(crate) unsafe fn claim_free_up_to(&self, own: u64, n: usize) -> Grant {
        let wanted = (n as u64).min(self.cached_head.slots.capacity());
        // SAFETY: INV-SW-1: passed on.
        let grant = unsafe { self.claim_free(own, wanted) };
        Grant {
            count: grant.count.min(wanted),
            ..grant
        }
    }

    /// Steps 1 and 2: the free slots that the producer knows of.
    ///
    /// # Safety
    ///
    /// INV-SW-1: the caller is the producer.
    #[inline(always)]
    pub(crate) unsafe fn known_free(&self, own: u64) -> Grant {
        // SAFETY: INV-SW-1: passed on.
        let known = unsafe { self.cached_head.known(own) };
        // Partner: none; own cursor, INV-SEQ-4.
        debug_assert_eq!(own, self.tail.load(OWN_CURSOR), "INV-SEQ-4");
        known
    }

    /// Step 3: looks at the consumer's cursor and returns the free slots.
    ///
    /// # Safety
    ///
    /// INV-SW-1: the caller is the producer, and `known` what it knows.
    #[inline]
    unsafe fn look_at_head(&self, known: Grant) -> Grant {
        let capacity = self.cached_head.slots.capacity();
        // Partner: PUBLISH_HEAD in `publish_head`. INV-ORD-2.
        let head = self.head.load(OBSERVE_HEAD);
        let limit = head.wrapping_add(capacity);
        // SAFETY: INV-SW-1: passed on. INV-SEQ-3: the head was there just now.
        let found = unsafe { self.cached_head.learn(known, limit) };
        self.cached_head.high_water.raise_to(capacity - found.count);
        found
    }

    /// A question, and so not counted: the free slots right now, as far as the consumer has released them.
    ///
    /// # Safety
    ///
    /// INV-SW-1: the caller is the producer.
    pub(crate) unsafe fn free_now(&self, own: u64) -> Grant {
        // SAFETY: INV-SW-1: passed on.
        unsafe { self.look_at_head(self.known_free(own)) }
    }

    /// Step 5: publishes every slot before the position `tail`.
    ///
    /// # Safety
    ///
    /// INV-SW-1: the caller is the producer. INV-INIT-1: the slots from the old tail up to `tail`
    /// are initialised, and they were granted: `tail` is not beyond the producer's limit. INV-SEQ-2: `tail`
    /// is not behind the old tail.
    #[inline(always)]
    pub(crate) unsafe fn publish_tail(&self, own: &mut u64, tail: u64) {
        // INV-SEQ-1, checked against the producer's own copies only: a look at the consumer's cursor would
        // pull its line on every publication.
        debug_assert!({
            // SAFETY: INV-SW-1: passed on.
            let limit = unsafe { self.cached_head.limit() };
            limit.wrapping_sub(tail) <= self.capacity()
        });
        debug_assert!(tail.wrapping_sub(*own) <= self.capacity());
        *own = tail;
        // Partner: OBSERVE_TAIL in `look_at_tail`. INV-ORD-1.
        self.tail.store(tail, PUBLISH_TAIL);
        self.consumer_slot().notify();
    }

    /// Whether either side has closed. For the producer: nobody will take what it sends. It asks
    /// before each grant (INV-CLOSE-2).
    #[inline(always)]
    pub(crate) fn is_closed_for_producer(&self) -> bool {
        // Partner: none, see NOTICE_CLOSED.
        self.cached_head.closed.load(NOTICE_CLOSED) != 0
    }

    /// Where the producer parks. The consumer has it at hand.
    #[inline(always)]
    pub(crate) fn producer_slot(&self) -> &WakerSlot {
        &self.cached_tail.sleeper
    }
}

/// The consumer's half of the protocol.
///
/// # Safety of the whole block
///
/// Every `unsafe fn` here demands that the caller is the ring's one consumer, on one thread at a
/// time (INV-SW-2), and that `own` is its position (INV-SEQ-4).
impl Cursors {
    /// Steps 1 to 3, of an operation that wants elements: those that the consumer knows of, after a look at
    /// the producer's cursor only if it knows of fewer than `wanted`. A closed consumer looks no more.
    ///
    /// # Safety
    ///
    /// INV-SW-2: the caller is the consumer.
    #[inline(always)]
    pub(crate) unsafe fn claim_available(&self, own: u64, wanted: u64) -> Grant {
        // SAFETY: INV-SW-2: passed on.
        let known = unsafe { self.known_available(own) };
        if known.count >= wanted {
            return known;
        }
        if self.consumer_has_closed() {
            seldom();
            return known;
        }
        // SAFETY: INV-SW-2: passed on.
        let grant = unsafe { self.look_at_tail(known) };
        if grant.count < wanted {
            self.cached_tail.short.increment();
        }
        grant
    }

    /// [`claim_available`](Self::claim_available) of up to `n` elements: not more, and not more than there
    /// can be, for which it would look in vain each time.
    ///
    /// # Safety
    ///
    /// INV-SW-2: the caller is the consumer.
    #[inline(always)]
    pub(crate) unsafe fn claim_available_up_to(&self, own: u64, n: usize) -> Grant {
        let wanted = (n as u64).min(self.cached_tail.slots.capacity());
        // SAFETY: INV-SW-2: passed on.
        let grant = unsafe { self.claim_available(own, wanted) };
        Grant {
            count: grant.count.min(wanted),
            ..grant
        }
    }

    /// Steps 1 and 2: the elements that the consumer knows of.
    ///
    /// # Safety
    ///
    /// INV-SW-2: the caller is the consumer.
    #[inline(always)]
    pub(crate) unsafe fn known_available(&self, own: u64) -> Grant {
        // SAFETY: INV-SW-2: passed on.
        let known = unsafe { self.cached_tail.known(own) };
        // Partner: none; own cursor, INV-SEQ-4.
        debug_assert_eq!(own, self.head.load(OWN_CURSOR), "INV-SEQ-4");
        known
    }

    /// Step 3: looks at the producer's cursor and returns the elements there are.
    ///
    /// # Safety
    ///
    /// INV-SW-2: the caller is the consumer, and `known` what it knows.
    #[inline]
    unsafe fn look_at_tail(&self, known: Grant) -> Grant {
        // Partner: PUBLISH_TAIL in `publish_tail`. INV-ORD-1.
        let tail = self.tail.load(OBSERVE_TAIL);
        // SAFETY: INV-SW-2: passed on. INV-SEQ-3: the tail was there just now.
        let found = unsafe { self.cached_tail.learn(known, tail) };
        // Who takes one at a time is spared this; `metrics` knows that there was one.
        if found.count > 1 {
            self.cached_tail.high_water.raise_to(found.count);
        }
        found
    }

    /// A question, and so not counted: the elements there are right now, as far as the producer has
    /// published them.
    ///
    /// # Safety
    ///
    /// INV-SW-2: the caller is the consumer.
    #[inline]
    pub(crate) unsafe fn available_now(&self, own: u64) -> Grant {
        // SAFETY: INV-SW-2: passed on.
        unsafe { self.look_at_tail(self.known_available(own)) }
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
    pub(crate) unsafe fn publish_head(&self, own: &mut u64, head: u64) {
        // INV-SEQ-1
        debug_assert!({
            // SAFETY: INV-SW-2: passed on.
            let limit = unsafe { self.cached_tail.limit() };
            limit.wrapping_sub(head) <= self.capacity()
        });
        debug_assert!(head.wrapping_sub(*own) <= self.capacity());
        *own = head;
        // Partner: OBSERVE_HEAD in `look_at_head`. INV-ORD-2.
        self.head.store(head, PUBLISH_HEAD);
        self.producer_slot().notify();
    }

    /// Whether the consumer itself has closed.
    #[inline]
    pub(crate) fn consumer_has_closed(&self) -> bool {
        // Partner: none, see NOTICE_CLOSED; the consumer reads its own mark.
        self.cached_tail.closed.load(NOTICE_CLOSED) & CONSUMER_CLOSED != 0
    }

    /// Where the consumer parks. The producer has it at hand.
    #[inline(always)]
    pub(crate) fn consumer_slot(&self) -> &WakerSlot {
        &self.cached_head.sleeper
    }
}
