//! Elements that the consumer looks at where they lie, on both sides of the buffer's end.

use core::fmt;
use core::iter::Chain;
use core::marker::PhantomData;
use core::slice;

use crate::alloc::{BufferAllocator, HeapAllocator};
use crate::consumer::Consumer;
use crate::cursors::Grant;
use crate::ring::Ring;

/// Elements in one or two contiguous chunks, read in place. From [`Consumer::read_chunks`] and
/// [`Consumer::read_chunks_exact`].
///
/// As a [`ReadGuard`](crate::ReadGuard), which is one chunk only, but not cut short where the buffer ends: on the heap
/// the second chunk is what comes after the end, on mirrored memory it is empty. Dropping it releases nothing more:
/// the elements that are left stay in the ring.
///
/// ```
/// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(4)?;
/// producer.push_slice(&[0, 0, 0]);
/// consumer.skip(3);
/// producer.push_slice(&[1, 2, 3]);
///
/// let mut chunks = consumer.read_chunks(8).unwrap();
/// assert_eq!(chunks.as_slices(), (&[1][..], &[2, 3][..]));
/// chunks.release(2);
/// assert_eq!(chunks.as_slices(), (&[3][..], &[][..]));
/// # Ok::<(), crosscore::RingError>(())
/// ```
#[must_use = "dropping read chunks releases nothing"]
pub struct ReadChunks<'a, T, A: BufferAllocator = HeapAllocator> {
    ring: &'a Ring<T, A>,
    /// The consumer's, at the first of the elements.
    head: &'a mut u64,
    len: usize,
    /// What the guard is: the only way to these elements. It makes the guard `Sync` only if `T` is,
    /// since a shared guard hands out `&T` (INV-SEND-1); the ring alone asks for `T: Send`.
    elements: PhantomData<&'a mut [T]>,
}

impl<T, A: BufferAllocator> Consumer<T, A> {
    /// Up to `n` elements, in two chunks where the buffer ends among them.
    ///
    /// Fewer than `n` where there are fewer. `None` when there is no element and when `n` is 0.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(4)?;
    /// producer.push_slice(&[1, 2, 3]);
    /// let chunks = consumer.read_chunks(2).unwrap();
    /// assert!(chunks.iter().eq(&[1, 2]));
    /// chunks.release_all();
    /// assert_eq!(consumer.pop(), Some(3));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn read_chunks(&mut self, n: usize) -> Option<ReadChunks<'_, T, A>> {
        let wanted = (n as u64).min(self.ring.cursors().capacity());
        self.chunks_of(wanted, 1)
    }

    /// `n` elements, in two chunks where the buffer ends among them; `None` when there are fewer and when `n` is 0.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(4)?;
    /// producer.push_slice(&[1, 2, 3]);
    /// assert!(consumer.read_chunks_exact(4).is_none());
    /// assert_eq!(consumer.read_chunks_exact(3).unwrap().len(), 3);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn read_chunks_exact(&mut self, n: usize) -> Option<ReadChunks<'_, T, A>> {
        let wanted = n as u64;
        if wanted > self.ring.cursors().capacity() {
            return None;
        }
        self.chunks_of(wanted, wanted)
    }

    /// `least` to `wanted` elements, of which there are not more than the capacity.
    fn chunks_of(&mut self, wanted: u64, least: u64) -> Option<ReadChunks<'_, T, A>> {
        if wanted == 0 {
            return None;
        }
        let ring = &*self.ring;
        // SAFETY: INV-SW-2: `&mut self` on the only consumer.
        let grant = unsafe { ring.cursors().claim_available(self.head, wanted) };
        let count = grant.count.min(wanted);
        (count >= least).then(|| ReadChunks::new(ring, &mut self.head, count as usize))
    }

    /// Drops up to `n` of the oldest elements; returns how many.
    ///
    /// If a destructor panics, the others still run, and all the slots are given back.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(4)?;
    /// producer.push_slice(&[1, 2, 3]);
    /// assert_eq!(consumer.skip(2), 2);
    /// assert_eq!(consumer.skip(2), 1);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn skip(&mut self, n: usize) -> usize {
        self.read_chunks(n).map_or(0, |chunks| {
            let skipped = chunks.len();
            chunks.release_all();
            skipped
        })
    }
}

impl<'a, T, A: BufferAllocator> ReadChunks<'a, T, A> {
    /// `len` elements from `head` on, which is the consumer's position, are the consumer's, and the consumer is
    /// mutably borrowed for `'a`.
    pub(crate) fn new(ring: &'a Ring<T, A>, head: &'a mut u64, len: usize) -> Self {
        ring.shadow().reads(*head, len);
        Self {
            ring,
            head,
            len,
            elements: PhantomData,
        }
    }

    /// How many elements have not been released.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether all elements have been released.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The elements that have not been released. The second chunk has some only if the buffer ends after the first.
    pub fn as_slices(&self) -> (&[T], &[T]) {
        let (first, second) = self.runs();
        // SAFETY: INV-INIT-1 and INV-MEM-2: two contiguous runs of initialised elements, which stay the consumer's
        // while this guard has not released them. INV-ALIAS-2: only these slots.
        unsafe {
            (
                slice::from_raw_parts(first.0, first.1),
                slice::from_raw_parts(second.0, second.1),
            )
        }
    }

    /// The same elements, to be changed in place.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(4)?;
    /// producer.push_slice(&[3, 1, 2]);
    /// consumer.read_chunks(3).unwrap().as_mut_slices().0.sort();
    /// assert!(consumer.pop_iter().eq([1, 2, 3]));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn as_mut_slices(&mut self) -> (&mut [T], &mut [T]) {
        // The producer's look at them is over: they are written as the slots' next owner would.
        self.ring.shadow().writes(*self.head, self.len);
        let (first, second) = self.runs();
        // SAFETY: INV-INIT-1, INV-MEM-2 and INV-ALIAS-2: as in `as_slices`; `&mut self` proves that there is no other
        // reference to them, and the two runs have no slot in common.
        unsafe {
            (
                slice::from_raw_parts_mut(first.0, first.1),
                slice::from_raw_parts_mut(second.0, second.1),
            )
        }
    }

    /// The elements that have not been released, oldest first.
    pub fn iter(&self) -> Chain<slice::Iter<'_, T>, slice::Iter<'_, T>> {
        let (first, second) = self.as_slices();
        first.iter().chain(second)
    }

    /// Both runs: first slot and length.
    fn runs(&self) -> ((*mut T, usize), (*mut T, usize)) {
        let first = self.ring.contiguous(Grant {
            position: *self.head,
            count: self.len as u64,
        });
        let wrapped = self.head.wrapping_add(first as u64);
        (
            (self.ring.slot(*self.head), first),
            (self.ring.slot(wrapped), self.len - first),
        )
    }

    /// Drops the first `k` elements and gives their slots back, all at once.
    ///
    /// If a destructor panics, the other ones of the `k` still run and all `k` slots are given
    /// back.
    ///
    /// # Panics
    ///
    /// When fewer than `k` elements are left.
    #[inline]
    pub fn release(&mut self, k: usize) {
        /// Publishes the head after the elements were dropped, also when one panics.
        struct Advance<'g, 'a, T, A: BufferAllocator> {
            chunks: &'g mut ReadChunks<'a, T, A>,
            k: usize,
        }
        impl<T, A: BufferAllocator> Drop for Advance<'_, '_, T, A> {
            fn drop(&mut self) {
                let chunks = &mut *self.chunks;
                chunks.ring.shadow().reads(*chunks.head, self.k);
                let head = chunks.head.wrapping_add(self.k as u64);
                chunks.len -= self.k;
                // SAFETY: INV-SW-2: the guard borrowed the only consumer mutably. INV-DROP-1 and
                // INV-DROP-2: the elements before `head` have been dropped, even if one of
                // them panicked.
                unsafe { chunks.ring.cursors().publish_head(chunks.head, head) };
            }
        }

        assert!(
            k <= self.len,
            "{k} elements to release of {} that were left",
            self.len
        );
        let (ring, position) = (self.ring, *self.head);
        let _advance = Advance { chunks: self, k };
        // SAFETY: INV-INIT-1: they are initialised. `&mut self` proves that no reference to them is left
        // (INV-ALIAS-2). INV-DROP-1: `_advance` goes past them, so nobody drops them again.
        unsafe {
            ring.drop_elements(Grant {
                position,
                count: k as u64,
            });
        }
    }

    /// Drops all elements that are left and gives their slots back.
    #[inline]
    pub fn release_all(mut self) {
        self.release(self.len);
    }

    /// The slot of the oldest element, for a guard that knows that the others follow.
    #[inline(always)]
    pub(crate) fn first_slot(&self) -> *mut T {
        self.ring.slot(*self.head)
    }

    /// As [`first_slot`](Self::first_slot), to write the elements.
    #[inline(always)]
    pub(crate) fn first_slot_mut(&mut self) -> *mut T {
        self.ring.shadow().writes(*self.head, self.len);
        self.ring.slot(*self.head)
    }
}

impl<T: fmt::Debug, A: BufferAllocator> fmt::Debug for ReadChunks<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
