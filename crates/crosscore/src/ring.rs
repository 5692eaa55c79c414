//! The ring itself: cursors, buffer, allocator, and the making and unmaking of them.

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::alloc::{BufferAllocator, HeapAllocator, Memory, RawBuffer};
use crate::consumer::Consumer;
use crate::cursors::{Cursors, Grant};
use crate::error::RingError;
use crate::producer::Producer;
use crate::sync::{Arc, SlotShadow, UnsafeCell};

/// A bounded ring for one producer and one consumer.
///
/// A `Ring` is made in two halves, a [`Producer`] and a [`Consumer`]; each can be sent to a thread
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
    /// The first slot. Dangling, but aligned, when `T` has no size.
    base: NonNull<T>,
    contiguous: bool,
    /// What the allocator gave, to be given back; `None` when `T` has no size.
    buffer: Option<RawBuffer>,
    shadow: SlotShadow,
    /// Whether a free slot can be uninitialised memory, by way of `Reservation::spare_slots`: INV-INIT-2. The
    /// producer's.
    holds_uninit: UnsafeCell<bool>,
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

impl<T> Ring<T> {
    /// Makes a ring on the heap, with room for at least `capacity` elements.
    ///
    /// The capacity is rounded up to a power of two; [`Producer::capacity`] tells what it became.
    ///
    /// # Errors
    ///
    /// [`RingError`] when the capacity is 0, more than an address space can hold, or more than
    /// the system gives.
    pub fn with_capacity(capacity: usize) -> Result<Halves<T, HeapAllocator>, RingError> {
        Self::with_capacity_in(capacity, HeapAllocator)
    }
}

/// The two halves of a ring that was just made.
pub(crate) type Halves<T, A> = (Producer<T, A>, Consumer<T, A>);

impl<T, A: BufferAllocator> Ring<T, A> {
    /// Makes a ring in memory from `allocator`, with room for at least `capacity` elements.
    ///
    /// The capacity is rounded up to a power of two and to the allocator's
    /// [granularity](BufferAllocator::granularity).
    ///
    /// ```
    /// use crosscore::{Memory, MirroredAllocator, Ring};
    ///
    /// # if cfg!(not(target_os = "linux")) { return Ok(()); }
    /// let (producer, _consumer) = Ring::<u64, _>::with_capacity_in(100, MirroredAllocator)?;
    /// assert_eq!(producer.memory(), Memory::Mirrored);
    /// assert!(producer.capacity() * size_of::<u64>() >= 4096);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`with_capacity`](Ring::with_capacity).
    pub fn with_capacity_in(capacity: usize, allocator: A) -> Result<Halves<T, A>, RingError> {
        Self::starting_at(capacity, allocator, 0)
    }

    /// Makes a ring whose cursors start at `start` instead of 0, to test what happens when they
    /// pass 2³² or wrap around.
    ///
    /// # Errors
    ///
    /// As [`with_capacity`](Ring::with_capacity).
    #[doc(hidden)]
    pub fn starting_at(
        capacity: usize,
        allocator: A,
        start: u64,
    ) -> Result<Halves<T, A>, RingError> {
        let (capacity, layout) = Self::round_up(capacity, allocator.granularity())?;
        let buffer = match layout {
            Some(layout) => Some(allocator.allocate(layout)?),
            None => None,
        };
        // INV-ALLOC-2 and INV-MEM-1, which an allocator of somebody else's may break.
        debug_assert!(buffer.as_ref().is_none_or(|buffer| {
            buffer.base().cast::<T>().is_aligned()
                && buffer.layout().size() == capacity * size_of::<T>()
        }));
        let ring = Arc::new(Self {
            cursors: Cursors::new(capacity as u64, start),
            base: buffer
                .as_ref()
                .map_or(NonNull::dangling(), |buffer| buffer.base().cast()),
            contiguous: buffer
                .as_ref()
                .is_none_or(RawBuffer::is_contiguous_across_wrap),
            buffer,
            shadow: SlotShadow::new(capacity),
            holds_uninit: UnsafeCell::new(false),
            allocator,
            owns_elements: PhantomData,
        });
        Ok((Producer::new(Arc::clone(&ring)), Consumer::new(ring)))
    }

    /// The capacity and layout for at least `asked` elements. No layout when `T` has no size.
    fn round_up(asked: usize, granularity: usize) -> Result<(usize, Option<Layout>), RingError> {
        if asked == 0 {
            return Err(RingError::ZeroCapacity);
        }
        let too_large = || RingError::CapacityOverflow {
            asked,
            largest: Self::largest_capacity(),
        };
        if asked > Self::largest_capacity() {
            return Err(too_large());
        }
        let mut capacity = asked.next_power_of_two();
        if size_of::<T>() == 0 {
            return Ok((capacity, None));
        }
        loop {
            let layout = Layout::array::<T>(capacity).map_err(|_| too_large())?;
            if layout.size().is_multiple_of(granularity) {
                return Ok((capacity, Some(layout)));
            }
            // Ends: the granularity is a power of two (INV-ALLOC-8), and so is the capacity.
            capacity *= 2;
        }
    }

    /// The largest power of two of elements that one allocation can hold.
    fn largest_capacity() -> usize {
        let fit = isize::MAX as usize / size_of::<T>().max(1);
        // The largest power of two that is not more than `fit`.
        1 << fit.max(1).ilog2()
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
    /// [`Producer::publish_raw`] and [`Consumer::release_raw`]. What is written into a slot must be
    /// an initialised `T`, published or not, where `T` is [`Zeroable`](crate::Zeroable).
    pub fn base(&self) -> NonNull<T> {
        self.base
    }

    /// The slot of a position.
    #[inline(always)]
    pub(crate) fn slot(&self, position: u64) -> *mut T {
        let index = (position & (self.cursors.capacity() - 1)) as usize;
        // SAFETY: INV-MEM-1: the index is below the capacity and the buffer is that many slots.
        // No reference is formed: INV-ALIAS-1.
        unsafe { self.base.as_ptr().add(index) }
    }

    /// How many of the granted slots follow their first one in memory without a gap. INV-MEM-2.
    #[inline(always)]
    pub(crate) fn contiguous(&self, grant: Grant) -> usize {
        // INV-MEM-2
        debug_assert!(grant.count <= self.cursors.capacity());
        if self.contiguous {
            return grant.count as usize;
        }
        let capacity = self.cursors.capacity();
        let before_wrap = capacity - (grant.position & (capacity - 1));
        grant.count.min(before_wrap) as usize
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

    /// Drops the elements of a grant, oldest first. A destructor that panics does not keep the others
    /// from being dropped, whichever side of the buffer's end they are on (INV-DROP-2).
    ///
    /// # Safety
    ///
    /// INV-INIT-1 and INV-DROP-1: the elements are initialised, and nobody drops them again.
    pub(crate) unsafe fn drop_elements(&self, grant: Grant) {
        struct DropRun<T>(*mut [T]);
        impl<T> Drop for DropRun<T> {
            fn drop(&mut self) {
                // SAFETY: INV-INIT-1 and INV-DROP-1: the caller's promise. INV-MEM-2: the run is
                // contiguous.
                unsafe { self.0.drop_in_place() };
            }
        }

        if !core::mem::needs_drop::<T>() {
            return;
        }
        let first = self.contiguous(grant);
        let wrapped = grant.position.wrapping_add(first as u64);
        let run = |position, len| {
            DropRun(core::ptr::slice_from_raw_parts_mut(
                self.slot(position),
                len,
            ))
        };
        // Declared last, dropped first, and the other one follows also when that unwinds.
        let _second = run(wrapped, grant.count as usize - first);
        let _first = run(grant.position, first);
    }
}

impl<T, A: BufferAllocator> Drop for Ring<T, A> {
    fn drop(&mut self) {
        /// Gives the buffer back, also when an element's destructor panics.
        struct Deallocate<'a, A: BufferAllocator>(&'a A, Option<RawBuffer>);
        impl<A: BufferAllocator> Drop for Deallocate<'_, A> {
            fn drop(&mut self) {
                if let Some(buffer) = self.1.take() {
                    // SAFETY: INV-ALLOC-7: it came from this allocator, and `&mut` on the ring
                    // proves that nobody uses it any more.
                    unsafe { self.0.deallocate(buffer) };
                }
            }
        }

        let unread = self.cursors.unread();
        let _deallocate = Deallocate(&self.allocator, self.buffer.take());
        self.shadow.writes(unread.position, unread.count as usize);
        // SAFETY: INV-INIT-1: slots in `[head, tail)` are initialised, and INV-DROP-1: both handles
        // are gone, so nobody else drops these.
        unsafe { self.drop_elements(unread) };
    }
}

// By hand, so that it neither asks for `T: Debug` nor looks at the allocator, which any thread with a
// clone of the `Arc` could then do at once although `A` need not be `Sync` (INV-SEND-1).
impl<T, A: BufferAllocator> fmt::Debug for Ring<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("capacity", &self.capacity())
            .field("memory", &self.memory())
            .finish_non_exhaustive()
    }
}
