//! Slots that the producer has taken but not published, on both sides of the buffer's end.

use core::fmt;
use core::mem::MaybeUninit;

use crate::alloc::{BufferAllocator, HeapAllocator};
use crate::cursors::Grant;
use crate::producer::Producer;
use crate::reservation::Reservation;
use crate::ring::Ring;
use crate::zeroable::Zeroable;

/// Free slots in one or two contiguous chunks, to be written in place. From [`Producer::reserve_chunks`] and
/// [`Producer::reserve_chunks_exact`].
///
/// As a [`Reservation`], which is one chunk only, but not cut short where the buffer ends: on the heap the second
/// chunk is what comes after the end, on mirrored memory it is empty. It is written from the front, the first chunk
/// and then the second; [`commit`](Self::commit) publishes both at once. Dropping it publishes nothing.
///
/// ```
/// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(4)?;
/// producer.push_slice(&[0, 0, 0]);
/// consumer.skip(3);
///
/// let mut chunks = producer.reserve_chunks_exact(3).unwrap();
/// let (first, second) = chunks.spare_slices();
/// assert_eq!((first.len(), second.len()), (1, 2));
/// first.copy_from_slice(&[1]);
/// second.copy_from_slice(&[2, 3]);
/// chunks.advance(3);
/// assert_eq!(chunks.commit(), 3);
/// assert!(consumer.pop_iter().eq([1, 2, 3]));
/// # Ok::<(), crosscore::RingError>(())
/// ```
#[must_use = "dropping reserved chunks publishes nothing"]
pub struct ReservedChunks<'a, T, A: BufferAllocator = HeapAllocator> {
    first: Reservation<'a, T, A>,
    /// Follows the first one, and has something only when that is full.
    second: Reservation<'a, T, A>,
}

impl<T, A: BufferAllocator> Producer<T, A> {
    /// Reserves up to `n` slots, in two chunks where the buffer ends among them.
    ///
    /// Fewer than `n` where fewer are free. `None` when no slot is free, when the ring is closed, and when `n` is 0.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(4)?;
    /// producer.push(1).unwrap();
    /// let mut chunks = producer.reserve_chunks(8).unwrap();
    /// assert_eq!(chunks.fill(2..), 3);
    /// chunks.commit();
    /// assert!(consumer.pop_iter().eq(1..5));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn reserve_chunks(&mut self, n: usize) -> Option<ReservedChunks<'_, T, A>> {
        let wanted = (n as u64).min(self.ring.cursors().capacity());
        self.chunks_of(wanted, 1)
    }

    /// Reserves `n` slots, in two chunks where the buffer ends among them; `None` when fewer are free, when the ring
    /// is closed, and when `n` is 0.
    ///
    /// ```
    /// let (mut producer, _consumer) = crosscore::Ring::with_capacity(4)?;
    /// producer.push(1).unwrap();
    /// assert!(producer.reserve_chunks_exact(4).is_none());
    /// assert_eq!(producer.reserve_chunks_exact(3).unwrap().len(), 3);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn reserve_chunks_exact(&mut self, n: usize) -> Option<ReservedChunks<'_, T, A>> {
        let wanted = n as u64;
        if wanted > self.ring.cursors().capacity() {
            return None;
        }
        self.chunks_of(wanted, wanted)
    }

    /// `least` to `wanted` slots, of which there are not more than the capacity.
    fn chunks_of(&mut self, wanted: u64, least: u64) -> Option<ReservedChunks<'_, T, A>> {
        let ring = &*self.ring;
        if wanted == 0 || ring.cursors().is_closed_for_producer() {
            return None;
        }
        // SAFETY: INV-SW-1: `&mut self` on the only producer.
        let mut grant = unsafe { ring.cursors().claim_free(self.tail, wanted) };
        grant.count = grant.count.min(wanted);
        (grant.count >= least).then(|| ReservedChunks::new(ring, &mut self.tail, grant))
    }
}

impl<'a, T, A: BufferAllocator> ReservedChunks<'a, T, A> {
    /// The granted slots are the producer's, and the producer, whose position is `tail`, is mutably borrowed for `'a`:
    /// INV-RES-1.
    fn new(ring: &'a Ring<T, A>, tail: &'a mut u64, grant: Grant) -> Self {
        let first = ring.contiguous(grant);
        let wrapped = grant.position.wrapping_add(first as u64);
        Self {
            first: Reservation::new(ring, Some(tail), grant.position, first),
            second: Reservation::new(ring, None, wrapped, grant.count as usize - first),
        }
    }

    /// How many slots are reserved. At least 1.
    #[allow(
        clippy::len_without_is_empty,
        reason = "chunks of no slots do not exist; `reserve_chunks` returns None"
    )]
    pub fn len(&self) -> usize {
        self.first.len() + self.second.len()
    }

    /// How many of them have been written, from the front.
    pub fn written(&self) -> usize {
        self.first.written() + self.second.written()
    }

    /// Writes the next slot.
    ///
    /// # Errors
    ///
    /// The item, when all slots have been written.
    pub fn push(&mut self, item: T) -> Result<(), T> {
        self.first.push(item).or_else(|item| self.second.push(item))
    }

    /// Copies as many of `items` as there is room for; returns how many.
    pub fn extend_from_slice(&mut self, items: &[T]) -> usize
    where
        T: Copy,
    {
        let first = self.first.extend_from_slice(items);
        first + self.second.extend_from_slice(&items[first..])
    }

    /// Fills the slots that are left with what `items` yields; returns how many. It asks for an
    /// item only when there is a slot for it, so that none is lost.
    pub fn fill(&mut self, items: impl IntoIterator<Item = T>) -> usize {
        // Fused: an end in the first chunk is the end.
        let mut items = items.into_iter().fuse();
        self.first.fill(&mut items) + self.second.fill(items)
    }

    /// The slots that have not been written, as ordinary memory. As [`Reservation::spare_slice`].
    pub fn spare_slices(&mut self) -> (&mut [T], &mut [T])
    where
        T: Zeroable,
    {
        (self.first.spare_slice(), self.second.spare_slice())
    }

    /// Counts the next `n` slots, which [`spare_slices`](Self::spare_slices) has shown, as written.
    ///
    /// # Panics
    ///
    /// When fewer than `n` slots have been shown since [`spare_slots`](Self::spare_slots) was called last.
    pub fn advance(&mut self, n: usize)
    where
        T: Zeroable,
    {
        let first = n.min(self.first.len() - self.first.written());
        // The second one first: if it panics, the first one has counted nothing.
        self.second.advance(n - first);
        self.first.advance(first);
    }

    /// The slots that have not been written. To count some of them, from the front, call
    /// [`assume_written`](Self::assume_written).
    pub fn spare_slots(&mut self) -> (&mut [MaybeUninit<T>], &mut [MaybeUninit<T>]) {
        (self.first.spare_slots(), self.second.spare_slots())
    }

    /// Counts the next `n` slots as written.
    ///
    /// # Panics
    ///
    /// When fewer than `n` slots are left.
    ///
    /// # Safety
    ///
    /// The first `n` of [`spare_slots`](Self::spare_slots), the first chunk's and then the second's, hold
    /// initialised elements.
    pub unsafe fn assume_written(&mut self, n: usize) {
        let first = n.min(self.first.len() - self.first.written());
        // SAFETY: INV-RES-1: the caller's promise, for what of it is in either chunk. The second one first: if it
        // panics, the first one has counted nothing.
        unsafe {
            self.second.assume_written(n - first);
            self.first.assume_written(first);
        }
    }

    /// Publishes what was written, all at once, and returns how many elements that were.
    pub fn commit(self) -> usize {
        self.first.commit_with(self.second)
    }
}

impl<T, A: BufferAllocator> fmt::Debug for ReservedChunks<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReservedChunks")
            .field("len", &self.len())
            .field("written", &self.written())
            .finish_non_exhaustive()
    }
}
