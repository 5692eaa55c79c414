//! Elements that the consumer looks at where they lie.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::slice;

use crate::alloc::{BufferAllocator, HeapAllocator};
use crate::ring::Ring;

/// Contiguous elements, read in place. From [`Consumer::read`].
///
/// It derefs to a slice of what has not been released. Dropping it releases nothing more: the
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
    ring: &'a Ring<T, A>,
    position: u64,
    len: usize,
    /// What the guard is: the only way to these elements. It makes the guard `Sync` only if `T` is,
    /// since a shared guard hands out `&T` (INV-SEND-1); the ring alone asks for `T: Send`.
    elements: PhantomData<&'a mut [T]>,
}

impl<'a, T, A: BufferAllocator> ReadGuard<'a, T, A> {
    /// `len` elements from `position` are the consumer's and contiguous, and the consumer is
    /// mutably borrowed for `'a`.
    pub(crate) fn new(ring: &'a Ring<T, A>, position: u64, len: usize) -> Self {
        ring.shadow().reads(position, len);
        Self {
            ring,
            position,
            len,
            elements: PhantomData,
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
        /// Publishes the head after the elements were dropped, also when one panics.
        struct Advance<'g, 'a, T, A: BufferAllocator> {
            guard: &'g mut ReadGuard<'a, T, A>,
            k: usize,
        }
        impl<T, A: BufferAllocator> Drop for Advance<'_, '_, T, A> {
            fn drop(&mut self) {
                let guard = &mut *self.guard;
                guard.ring.shadow().reads(guard.position, self.k);
                guard.position = guard.position.wrapping_add(self.k as u64);
                guard.len -= self.k;
                // SAFETY: INV-SW-2: the guard borrowed the only consumer mutably. INV-DROP-1 and
                // INV-DROP-2: the elements before `position` have been dropped, even if one of
                // them panicked.
                unsafe { guard.ring.cursors().publish_head(guard.position) };
            }
        }

        assert!(
            k <= self.len,
            "{k} elements to release of {} that were left",
            self.len
        );
        let elements = core::ptr::slice_from_raw_parts_mut(self.ring.slot(self.position), k);
        let _advance = Advance { guard: self, k };
        // SAFETY: INV-INIT-1 and INV-MEM-2: a contiguous run of initialised elements. `&mut self`
        // proves that no reference to them is left (INV-ALIAS-2). INV-DROP-1: `_advance` goes past
        // them, so nobody drops them again.
        unsafe { elements.drop_in_place() };
    }

    /// Drops all elements that are left and gives their slots back.
    #[inline]
    pub fn release_all(mut self) {
        self.release(self.len);
    }
}

impl<T, A: BufferAllocator> Deref for ReadGuard<'_, T, A> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: INV-INIT-1 and INV-MEM-2: a contiguous run of initialised elements, which stay
        // the consumer's while this guard has not released them. INV-ALIAS-2: only these slots.
        unsafe { slice::from_raw_parts(self.ring.slot(self.position), self.len) }
    }
}

impl<T: fmt::Debug, A: BufferAllocator> fmt::Debug for ReadGuard<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
