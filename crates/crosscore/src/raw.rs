//! For code that has the memory and cannot hold a reservation or a guard: a foreign language, say.

use crate::alloc::BufferAllocator;
use crate::consumer::Consumer;
use crate::producer::Producer;
use crate::ring_ref::RingRef;

impl<T, A: BufferAllocator> Producer<T, A> {
    /// The ring, to keep its memory alive for as long as a raw pointer into it is in use.
    pub fn ring(&self) -> &RingRef<T, A> {
        &self.ring
    }

    /// The position of the next slot to be written: the number of elements published since the
    /// ring was made. Its slot is at index `position % capacity` from [`Ring::base`](crate::Ring::base).
    pub fn position(&self) -> u64 {
        self.tail
    }

    /// Publishes the next `n` slots, which the caller has written through [`Ring::base`](crate::Ring::base).
    ///
    /// For code that cannot hold a [`Reservation`](crate::Reservation) while it writes, such as a foreign language
    /// that was shown the memory.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::<u32>::with_capacity(8)?;
    /// assert!(producer.free_slots() >= 1);
    /// let index = producer.position() as usize % producer.capacity();
    /// // SAFETY: the slot is free, so it is the producer's, and it is written before it is
    /// // published.
    /// unsafe {
    ///     producer.ring().base().add(index).write(7);
    ///     producer.publish_raw(1);
    /// }
    /// assert_eq!(consumer.pop(), Some(7));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    ///
    /// # Safety
    ///
    /// - `n` is at most [`cached_free_slots`](Self::cached_free_slots).
    /// - The next `n` slots hold initialised elements.
    /// - Where `T` is [`Zeroable`](crate::Zeroable), so do all slots after them, in the sense of
    ///   [`Ring::base`](crate::Ring::base).
    #[inline]
    pub unsafe fn publish_raw(&mut self, n: usize) {
        // INV-SEQ-2, by the private copy, as the caller was told to: nothing is looked at that is
        // the consumer's.
        debug_assert!(n <= self.cached_free_slots());
        let tail = self.tail.wrapping_add(n as u64);
        self.ring.shadow().writes(self.tail, n);
        // SAFETY: INV-SW-1: `&mut self` on the only producer; INV-INIT-1 and the grant are the
        // caller's promise.
        unsafe { self.ring.cursors().publish_tail(&mut self.tail, tail) };
    }
}

impl<T, A: BufferAllocator> Consumer<T, A> {
    /// The ring, to keep its memory alive for as long as a raw pointer into it is in use.
    pub fn ring(&self) -> &RingRef<T, A> {
        &self.ring
    }

    /// The position of the next element to be read: the number of elements released since the
    /// ring was made. Its slot is at index `position % capacity` from [`Ring::base`](crate::Ring::base).
    pub fn position(&self) -> u64 {
        self.head
    }

    /// Gives back the next `n` slots, whose elements the caller has read through [`Ring::base`](crate::Ring::base).
    /// Nothing is dropped.
    ///
    /// For code that cannot hold a [`ReadGuard`](crate::ReadGuard) while it reads, such as a foreign language that
    /// was shown the memory.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::<u32>::with_capacity(8)?;
    /// producer.push(7).unwrap();
    /// assert_eq!(consumer.available(), 1);
    /// let index = consumer.position() as usize % consumer.capacity();
    /// // SAFETY: the element is available, so it is the consumer's until it is released.
    /// unsafe {
    ///     assert_eq!(consumer.ring().base().add(index).read(), 7);
    ///     consumer.release_raw(1);
    /// }
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    ///
    /// # Safety
    ///
    /// - `n` is at most [`cached_available`](Self::cached_available).
    /// - The next `n` elements have been moved out or dropped, or need no drop, and no reference
    ///   to them is left.
    #[inline]
    pub unsafe fn release_raw(&mut self, n: usize) {
        // INV-SEQ-2, by the private copy, as the caller was told to: nothing is looked at that is
        // the producer's.
        debug_assert!(n <= self.cached_available());
        let head = self.head.wrapping_add(n as u64);
        self.ring.shadow().reads(self.head, n);
        // SAFETY: INV-SW-2: `&mut self` on the only consumer; INV-DROP-1 and the grant are the
        // caller's promise.
        unsafe { self.ring.cursors().publish_head(&mut self.head, head) };
    }
}
