//! The ring itself: cursors, buffer and allocator, from a position to its slot, and the end of all of them.

mod dropping;

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::RefUnwindSafe;
use core::ptr::NonNull;

use crate::alloc::{BufferAllocator, HeapAllocator, Memory, RawBuffer};
use crate::cursors::{Cursors, Grant};
use crate::park::Handshake;
use crate::sync::{SlotShadow, UnsafeCell};

/// A bounded ring for one producer and one consumer.
///
/// A `Ring` is made in two halves, a [`Producer`](crate::Producer) and a [`Consumer`](crate::Consumer); each can be sent to a thread
/// of its own. The ring has no operations itself: whoever holds a half may do what that half does,
/// and the memory lives until both are gone.
///
/// Elements are moved into slots of one fixed buffer that comes from a [`BufferAllocator`];
/// after construction nothing is allocated, except by a thread that goes to sleep.
///
/// ```
/// use crosscore::Ring;
///
/// let (mut producer, mut consumer) = Ring::with_capacity(1024)?;
/// let sum = std::thread::spawn(move || {
///     let mut sum = 0u64;
///     while !consumer.is_done() {
///         consumer.drain(usize::MAX, |n| sum += n);
///     }
///     sum
/// });
/// for n in 0..10_000u64 {
///     while producer.push(n).is_err() {
///         std::hint::spin_loop();
///     }
/// }
/// drop(producer);
/// assert_eq!(sum.join().unwrap(), 49_995_000);
/// # Ok::<(), crosscore::RingError>(())
/// ```
#[repr(C)]
pub struct Ring<T, A: BufferAllocator = HeapAllocator> {
    cursors: Cursors,
    /// What the allocator gave, to be given back; `None` when `T` has no size.
    buffer: Option<RawBuffer>,
    shadow: SlotShadow,
    /// Whether a free slot can be uninitialised memory, by way of `Reservation::spare_slots`: INV-INIT-2. The
    /// producer's.
    holds_uninit: UnsafeCell<bool>,
    /// Whether it is dropped when nobody has a share in it any more: INV-LIFE-1. Not in static storage.
    counted: bool,
    allocator: A,
    /// Says that the ring owns elements, and makes it invariant in `T` (INV-VAR-1). `Cell` is there
    /// for the variance alone: `NonNull<T>` and `PhantomData<T>` are covariant.
    owns_elements: PhantomData<Cell<T>>,
}

const _: () = {
    // The cursors, hot lines first, are the first thing in a ring whatever its element.
    assert!(core::mem::offset_of!(Ring<u8>, cursors) == 0);
    assert!(core::mem::offset_of!(Ring<[u64; 9]>, cursors) == 0);
};

// SAFETY: INV-SEND-1: a ring owns elements, which move from the producer's thread to the
// consumer's, and are dropped on whichever thread lets go last: `T: Send`. The allocator is made
// on one thread and used again by the last owner only: `A: Send`. The base pointer points to
// memory that the allocator's contract makes usable from any thread (INV-ALLOC-1).
unsafe impl<T: Send, A: BufferAllocator + Send> Send for Ring<T, A> {}

// SAFETY: INV-SEND-1: two threads hold the ring by `&` at once, one as producer and one as
// consumer. The atomics are made for that. The private copies and the slots are touched by one side at
// a time, by INV-SW-1, INV-SW-2 and the edges INV-ORD-1 and INV-ORD-2. No `&T` and no `&A` is ever
// reachable from two threads, so neither needs to be `Sync`: `ReadGuard` is `Sync` only if `T` is, and
// nothing that takes `&Ring`, `Debug` included, looks at the allocator.
unsafe impl<T: Send, A: BufferAllocator + Send> Sync for Ring<T, A> {}

// INV-DROP-2: a panic leaves a ring as it is between two operations. With this a handle can be moved into
// `catch_unwind`, as those of `std::sync::mpsc` can.
impl<T, A: BufferAllocator> RefUnwindSafe for Ring<T, A> {}

impl<T, A: BufferAllocator> Ring<T, A> {
    /// `buffer` is from this allocator, and where the slots of `cursors` are. `counted` says that the ring will be on the
    /// heap.
    pub(crate) fn over(
        cursors: Cursors,
        buffer: Option<RawBuffer>,
        allocator: A,
        counted: bool,
    ) -> Self {
        Self {
            shadow: SlotShadow::new(cursors.capacity() as usize),
            cursors,
            buffer,
            holds_uninit: UnsafeCell::new(false),
            counted,
            allocator,
            owns_elements: PhantomData,
        }
    }

    /// Whether it is on the heap, and so counted: INV-LIFE-1.
    pub(crate) fn is_counted(&self) -> bool {
        self.counted
    }

    #[inline(always)]
    pub(crate) fn cursors(&self) -> &Cursors {
        &self.cursors
    }

    pub(crate) fn shadow(&self) -> &SlotShadow {
        &self.shadow
    }

    /// How many elements fit.
    pub fn capacity(&self) -> usize {
        self.cursors.capacity() as usize
    }

    /// What kind of memory the elements are in. [`Memory::Heap`] when they have no size.
    pub fn memory(&self) -> Memory {
        self.buffer.as_ref().map_or(Memory::Heap, RawBuffer::memory)
    }

    /// The first slot.
    ///
    /// Reading or writing through it is for the owner of the slot: see
    /// [`Producer::publish_raw`](crate::Producer::publish_raw) and
    /// [`Consumer::release_raw`](crate::Consumer::release_raw). What is written into a slot must be
    /// an initialised `T`, published or not, where `T` is [`Zeroable`](crate::Zeroable).
    pub fn base(&self) -> NonNull<T> {
        self.cursors.slots().base().cast()
    }

    /// How a publisher and a sleeper of this ring agree on an order.
    pub fn handshake(&self) -> Handshake {
        self.cursors.consumer_slot().barrier()
    }

    /// The slot of a position.
    #[inline(always)]
    pub(crate) fn slot(&self, position: u64) -> *mut T {
        // SAFETY: INV-MEM-1: this ring's slots are of type `T`.
        unsafe { self.cursors.slots().at(position) }
    }

    /// The same for the producer, from the line that it has at hand.
    #[inline(always)]
    pub(crate) fn producers_slot(&self, position: u64) -> *mut T {
        // SAFETY: INV-MEM-1: as in `slot`.
        unsafe { self.cursors.producers_slots().at(position) }
    }

    /// The same for the consumer, from the line that it has at hand.
    #[inline(always)]
    pub(crate) fn consumers_slot(&self, position: u64) -> *mut T {
        // SAFETY: INV-MEM-1: as in `slot`.
        unsafe { self.cursors.consumers_slots().at(position) }
    }

    /// How many of the granted slots follow their first one in memory without a gap. INV-MEM-2.
    #[inline(always)]
    pub(crate) fn contiguous(&self, grant: Grant) -> usize {
        self.cursors.slots().contiguous(grant)
    }

    /// Whether a free slot can be uninitialised memory: INV-INIT-2.
    ///
    /// # Safety
    ///
    /// INV-SW-1: the caller is the producer.
    pub(crate) unsafe fn may_hold_uninit(&self) -> bool {
        // SAFETY: INV-SW-1: only the producer touches it, and the caller is the producer.
        self.holds_uninit.with(|holds| unsafe { *holds })
    }

    /// From now on a free slot can be uninitialised memory.
    ///
    /// # Safety
    ///
    /// INV-SW-1: the caller is the producer.
    pub(crate) unsafe fn will_hold_uninit(&self) {
        // A look first: the line is one that the consumer reads.
        // SAFETY: INV-SW-1: passed on, and as in `may_hold_uninit`.
        if unsafe { !self.may_hold_uninit() } {
            // SAFETY: INV-SW-1: as in `may_hold_uninit`.
            self.holds_uninit.with_mut(|holds| unsafe { *holds = true });
        }
    }
}

// By hand, so that it neither asks for `T: Debug` nor looks at the allocator, which any thread with a
// share in the ring could then do at once although `A` need not be `Sync` (INV-SEND-1).
impl<T, A: BufferAllocator> fmt::Debug for Ring<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("capacity", &self.capacity())
            .field("memory", &self.memory())
            .finish_non_exhaustive()
    }
}
