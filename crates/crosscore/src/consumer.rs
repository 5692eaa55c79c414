//! The reading half.

use core::cell::Cell;
use core::convert::Infallible;
use core::fmt;
use core::hint;
use core::marker::PhantomData;
use core::ops::ControlFlow;

use crate::alloc::{BufferAllocator, HeapAllocator, Memory};
use crate::cursors::{Cursors, Grant};
use crate::metrics::Metrics;
#[cfg(feature = "std")]
use crate::park::SpinBudget;
use crate::prefetch::prefetch;
use crate::read_guard::ReadGuard;
use crate::ring::Ring;
use crate::sync::Arc;

/// The only handle that reads from a [`Ring`].
///
/// It can be sent to another thread but not shared or cloned, so that a second reader is a type
/// error. Dropping it closes the ring for the producer and drops the elements that are left.
///
/// ```compile_fail,E0277
/// fn share<T: Sync>(_: T) {}
/// let (_producer, consumer) = crosscore::Ring::<u64>::with_capacity(8).unwrap();
/// share(consumer);
/// ```
pub struct Consumer<T, A: BufferAllocator = HeapAllocator> {
    pub(crate) ring: Arc<Ring<T, A>>,
    #[cfg(feature = "std")]
    pub(crate) spin: SpinBudget,
    /// Takes `Sync` away, and nothing else: with `&Consumer` on two threads at once, the methods
    /// that refresh the private copy would be two writers of it (INV-SW-2).
    not_sync: PhantomData<Cell<()>>,
}

/// Gives slots back when dropped: after the work, or when the work panics.
struct Release<'a> {
    cursors: &'a Cursors,
    /// The position after the last element that was taken.
    head: u64,
}

impl Drop for Release<'_> {
    fn drop(&mut self) {
        // SAFETY: INV-SW-2: whoever made this guard holds the consumer mutably. INV-DROP-1 and
        // INV-DROP-2: `head` was moved past an element before that element was handed on.
        unsafe { self.cursors.publish_head(self.head) };
    }
}

impl<T, A: BufferAllocator> Consumer<T, A> {
    pub(crate) fn new(ring: Arc<Ring<T, A>>) -> Self {
        Self {
            ring,
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
        let grant = unsafe { ring.cursors().claim_available(1) };
        if grant.count == 0 {
            return None;
        }
        ring.shadow().reads(grant.position, 1);
        // SAFETY: INV-INIT-1: a slot in `[head, tail)` is initialised; INV-DROP-1: it is moved out
        // once, for `head` goes past it before anything else can fail.
        let item = unsafe { ring.slot(grant.position).read() };
        // SAFETY: INV-SW-2 as above; INV-DROP-1: the one element released was just moved out.
        unsafe { ring.cursors().publish_head(grant.position.wrapping_add(1)) };
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
    pub fn peek(&mut self) -> Option<&T> {
        self.peek_mut().map(|element| &*element)
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
        let ring = &*self.ring;
        // SAFETY: INV-SW-2: `&mut self` on the only consumer.
        let grant = unsafe { ring.cursors().claim_available(1) };
        if grant.count == 0 {
            return None;
        }
        ring.shadow().writes(grant.position, 1);
        // SAFETY: INV-INIT-1: the slot is initialised; INV-ALIAS-2: it stays the consumer's while
        // `self` is borrowed, since only `self` can release it.
        Some(unsafe { &mut *ring.slot(grant.position) })
    }

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
        let wanted = (n as u64).min(ring.cursors().capacity());
        // SAFETY: INV-SW-2: `&mut self` on the only consumer.
        let mut grant = unsafe { ring.cursors().claim_available(wanted) };
        grant.count = grant.count.min(wanted);
        let len = ring.contiguous(grant);
        (len > 0).then(|| ReadGuard::new(ring, grant.position, len))
    }

    /// Moves up to `max` elements out, in order, each into a call of `f`; returns how many.
    ///
    /// Fewer than `max` can be taken although there are more: it looks at the producer's cursor only
    /// when it knows of no element. 0 means that there was none.
    ///
    /// The slots are given back together, at the end. If `f` panics, the element it was given is
    /// gone with the panic; those before it were taken, those after it stay.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push_slice(&[1, 2, 3]);
    /// let mut seen = Vec::new();
    /// assert_eq!(consumer.drain(2, |n| seen.push(n)), 2);
    /// assert_eq!(seen, [1, 2]);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn drain(&mut self, max: usize, mut f: impl FnMut(T)) -> usize {
        let ControlFlow::Continue(taken) = self.try_drain(max, |element| {
            f(element);
            ControlFlow::<Infallible>::Continue(())
        });
        taken
    }

    /// As [`drain`](Self::drain), until `f` says [`Break`](ControlFlow::Break): the element it was given
    /// is taken, those after it stay.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push_slice(&[1, 2, 3, 4]);
    /// let found = consumer.try_drain(usize::MAX, |n| match n {
    ///     2 => ControlFlow::Break("two"),
    ///     _ => ControlFlow::Continue(()),
    /// });
    /// assert_eq!(found, ControlFlow::Break("two"));
    /// assert_eq!(consumer.pop(), Some(3));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn try_drain<B>(
        &mut self,
        max: usize,
        mut f: impl FnMut(T) -> ControlFlow<B>,
    ) -> ControlFlow<B, usize> {
        self.drain_slots(max, |slot| {
            // SAFETY: INV-INIT-1 and INV-DROP-1: `drain_slots` hands out each initialised slot
            // once and counts it as taken first.
            f(unsafe { slot.read() })
        })
    }

    /// Shows up to `max` elements to `f`, in order and in place, and drops each after its call;
    /// returns how many.
    ///
    /// How many are taken, and what happens to the slots, is as in [`drain`](Self::drain).
    ///
    /// If `f` panics, the element it was shown is dropped; those before it were taken, those after
    /// it stay.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push([0u8; 256]).unwrap();
    /// let mut bytes = 0;
    /// consumer.drain_ref(usize::MAX, |block| bytes += block.len());
    /// assert_eq!(bytes, 256);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn drain_ref(&mut self, max: usize, mut f: impl FnMut(&T)) -> usize {
        /// Drops the element where it lies, also when `f` panics.
        struct DropInPlace<T>(*mut T);
        impl<T> Drop for DropInPlace<T> {
            fn drop(&mut self) {
                // SAFETY: INV-DROP-1: `drain_slots` hands out each initialised slot once and
                // counts it as taken first; the reference given to `f` is gone (INV-ALIAS-2).
                unsafe { self.0.drop_in_place() };
            }
        }
        let ControlFlow::Continue(taken) = self.drain_slots(max, |slot| {
            let element = DropInPlace(slot);
            // SAFETY: INV-INIT-1: the slot is initialised and the consumer's until it is released
            // at the end of the drain.
            f(unsafe { &*element.0 });
            ControlFlow::<Infallible>::Continue(())
        });
        taken
    }

    /// Hands up to `max` slots to `f`, each once and counted as taken before the call, so that a
    /// panic neither repeats nor loses another one. `f` must move out or drop the element.
    #[inline]
    fn drain_slots<B>(
        &mut self,
        max: usize,
        mut f: impl FnMut(*mut T) -> ControlFlow<B>,
    ) -> ControlFlow<B, usize> {
        let ring = &*self.ring;
        let wanted = (max as u64).min(ring.cursors().capacity());
        // At least one, but not all of `max`: to look again on each drain only because fewer than
        // `max` are known would pull the producer's line without need.
        // SAFETY: INV-SW-2: `&mut self` on the only consumer.
        let grant = unsafe { ring.cursors().claim_available(wanted.min(1)) };
        let count = grant.count.min(wanted);
        if count == 0 {
            return ControlFlow::Continue(0);
        }
        let mut release = Release {
            cursors: ring.cursors(),
            head: grant.position,
        };
        let mut left = count;
        while left > 0 {
            // By runs, so that the mask is applied once for each and not once for each element.
            let run = ring.contiguous(Grant {
                position: release.head,
                count: left,
            });
            let first = ring.slot(release.head);
            for index in 0..run {
                ring.shadow().reads(release.head, 1);
                release.head = release.head.wrapping_add(1);
                // SAFETY: INV-MEM-2: the run is contiguous from `first` on.
                f(unsafe { first.add(index) })?;
            }
            left -= run as u64;
        }
        ControlFlow::Continue(count as usize)
    }

    /// Copies elements into `out`, as many as there are and as fit, and returns how many.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push_slice(&[1, 2, 3]);
    /// let mut out = [0; 2];
    /// assert_eq!(consumer.pop_slice(&mut out), 2);
    /// assert_eq!(out, [1, 2]);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn pop_slice(&mut self, out: &mut [T]) -> usize
    where
        T: Copy,
    {
        let ring = &*self.ring;
        let wanted = (out.len() as u64).min(ring.cursors().capacity());
        // SAFETY: INV-SW-2: `&mut self` on the only consumer.
        let mut grant = unsafe { ring.cursors().claim_available(wanted) };
        grant.count = grant.count.min(wanted);
        let (first, second) = out[..grant.count as usize].split_at_mut(ring.contiguous(grant));
        ring.shadow().reads(grant.position, grant.count as usize);
        let wrapped = grant.position.wrapping_add(first.len() as u64);
        // SAFETY: INV-INIT-1, INV-MEM-2: each half is a contiguous run of initialised elements;
        // they cannot overlap `out`, which is borrowed mutably while nobody holds a reference into
        // the buffer (INV-ALIAS-1). `T: Copy`, so copying them out moves them out.
        unsafe {
            ring.slot(grant.position)
                .copy_to_nonoverlapping(first.as_mut_ptr(), first.len());
            ring.slot(wrapped)
                .copy_to_nonoverlapping(second.as_mut_ptr(), second.len());
        }
        if grant.count > 0 {
            let head = grant.position.wrapping_add(grant.count);
            // SAFETY: INV-SW-2; INV-DROP-1: the released elements were just copied out.
            unsafe { ring.cursors().publish_head(head) };
        }
        grant.count as usize
    }

    /// Looks until there is an element, `looks` times at most, with a spin hint after each in vain; tells
    /// how many there are, 0 after [`close`](Self::close). The metrics do not count these looks. For a
    /// thread that must not sleep and expects an answer within a fraction of a microsecond: nothing finds
    /// it sooner.
    ///
    /// Between two looks it also asks for the line of the slot that will be next, so that the element is
    /// on its way to this core together with the cursor that publishes it.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// assert_eq!(consumer.spin_for_data(3), 0);
    /// producer.push(1).unwrap();
    /// assert_eq!(consumer.spin_for_data(3), 1);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn spin_for_data(&mut self, looks: u32) -> usize {
        let cursors = self.ring.cursors();
        if cursors.consumer_has_closed() {
            return 0;
        }
        for _ in 0..looks {
            // SAFETY: INV-SW-2: `&mut self` on the only consumer.
            let known = unsafe { cursors.look_at_tail() };
            if known.count > 0 {
                return known.count as usize;
            }
            prefetch(self.ring.slot(known.position));
            hint::spin_loop();
        }
        0
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
        unsafe { self.ring.cursors().available_now() }.count as usize
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
        // SAFETY: INV-SW-2: as in `available`. With 0 wanted there is never a look.
        unsafe { self.ring.cursors().claim_available(0) }.count as usize
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
        let ring = &*self.ring;
        // The mark comes first: what a racing producer still publishes after the drop below is
        // left to the ring's own drop.
        ring.cursors().close_consumer();
        // SAFETY: INV-SW-2: `&mut self` on the only consumer.
        let grant = unsafe { ring.cursors().available_now() };
        if grant.count == 0 {
            return;
        }
        let _release = Release {
            cursors: ring.cursors(),
            head: grant.position.wrapping_add(grant.count),
        };
        ring.shadow().reads(grant.position, grant.count as usize);
        // SAFETY: INV-INIT-1: they are initialised. INV-DROP-1 and INV-DROP-2: `_release` goes past
        // all of them even if one panics, in which case the rest is dropped all the same.
        unsafe { ring.drop_elements(grant) };
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

    /// The position of the next element to be read: the number of elements released since the
    /// ring was made. Its slot is at index `position % capacity` from [`Ring::base`].
    pub fn position(&self) -> u64 {
        // SAFETY: INV-SW-2: `&self` on the only consumer, which is not `Sync`.
        unsafe { self.ring.cursors().own_head() }
    }

    /// Gives back the next `n` slots, whose elements the caller has read through [`Ring::base`].
    /// Nothing is dropped.
    ///
    /// For code that cannot hold a [`ReadGuard`] while it reads, such as a foreign language that
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
        let cursors = self.ring.cursors();
        // SAFETY: INV-SW-2: `&mut self` on the only consumer.
        let head = unsafe { cursors.own_head() };
        self.ring.shadow().reads(head, n);
        // SAFETY: INV-SW-2: `&mut self` on the only consumer; INV-DROP-1 and the grant are the
        // caller's promise.
        unsafe { cursors.publish_head(head.wrapping_add(n as u64)) };
    }
}

impl<T, A: BufferAllocator> Drop for Consumer<T, A> {
    fn drop(&mut self) {
        self.close();
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
