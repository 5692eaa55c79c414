//! The writing half.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;

use crate::alloc::{BufferAllocator, HeapAllocator, Memory};
use crate::error::PushError;
use crate::metrics::Metrics;
#[cfg(feature = "std")]
use crate::park::SpinBudget;
use crate::ring_ref::RingRef;

/// The only handle that writes to a [`Ring`](crate::Ring).
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
// On a line of its own: an operation writes it, and the other half may lie beside it, lent to another thread. Not the 128 bytes
// of `CacheAligned` on x86-64: many handles would then share half of the first cache's sets (docs/PERFORMANCE.md).
#[cfg_attr(target_arch = "x86_64", repr(align(64)))]
#[cfg_attr(not(target_arch = "x86_64"), repr(align(128)))]
pub struct Producer<T, A: BufferAllocator = HeapAllocator> {
    pub(crate) ring: RingRef<T, A>,
    /// Where the ring's tail is, which nobody else moves: INV-SEQ-4.
    pub(crate) tail: u64,
    #[cfg(feature = "std")]
    pub(crate) spin: SpinBudget,
    /// Takes `Sync` away, and nothing else: with `&Producer` on two threads at once, the methods
    /// that refresh the private copy would be two writers of it (INV-SW-1).
    not_sync: PhantomData<Cell<()>>,
}

impl<T, A: BufferAllocator> Producer<T, A> {
    pub(crate) fn new(ring: RingRef<T, A>, tail: u64) -> Self {
        Self {
            ring,
            tail,
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
            crate::cursors::seldom();
            return Err(PushError::Closed(item));
        }
        // SAFETY: INV-SW-1: `&mut self` on the only producer.
        let grant = unsafe { ring.cursors().claim_free(self.tail, 1) };
        if grant.count == 0 {
            return Err(PushError::Full(item));
        }
        ring.shadow().writes(grant.position, 1);
        // SAFETY: INV-MEM-1 and INV-SEQ-1: the slot is in the buffer and the producer's.
        unsafe { ring.producers_slot(grant.position).write(item) };
        // SAFETY: INV-SW-1 as above; INV-INIT-1: the one slot published was just written.
        unsafe {
            ring.cursors()
                .publish_tail(&mut self.tail, grant.position.wrapping_add(1))
        };
        Ok(())
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
        unsafe { self.ring.cursors().free_now(self.tail) }.count as usize
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
        // SAFETY: INV-SW-1: as in `free_slots`.
        unsafe { self.ring.cursors().known_free(self.tail) }.count as usize
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
        self.ring.cursors().note_producers_close();
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
}

impl<T, A: BufferAllocator> Drop for Producer<T, A> {
    #[inline]
    fn drop(&mut self) {
        self.ring.cursors().close_producer();
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
