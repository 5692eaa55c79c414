//! Making a ring: its capacity, its memory and its two halves.

use core::alloc::Layout;
use core::ptr::NonNull;

use crate::alloc::{BufferAllocator, HeapAllocator, RawBuffer};
use crate::consumer::Consumer;
use crate::cursors::{Cursors, Slots};
use crate::error::RingError;
use crate::park::Handshake;
use crate::producer::Producer;
use crate::ring::Ring;
use crate::ring_ref::{Halves, RingRef};

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

    /// As [`with_capacity_in`](Self::with_capacity_in), with a [`Handshake`] of its own between publishing and sleeping.
    ///
    /// That of the process ([`Handshake::in_use`]) makes publications cheapest, and where it is
    /// [`Handshake::Membarrier`] or [`Handshake::Flush`] the sleeper pays: each time that it goes to sleep, every
    /// running thread of the process is interrupted, for some microseconds. A program with threads that must
    /// not be interrupted, or whose rings sleep more often than they publish, takes [`Handshake::Fence`]: each
    /// publication pays for a fence, some 8 ns, and nobody is interrupted. What the platform does not have
    /// becomes `Fence`.
    ///
    /// ```
    /// use crosscore::{Handshake, HeapAllocator, Ring};
    ///
    /// let (mut producer, mut consumer) = Ring::with_handshake_in(8, HeapAllocator, Handshake::Fence)?;
    /// assert_eq!(producer.ring().handshake(), Handshake::Fence);
    /// producer.push(1).unwrap();
    /// assert_eq!(consumer.pop_wait(None), Ok(1));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`with_capacity`](Ring::with_capacity).
    pub fn with_handshake_in(
        capacity: usize,
        allocator: A,
        handshake: Handshake,
    ) -> Result<Halves<T, A>, RingError> {
        Self::make(capacity, allocator, 0, handshake.or_fences())
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
        Self::make(capacity, allocator, start, Handshake::for_a_ring())
    }

    fn make(
        capacity: usize,
        allocator: A,
        start: u64,
        handshake: Handshake,
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
        // Dangling, but aligned, when `T` has no size; and then there is no end to run into.
        let slots = Slots::new(
            buffer
                .as_ref()
                .map_or(NonNull::<T>::dangling().cast(), RawBuffer::base),
            capacity as u64,
            buffer
                .as_ref()
                .is_none_or(RawBuffer::is_contiguous_across_wrap),
        );
        let cursors = Cursors::new(slots, start, handshake);
        let ring = RingRef::counted(Self::over(cursors, buffer, allocator, true));
        Ok((
            Producer::new(ring.clone(), start),
            Consumer::new(ring, start),
        ))
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
}
