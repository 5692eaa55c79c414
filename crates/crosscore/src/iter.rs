//! Elements as iterators.

use core::fmt;
#[cfg(feature = "std")]
use core::iter::FusedIterator;

use crate::alloc::{BufferAllocator, HeapAllocator};
use crate::consumer::Consumer;

/// Moves out the elements that there are, one by one; from [`Consumer::pop_iter`].
pub struct PopIter<'a, T, A: BufferAllocator = HeapAllocator> {
    consumer: &'a mut Consumer<T, A>,
}

impl<T, A: BufferAllocator> Consumer<T, A> {
    /// An iterator that moves elements out as [`pop`](Self::pop) does, and ends when there is none. It waits for
    /// nothing, and can go on after an end.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push_slice(&[1, 2, 3]);
    /// assert_eq!(consumer.pop_iter().take(2).sum::<i32>(), 3);
    /// assert_eq!(consumer.pop(), Some(3));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn pop_iter(&mut self) -> PopIter<'_, T, A> {
        PopIter { consumer: self }
    }
}

impl<T, A: BufferAllocator> Iterator for PopIter<'_, T, A> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.consumer.pop()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.consumer.cached_available(), None)
    }
}

// By hand, as of the handles: neither the element nor the allocator need be `Debug`.
impl<T, A: BufferAllocator> fmt::Debug for PopIter<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PopIter").field(&self.consumer).finish()
    }
}

/// Moves all elements out, and waits for each that is not there yet; from [`Consumer::into_iter`]. It ends when the
/// producer is gone and everything was read. Feature `std`.
#[cfg(feature = "std")]
pub struct IntoIter<T, A: BufferAllocator = HeapAllocator> {
    consumer: Consumer<T, A>,
}

#[cfg(feature = "std")]
impl<T, A: BufferAllocator> IntoIterator for Consumer<T, A> {
    type Item = T;
    type IntoIter = IntoIter<T, A>;

    /// ```
    /// let (mut producer, consumer) = crosscore::Ring::with_capacity(8)?;
    /// let writer = std::thread::spawn(move || {
    ///     for n in 1..=100 {
    ///         producer.push_wait(n, None).unwrap();
    ///     }
    /// });
    /// assert_eq!(consumer.into_iter().sum::<i32>(), 5050);
    /// # writer.join().unwrap();
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    fn into_iter(self) -> IntoIter<T, A> {
        IntoIter { consumer: self }
    }
}

#[cfg(feature = "std")]
impl<T, A: BufferAllocator> Iterator for IntoIter<T, A> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.consumer.pop_wait(None).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.consumer.cached_available(), None)
    }
}

// Once closed and drained, for good.
#[cfg(feature = "std")]
impl<T, A: BufferAllocator> FusedIterator for IntoIter<T, A> {}

#[cfg(feature = "std")]
impl<T, A: BufferAllocator> fmt::Debug for IntoIter<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IntoIter").field(&self.consumer).finish()
    }
}
