//! What keeps a ring where it is while somebody uses it.

use core::fmt;
#[cfg(feature = "alloc")]
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use crate::alloc::{BufferAllocator, HeapAllocator};
use crate::consumer::Consumer;
use crate::producer::Producer;
use crate::ring::Ring;
#[cfg(feature = "alloc")]
use crate::sync::Arc;

/// A share in a [`Ring`]: the ring and its memory are there for as long as one is left.
///
/// Each handle has one. [`Producer::ring`](crate::Producer::ring) and [`Consumer::ring`](crate::Consumer::ring) show it,
/// and a clone keeps the memory while a raw pointer into it is in use, whatever becomes of the handles. Shares in a ring
/// on the heap are counted, as by an `Arc`; a ring in [static storage](crate::StaticRing) stays in any case.
///
/// ```
/// let (producer, consumer) = crosscore::Ring::<u8>::with_capacity(8)?;
/// let ring = producer.ring().clone();
/// drop((producer, consumer));
/// assert_eq!(ring.capacity(), 8);
/// # Ok::<(), crosscore::RingError>(())
/// ```
pub struct RingRef<T, A: BufferAllocator = HeapAllocator> {
    ring: NonNull<Ring<T, A>>,
}

/// The two halves of a ring that was just made.
pub(crate) type Halves<T, A> = (Producer<T, A>, Consumer<T, A>);

// SAFETY: INV-SEND-1: as an `Arc` of the ring, which is `Send` and `Sync` under these conditions: the last share drops it
// on its own thread.
unsafe impl<T: Send, A: BufferAllocator + Send> Send for RingRef<T, A> {}

// SAFETY: INV-SEND-1: as above; `&RingRef` leads to `&Ring`, and to more shares.
unsafe impl<T: Send, A: BufferAllocator + Send> Sync for RingRef<T, A> {}

impl<T, A: BufferAllocator> RingRef<T, A> {
    /// Moves a ring to the heap.
    #[cfg(feature = "alloc")]
    pub(crate) fn counted(ring: Ring<T, A>) -> Self {
        debug_assert!(ring.is_counted());
        let ring = Arc::into_raw(Arc::new(ring)).cast_mut();
        Self {
            // SAFETY: INV-LIFE-1: the address of a value is not null.
            ring: unsafe { NonNull::new_unchecked(ring) },
        }
    }

    /// Whether nobody else has a share in the ring: no handle, and no other clone. Never so in static storage.
    ///
    /// ```
    /// let (producer, consumer) = crosscore::Ring::<u8>::with_capacity(8)?;
    /// let ring = producer.ring().clone();
    /// drop((producer, consumer));
    /// assert!(ring.is_only());
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[cfg(feature = "alloc")]
    pub fn is_only(&self) -> bool {
        if !self.is_counted() {
            return false;
        }
        // SAFETY: INV-LIFE-1: it came from `Arc::into_raw`, and this share keeps its count.
        let share = ManuallyDrop::new(unsafe { Arc::from_raw(self.ring.as_ptr()) });
        Arc::strong_count(&share) == 1
    }

    /// A ring that is never dropped.
    pub(crate) fn uncounted(ring: &'static Ring<T, A>) -> Self {
        debug_assert!(!ring.is_counted());
        Self { ring: ring.into() }
    }
}

impl<T, A: BufferAllocator> Deref for RingRef<T, A> {
    type Target = Ring<T, A>;

    #[inline(always)]
    fn deref(&self) -> &Ring<T, A> {
        // SAFETY: INV-LIFE-1: the ring is there while this share is.
        unsafe { self.ring.as_ref() }
    }
}

impl<T, A: BufferAllocator> Clone for RingRef<T, A> {
    fn clone(&self) -> Self {
        #[cfg(feature = "alloc")]
        if self.is_counted() {
            // SAFETY: INV-LIFE-1: it came from `Arc::into_raw`, and this share is counted.
            unsafe { Arc::increment_strong_count(self.ring.as_ptr()) };
        }
        Self { ring: self.ring }
    }
}

#[cfg(feature = "alloc")]
impl<T, A: BufferAllocator> Drop for RingRef<T, A> {
    fn drop(&mut self) {
        if self.is_counted() {
            // SAFETY: INV-LIFE-1: it came from `Arc::into_raw`, and this share, which ends here, is counted.
            drop(unsafe { Arc::from_raw(self.ring.as_ptr()) });
        }
    }
}

impl<T, A: BufferAllocator> fmt::Debug for RingRef<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
