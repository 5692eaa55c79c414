//! Elements that the consumer looks at where they lie.

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::slice;

use crate::alloc::{BufferAllocator, HeapAllocator};
use crate::consumer::Consumer;
use crate::read_chunks::ReadChunks;
use crate::ring::Ring;

/// Contiguous elements, read in place. From [`Consumer::read`].
///
/// It derefs to a slice of what has not been released, which can be changed in place. Dropping it releases nothing more: the
/// elements that are left stay in the ring. As long as it lives, the consumer is borrowed.
///
/// ```
/// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
/// producer.push_slice(&[1, 2, 3]);
///
/// let mut elements = consumer.read(usize::MAX).unwrap();
/// assert_eq!(elements.iter().sum::<i32>(), 6);
/// elements.release(1);
/// assert_eq!(*elements, [2, 3]);
/// drop(elements);
/// assert_eq!(consumer.available(), 2);
/// # Ok::<(), crosscore::RingError>(())
/// ```
///
/// [`Consumer::read`]: crate::Consumer::read
#[must_use = "dropping a read guard releases nothing"]
pub struct ReadGuard<'a, T, A: BufferAllocator = HeapAllocator> {
    /// One chunk.
    chunks: ReadChunks<'a, T, A>,
}

impl<T, A: BufferAllocator> Consumer<T, A> {
    /// Up to `n` elements, contiguous in memory, to be read in place.
    ///
    /// Fewer than `n` where there are fewer or, on memory that is not mirrored, where the buffer
    /// ends first. `None` when there is no element and when `n` is 0. Nothing is taken before
    /// [`ReadGuard::release`].
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push_slice(&[1, 2, 3]);
    /// let mut elements = consumer.read(8).unwrap();
    /// assert_eq!(*elements, [1, 2, 3]);
    /// elements.release(2);
    /// drop(elements);
    /// assert_eq!(consumer.pop(), Some(3));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn read(&mut self, n: usize) -> Option<ReadGuard<'_, T, A>> {
        if n == 0 {
            return None;
        }
        let ring = &*self.ring;
        // SAFETY: INV-SW-2: `&mut self` on the only consumer.
        let grant = unsafe { ring.cursors().claim_available_up_to(self.head, n) };
        let len = ring.cursors().consumers_slots().contiguous(grant);
        (len > 0).then(|| ReadGuard::new(ring, &mut self.head, len))
    }
}

impl<'a, T, A: BufferAllocator> ReadGuard<'a, T, A> {
    /// `len` elements from `head` on, which is the consumer's position, are the consumer's and contiguous, and the
    /// consumer is mutably borrowed for `'a`.
    #[inline]
    pub(crate) fn new(ring: &'a Ring<T, A>, head: &'a mut u64, len: usize) -> Self {
        Self {
            chunks: ReadChunks::new(ring, head, len),
        }
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
        self.chunks.release(k);
    }

    /// Drops all elements that are left and gives their slots back.
    #[inline]
    pub fn release_all(self) {
        self.chunks.release_all();
    }

    /// The elements, for as long as the consumer is borrowed. Nothing is released.
    #[cfg(feature = "std")]
    pub(crate) fn into_slice(self) -> &'a [T] {
        // SAFETY: INV-INIT-1 and INV-MEM-2: as in `deref`. INV-ALIAS-2: the consumer stays borrowed for `'a`, so
        // nobody can release them.
        unsafe { slice::from_raw_parts(self.chunks.first_slot(), self.chunks.len()) }
    }
}

impl<T, A: BufferAllocator> Deref for ReadGuard<'_, T, A> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: INV-INIT-1 and INV-MEM-2: a contiguous run of initialised elements, which stay
        // the consumer's while this guard has not released them. INV-ALIAS-2: only these slots.
        unsafe { slice::from_raw_parts(self.chunks.first_slot(), self.chunks.len()) }
    }
}

impl<T, A: BufferAllocator> DerefMut for ReadGuard<'_, T, A> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: INV-INIT-1, INV-MEM-2 and INV-ALIAS-2: as in `deref`; `&mut self` proves that there is no other
        // reference to them.
        unsafe { slice::from_raw_parts_mut(self.chunks.first_slot_mut(), self.chunks.len()) }
    }
}

impl<T: fmt::Debug, A: BufferAllocator> fmt::Debug for ReadGuard<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chunks.fmt(f)
    }
}
