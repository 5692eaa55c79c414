//! The reading half.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;

use crate::alloc::{BufferAllocator, HeapAllocator, Memory};
use crate::drain::Release;
use crate::metrics::Metrics;
#[cfg(feature = "std")]
use crate::park::SpinBudget;
use crate::ring::Ring;
use crate::ring_ref::RingRef;

/// The only handle that reads from a [`Ring`](crate::Ring).
///
/// It can be sent to another thread but not shared or cloned, so that a second reader is a type
/// error. Dropping it closes the ring for the producer and drops the elements that are left.
///
/// ```compile_fail,E0277
/// fn share<T: Sync>(_: T) {}
/// let (_producer, consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
/// share(consumer);
/// ```
// On a line of its own: an operation writes it, and the other half may lie beside it, lent to another thread. Not the 128 bytes
// of `CacheAligned` on x86-64: many handles would then share half of the first cache's sets (docs/PERFORMANCE.md).
#[cfg_attr(target_arch = "x86_64", repr(align(64)))]
#[cfg_attr(not(target_arch = "x86_64"), repr(align(128)))]
pub struct Consumer<T, A: BufferAllocator = HeapAllocator> {
    pub(crate) ring: RingRef<T, A>,
    /// Where the ring's head is, which nobody else moves: INV-SEQ-4.
    pub(crate) head: u64,
    #[cfg(feature = "std")]
    pub(crate) spin: SpinBudget,
    /// Takes `Sync` away, and nothing else: with `&Consumer` on two threads at once, the methods
    /// that refresh the private copy would be two writers of it (INV-SW-2).
    not_sync: PhantomData<Cell<()>>,
}

impl<T, A: BufferAllocator> Consumer<T, A> {
    pub(crate) fn new(ring: RingRef<T, A>, head: u64) -> Self {
        Self {
            ring,
            head,
            #[cfg(feature = "std")]
            spin: SpinBudget::new(),
            not_sync: PhantomData,
        }
    }

    /// Moves the oldest element out of the ring; `None` when there is none. Whether there will be
    /// another, [`is_done`](Self::is_done) tells.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// assert_eq!(consumer.pop(), None);
    /// producer.push(1).unwrap();
    /// assert_eq!(consumer.pop(), Some(1));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let ring = &*self.ring;
        // SAFETY: INV-SW-2: `&mut self` on the only consumer.
        let grant = unsafe { ring.cursors().claim_available(self.head, 1) };
        if grant.count == 0 {
            return None;
        }
        ring.shadow().reads(grant.position, 1);
        // SAFETY: INV-INIT-1: a slot in `[head, tail)` is initialised; INV-DROP-1: it is moved out
        // once, for `head` goes past it before anything else can fail.
        let item = unsafe { ring.consumers_slot(grant.position).read() };
        // SAFETY: INV-SW-2 as above; INV-DROP-1: the one element released was just moved out.
        unsafe {
            ring.cursors()
                .publish_head(&mut self.head, grant.position.wrapping_add(1))
        };
        Some(item)
    }

    /// The oldest element, left where it is.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push(1).unwrap();
    /// assert_eq!(consumer.peek(), Some(&1));
    /// assert_eq!(consumer.pop(), Some(1));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn peek(&self) -> Option<&T> {
        let position = self.oldest()?;
        self.ring.shadow().reads(position, 1);
        // SAFETY: INV-INIT-1: the slot is initialised; INV-ALIAS-2: it stays the consumer's and as it is while
        // `self` is borrowed, since to release or to change it takes `&mut self`.
        Some(unsafe { &*self.ring.consumers_slot(position) })
    }

    /// The oldest element, left where it is, to be changed.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push(String::from("a")).unwrap();
    /// consumer.peek_mut().unwrap().push('b');
    /// assert_eq!(consumer.pop().as_deref(), Some("ab"));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn peek_mut(&mut self) -> Option<&mut T> {
        let position = self.oldest()?;
        self.ring.shadow().writes(position, 1);
        // SAFETY: INV-INIT-1 and INV-ALIAS-2: as in `peek`; `&mut self` proves that there is no other reference to it.
        Some(unsafe { &mut *self.ring.consumers_slot(position) })
    }

    /// The position of the oldest element.
    fn oldest(&self) -> Option<u64> {
        // SAFETY: INV-SW-2: the only consumer, on one thread since it is not `Sync`; no borrow of
        // the copy is alive, since none ever outlives a call.
        let grant = unsafe { self.ring.cursors().claim_available(self.head, 1) };
        (grant.count > 0).then_some(grant.position)
    }

    /// How many elements there are now. Only the consumer can make it fewer. 0 after
    /// [`close`](Self::close).
    ///
    /// This looks at the producer's cursor, which takes that line from the producer's cache;
    /// [`cached_available`](Self::cached_available) does not.
    ///
    /// ```
    /// let (mut producer, consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push(1).unwrap();
    /// assert_eq!(consumer.available(), 1);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn available(&self) -> usize {
        if self.ring.cursors().consumer_has_closed() {
            return 0;
        }
        // SAFETY: INV-SW-2: the only consumer, on one thread since it is not `Sync`; no borrow of
        // the copy is alive, since none ever outlives a call.
        unsafe { self.ring.cursors().available_now(self.head) }.count as usize
    }

    /// Whether there is no element now. Only the producer can change that.
    ///
    /// ```
    /// let (mut producer, consumer) = crosscore::Ring::with_capacity(8)?;
    /// assert!(consumer.is_empty());
    /// producer.push(1).unwrap();
    /// assert!(!consumer.is_empty());
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.cached_available() == 0 && self.available() == 0
    }

    /// How many elements there are as far as the consumer knows without asking: at most
    /// [`available`](Self::available), and free of any traffic between the cores.
    ///
    /// ```
    /// let (mut producer, consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push(1).unwrap();
    /// assert_eq!(consumer.cached_available(), 0);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn cached_available(&self) -> usize {
        // SAFETY: INV-SW-2: as in `available`.
        unsafe { self.ring.cursors().known_available(self.head) }.count as usize
    }

    /// Whether the producer is gone or has closed, or this consumer has. There may still be
    /// elements to read: see [`is_done`](Self::is_done).
    ///
    /// ```
    /// let (producer, consumer) = crosscore::Ring::<u8>::with_capacity(8)?;
    /// assert!(!consumer.is_closed());
    /// drop(producer);
    /// assert!(consumer.is_closed());
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn is_closed(&self) -> bool {
        let cursors = self.ring.cursors();
        cursors.consumer_has_closed() || cursors.producer_has_closed()
    }

    /// Whether everything that will ever be sent has been read, or this consumer has closed.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push(1).unwrap();
    /// drop(producer);
    /// assert!(!consumer.is_done());
    /// consumer.pop();
    /// assert!(consumer.is_done());
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn is_done(&self) -> bool {
        // The order matters: first the mark, then the tail. What the producer published before it
        // closed is seen by whoever has seen the mark (INV-CLOSE-1).
        self.is_closed() && self.is_empty()
    }

    /// Reads nothing more: the producer's pushes are refused from now on, and the elements that
    /// are left are dropped. Dropping the consumer does the same.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push(1).unwrap();
    /// consumer.close();
    /// assert_eq!(consumer.pop(), None);
    /// assert!(producer.push(2).unwrap_err().is_closed());
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn close(&mut self) {
        self.ring.cursors().note_consumers_close();
        // SAFETY: INV-SW-2: `&mut self` on the only consumer.
        unsafe { leave(&self.ring, &mut self.head) };
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

/// The consumer goes, or will take nothing more.
///
/// # Safety
///
/// INV-SW-2: the caller is the consumer. INV-SEQ-4: `own` is its position.
unsafe fn leave<T, A: BufferAllocator>(ring: &Ring<T, A>, own: &mut u64) {
    // The mark comes first: what a racing producer still publishes after the drop below is
    // left to the ring's own drop.
    ring.cursors().close_consumer();
    // SAFETY: INV-SW-2, INV-SEQ-4: passed on.
    let grant = unsafe { ring.cursors().available_now(*own) };
    if grant.count == 0 {
        return;
    }
    let _release = Release {
        cursors: ring.cursors(),
        own,
        head: grant.position.wrapping_add(grant.count),
    };
    ring.shadow().reads(grant.position, grant.count as usize);
    // SAFETY: INV-INIT-1: they are initialised. INV-DROP-1 and INV-DROP-2: `_release` goes past
    // all of them even if one panics, in which case the rest is dropped all the same.
    unsafe { ring.drop_elements(grant) };
}

impl<T, A: BufferAllocator> Drop for Consumer<T, A> {
    #[inline]
    fn drop(&mut self) {
        // A copy: to lend the position itself would keep it in memory for as long as the handle lives.
        let mut head = self.head;
        // SAFETY: INV-SW-2: `&mut self` on the only consumer, which uses its own position no more.
        unsafe { leave(&self.ring, &mut head) };
        // A waker that a cancelled wait has left would otherwise live as long as the other handle.
        // SAFETY: INV-PARK-2: `&mut self` on the only consumer.
        unsafe { self.ring.cursors().consumer_slot().retract() };
    }
}

impl<T, A: BufferAllocator> fmt::Debug for Consumer<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("capacity", &self.capacity())
            .field("memory", &self.memory())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
