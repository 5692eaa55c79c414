//! The writing half.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;

use crate::alloc::{BufferAllocator, HeapAllocator, Memory};
use crate::error::PushError;
use crate::metrics::Metrics;
#[cfg(feature = "std")]
use crate::park::SpinBudget;
use crate::reservation::Reservation;
use crate::ring::Ring;
use crate::sync::Arc;

/// The only handle that writes to a [`Ring`].
///
/// It can be sent to another thread but not shared or cloned, so that a second writer is a type
/// error:
///
/// ```compile_fail,E0599
/// let (producer, _consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
/// let second = producer.clone();
/// ```
///
/// Dropping it closes the ring for the consumer, which still reads what was published.
pub struct Producer<T, A: BufferAllocator = HeapAllocator> {
    pub(crate) ring: Arc<Ring<T, A>>,
    #[cfg(feature = "std")]
    pub(crate) spin: SpinBudget,
    /// Takes `Sync` away, and nothing else: with `&Producer` on two threads at once, the methods
    /// that refresh the private copy would be two writers of it (INV-SW-1).
    not_sync: PhantomData<Cell<()>>,
}

impl<T, A: BufferAllocator> Producer<T, A> {
    pub(crate) fn new(ring: Arc<Ring<T, A>>) -> Self {
        Self {
            ring,
            #[cfg(feature = "std")]
            spin: SpinBudget::new(),
            not_sync: PhantomData,
        }
    }

    /// Moves `item` into the ring. The consumer can see it when this returns.
    ///
    /// If there is room, only the producer itself can take it away: after
    /// [`free_slots`](Self::free_slots) said 3, three pushes find room.
    ///
    /// # Errors
    ///
    /// [`PushError::Full`] or [`PushError::Closed`], with the item inside.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push("hello").unwrap();
    /// assert_eq!(consumer.pop(), Some("hello"));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), PushError<T>> {
        let ring = &*self.ring;
        if ring.cursors().is_closed_for_producer() {
            return Err(PushError::Closed(item));
        }
        // SAFETY: INV-SW-1: `&mut self` on the only producer.
        let grant = unsafe { ring.cursors().claim_free(1) };
        if grant.count == 0 {
            return Err(PushError::Full(item));
        }
        ring.shadow().writes(grant.position, 1);
        // SAFETY: INV-MEM-1 and INV-SEQ-1: the slot is in the buffer and the producer's.
        unsafe { ring.slot(grant.position).write(item) };
        // SAFETY: INV-SW-1 as above; INV-INIT-1: the one slot published was just written.
        unsafe { ring.cursors().publish_tail(grant.position.wrapping_add(1)) };
        Ok(())
    }

    /// Reserves up to `n` slots, contiguous in memory, to be written in place.
    ///
    /// Fewer than `n` where fewer are free or, on memory that is not mirrored, where the buffer
    /// ends first. `None` when no slot is free, when the ring is closed, and when `n` is 0.
    /// Nothing is visible to the consumer before [`Reservation::commit`].
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// let mut reservation = producer.reserve(3).unwrap();
    /// reservation.push(1).unwrap();
    /// reservation.push(2).unwrap();
    /// assert_eq!(reservation.commit(), 2);
    /// assert_eq!(consumer.pop(), Some(1));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn reserve(&mut self, n: usize) -> Option<Reservation<'_, T, A>> {
        let ring = &*self.ring;
        if n == 0 || ring.cursors().is_closed_for_producer() {
            return None;
        }
        // More than the capacity would be a look at the consumer's cursor in vain, each time.
        let wanted = (n as u64).min(ring.cursors().capacity());
        // SAFETY: INV-SW-1: `&mut self` on the only producer.
        let mut grant = unsafe { ring.cursors().claim_free(wanted) };
        grant.count = grant.count.min(wanted);
        let len = ring.contiguous(grant);
        (len > 0).then(|| Reservation::new(ring, grant.position, len))
    }

    /// Copies as many of `items` into the ring as there is room for, publishes them once, and
    /// returns how many; 0 when the ring is full or closed.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(4)?;
    /// assert_eq!(producer.push_slice(&[1, 2, 3, 4, 5]), 4);
    /// let mut out = [0; 8];
    /// assert_eq!(consumer.pop_slice(&mut out), 4);
    /// assert_eq!(out[..4], [1, 2, 3, 4]);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn push_slice(&mut self, items: &[T]) -> usize
    where
        T: Copy,
    {
        let ring = &*self.ring;
        if items.is_empty() || ring.cursors().is_closed_for_producer() {
            return 0;
        }
        let wanted = (items.len() as u64).min(ring.cursors().capacity());
        // SAFETY: INV-SW-1: `&mut self` on the only producer.
        let mut grant = unsafe { ring.cursors().claim_free(wanted) };
        grant.count = grant.count.min(wanted);
        if grant.count == 0 {
            // Nothing to publish: a store would take the tail's line from a consumer that reads it.
            return 0;
        }
        let (first, second) = items[..grant.count as usize].split_at(ring.contiguous(grant));
        ring.shadow().writes(grant.position, grant.count as usize);
        let wrapped = grant.position.wrapping_add(first.len() as u64);
        // SAFETY: INV-MEM-2 and INV-SEQ-1: each half is a contiguous run of the producer's slots;
        // they cannot overlap `items`, which are borrowed while nobody holds a reference into the
        // buffer (INV-ALIAS-1).
        unsafe {
            ring.slot(grant.position)
                .copy_from_nonoverlapping(first.as_ptr(), first.len());
            ring.slot(wrapped)
                .copy_from_nonoverlapping(second.as_ptr(), second.len());
        }
        let tail = grant.position.wrapping_add(grant.count);
        // SAFETY: INV-SW-1; INV-INIT-1: all of the granted slots were just written.
        unsafe { ring.cursors().publish_tail(tail) };
        grant.count as usize
    }

    /// How many slots are free now. Only the producer can make it fewer.
    ///
    /// This looks at the consumer's cursor, which takes that line from the consumer's cache;
    /// [`cached_free_slots`](Self::cached_free_slots) does not.
    ///
    /// ```
    /// let (mut producer, _consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push(1).unwrap();
    /// assert_eq!(producer.free_slots(), 7);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn free_slots(&self) -> usize {
        // SAFETY: INV-SW-1: the only producer, on one thread since it is not `Sync`; no borrow of
        // the copy is alive, since none ever outlives a call.
        unsafe { self.ring.cursors().free_now() }.count as usize
    }

    /// Whether no slot is free now. Only the consumer can change that.
    ///
    /// ```
    /// let (mut producer, _consumer) = crosscore::Ring::with_capacity(1)?;
    /// assert!(!producer.is_full());
    /// producer.push(1).unwrap();
    /// assert!(producer.is_full());
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn is_full(&self) -> bool {
        self.cached_free_slots() == 0 && self.free_slots() == 0
    }

    /// How many slots are free as far as the producer knows without asking: at most
    /// [`free_slots`](Self::free_slots), and free of any traffic between the cores.
    ///
    /// ```
    /// let (producer, _consumer) = crosscore::Ring::<u8>::with_capacity(8)?;
    /// assert_eq!(producer.cached_free_slots(), 8);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn cached_free_slots(&self) -> usize {
        // SAFETY: INV-SW-1: as in `free_slots`. With 0 wanted there is never a look.
        unsafe { self.ring.cursors().claim_free(0) }.count as usize
    }

    /// Whether nothing can be sent any more: [`close`](Self::close) was called, or the consumer
    /// is gone.
    ///
    /// ```
    /// let (producer, consumer) = crosscore::Ring::<u8>::with_capacity(8)?;
    /// assert!(!producer.is_closed());
    /// drop(consumer);
    /// assert!(producer.is_closed());
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn is_closed(&self) -> bool {
        self.ring.cursors().is_closed_for_producer()
    }

    /// Sends nothing more. What was published stays readable; later pushes are refused with
    /// [`PushError::Closed`]. Dropping the producer does the same.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push(1).unwrap();
    /// producer.close();
    /// assert!(producer.push(2).unwrap_err().is_closed());
    /// assert_eq!(consumer.pop(), Some(1));
    /// assert!(consumer.is_done());
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn close(&mut self) {
        self.ring.cursors().close_producer();
    }

    /// How many elements fit.
    pub fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// What kind of memory the elements are in.
    pub fn memory(&self) -> Memory {
        self.ring.memory()
    }

    /// Counts since the ring was made.
    pub fn metrics(&self) -> Metrics {
        self.ring.cursors().metrics()
    }

    /// The ring, to keep its memory alive for as long as a raw pointer into it is in use.
    pub fn ring(&self) -> &Arc<Ring<T, A>> {
        &self.ring
    }

    /// The position of the next slot to be written: the number of elements published since the
    /// ring was made. Its slot is at index `position % capacity` from [`Ring::base`].
    pub fn position(&self) -> u64 {
        // SAFETY: INV-SW-1: `&self` on the only producer, which is not `Sync`.
        unsafe { self.ring.cursors().own_tail() }
    }

    /// Publishes the next `n` slots, which the caller has written through [`Ring::base`].
    ///
    /// For code that cannot hold a [`Reservation`] while it writes, such as a foreign language
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
    ///   [`Ring::base`].
    #[inline]
    pub unsafe fn publish_raw(&mut self, n: usize) {
        // INV-SEQ-2, by the private copy, as the caller was told to: nothing is looked at that is
        // the consumer's.
        debug_assert!(n <= self.cached_free_slots());
        let cursors = self.ring.cursors();
        // SAFETY: INV-SW-1: `&mut self` on the only producer.
        let tail = unsafe { cursors.own_tail() };
        self.ring.shadow().writes(tail, n);
        // SAFETY: INV-SW-1: `&mut self` on the only producer; INV-INIT-1 and the grant are the
        // caller's promise.
        unsafe { cursors.publish_tail(tail.wrapping_add(n as u64)) };
    }
}

impl<T, A: BufferAllocator> Drop for Producer<T, A> {
    fn drop(&mut self) {
        self.close();
        // A waker that a cancelled wait has left would otherwise live as long as the other handle.
        // SAFETY: INV-PARK-2: `&mut self` on the only producer.
        unsafe { self.ring.cursors().producer_slot().retract() };
    }
}

impl<T, A: BufferAllocator> fmt::Debug for Producer<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("capacity", &self.capacity())
            .field("memory", &self.memory())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
