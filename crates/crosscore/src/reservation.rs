//! Slots that the producer has taken but not published.

use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::slice;

use crate::alloc::{BufferAllocator, HeapAllocator};
use crate::producer::Producer;
use crate::ring::Ring;
use crate::zeroable::Zeroable;

/// Contiguous free slots, to be written in place. From [`Producer::reserve`].
///
/// It counts what was written: [`commit`](Self::commit) publishes exactly that, from the front.
/// Dropping it instead publishes nothing and drops what was written. As long as it lives, the
/// producer is borrowed, so that there is never a second one.
///
/// The interface is that of a `Vec` with a fixed capacity.
///
/// ```
/// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
/// let mut reservation = producer.reserve(4).unwrap();
/// assert_eq!(reservation.extend_from_slice(&[10, 20]), 2);
/// reservation.spare_slots()[0].write(30);
/// // SAFETY: the first spare slot was just written.
/// unsafe { reservation.assume_written(1) };
/// assert_eq!(reservation.commit(), 3);
/// assert_eq!(consumer.drain(8, drop), 3);
/// # Ok::<(), crosscore::RingError>(())
/// ```
///
/// [`Producer::reserve`]: crate::Producer::reserve
#[must_use = "dropping a reservation publishes nothing"]
pub struct Reservation<'a, T, A: BufferAllocator = HeapAllocator> {
    ring: &'a Ring<T, A>,
    /// The producer's, at the first slot. The second of two chunks has none: what is written there, the first publishes.
    tail: Option<&'a mut u64>,
    position: u64,
    len: usize,
    written: usize,
    /// How many of the slots, from the front, `spare_slice` has shown and so are initialised: INV-INIT-2.
    shown: usize,
    /// What the reservation is: the only way to these slots.
    slots: PhantomData<&'a mut [T]>,
}

impl<T, A: BufferAllocator> Producer<T, A> {
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
        // SAFETY: INV-SW-1: `&mut self` on the only producer.
        let grant = unsafe { ring.cursors().claim_free_up_to(self.tail, n) };
        let len = ring.cursors().producers_slots().contiguous(grant);
        (len > 0).then(|| Reservation::new(ring, Some(&mut self.tail), grant.position, len))
    }
}

impl<'a, T, A: BufferAllocator> Reservation<'a, T, A> {
    /// `len` slots from `position` are the producer's and contiguous, and the producer, whose position is `tail`, is
    /// mutably borrowed for `'a`: INV-RES-1.
    pub(crate) fn new(
        ring: &'a Ring<T, A>,
        tail: Option<&'a mut u64>,
        position: u64,
        len: usize,
    ) -> Self {
        Self {
            ring,
            tail,
            position,
            len,
            written: 0,
            shown: 0,
            slots: PhantomData,
        }
    }

    /// How many slots are reserved. At least 1.
    #[allow(
        clippy::len_without_is_empty,
        reason = "a reservation of no slots does not exist; `reserve` returns None"
    )]
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many of them have been written, from the front.
    pub fn written(&self) -> usize {
        self.written
    }

    /// The next slot that has not been written.
    fn next_slot(&self) -> *mut T {
        let position = self.position.wrapping_add(self.written as u64);
        self.ring.slot(position)
    }

    /// Writes the next slot.
    ///
    /// # Errors
    ///
    /// The item, when all slots have been written.
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), T> {
        if self.written == self.len {
            return Err(item);
        }
        self.touch(1);
        // SAFETY: INV-RES-1 and INV-MEM-1: the slot is reserved, so it is the producer's.
        unsafe { self.next_slot().write(item) };
        self.written += 1;
        Ok(())
    }

    /// Copies as many of `items` as there is room for; returns how many.
    pub fn extend_from_slice(&mut self, items: &[T]) -> usize
    where
        T: Copy,
    {
        let count = items.len().min(self.len - self.written);
        self.touch(count);
        // SAFETY: INV-RES-1 and INV-MEM-2: that many reserved slots follow. `items` may be of this very ring,
        // shown by a guard of its consumer: those slots are the consumer's, so they are others than these
        // (INV-SEQ-1, INV-ALIAS-1).
        unsafe {
            self.next_slot()
                .copy_from_nonoverlapping(items.as_ptr(), count);
        }
        self.written += count;
        count
    }

    /// Fills the slots that are left with what `items` yields; returns how many. It asks for an
    /// item only when there is a slot for it, so that none is lost.
    ///
    /// ```
    /// let (mut producer, _consumer) = crosscore::Ring::with_capacity(4)?;
    /// let mut numbers = 1..;
    /// let mut reservation = producer.reserve(4).unwrap();
    /// assert_eq!(reservation.fill(&mut numbers), 4);
    /// reservation.commit();
    /// assert_eq!(numbers.next(), Some(5));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn fill(&mut self, items: impl IntoIterator<Item = T>) -> usize {
        let before = self.written;
        let room = self.len - before;
        let first = self.next_slot();
        // The slots come first in the zip: no item is asked for that has none.
        for (index, item) in (0..room).zip(items) {
            self.touch(1);
            // SAFETY: INV-RES-1 and INV-MEM-2: `room` reserved slots follow each other from `first` on.
            unsafe { first.add(index).write(item) };
            self.written += 1;
        }
        self.written - before
    }

    /// The slots that have not been written, as ordinary memory: to read from a socket into, say. To count some
    /// of them, from the front, call [`advance`](Self::advance).
    ///
    /// They hold zeroes or elements of earlier laps, which are not to be relied on. Nothing is written to make it
    /// so, except on a ring on which [`spare_slots`](Self::spare_slots) was called before: that can leave memory
    /// uninitialised, so there these slots are zeroed each time.
    ///
    /// ```
    /// use std::io::Read;
    ///
    /// let (mut producer, mut consumer) = crosscore::Ring::<u8>::with_capacity(64)?;
    /// let mut socket = &b"hello"[..];
    /// let mut reservation = producer.reserve(64).unwrap();
    /// let n = socket.read(reservation.spare_slice()).unwrap();
    /// reservation.advance(n);
    /// reservation.commit();
    /// assert_eq!(*consumer.read(64).unwrap(), *b"hello");
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn spare_slice(&mut self) -> &mut [T]
    where
        T: Zeroable,
    {
        let left = self.len - self.written;
        self.touch(left);
        let first = self.next_slot();
        // SAFETY: INV-SW-1: the reservation borrowed the only producer mutably.
        if self.shown < self.len && unsafe { self.ring.may_hold_uninit() } {
            // SAFETY: INV-RES-1 and INV-MEM-2: `left` reserved slots follow each other from `first` on.
            unsafe { first.write_bytes(0, left) };
        }
        self.shown = self.len;
        // SAFETY: INV-RES-1, INV-MEM-2 and INV-ALIAS-2: as in `spare_slots`. INV-INIT-2: the slots hold zeroes
        // or elements.
        unsafe { slice::from_raw_parts_mut(first, left) }
    }

    /// Counts the next `n` slots, which [`spare_slice`](Self::spare_slice) has shown, as written.
    ///
    /// # Panics
    ///
    /// When fewer than `n` slots have been shown since [`spare_slots`](Self::spare_slots) was called last.
    pub fn advance(&mut self, n: usize)
    where
        T: Zeroable,
    {
        let shown = self.shown.saturating_sub(self.written);
        assert!(n <= shown, "{n} slots written of {shown} that were shown");
        self.written += n;
    }

    /// The slots that have not been written, to be written in any order. To count some of them,
    /// from the front, call [`assume_written`](Self::assume_written). For bytes and other numbers,
    /// [`spare_slice`](Self::spare_slice) does without `unsafe`.
    pub fn spare_slots(&mut self) -> &mut [MaybeUninit<T>] {
        self.touch(self.len - self.written);
        self.shown = 0;
        // SAFETY: INV-SW-1: the reservation borrowed the only producer mutably.
        unsafe { self.ring.will_hold_uninit() };
        // SAFETY: INV-RES-1, INV-MEM-2 and INV-ALIAS-2: these slots are reserved, contiguous, and
        // nobody else forms a reference to them while `self` is borrowed. `MaybeUninit` asks for
        // no initialisation.
        unsafe { slice::from_raw_parts_mut(self.next_slot().cast(), self.len - self.written) }
    }

    /// Counts the next `n` slots as written.
    ///
    /// # Panics
    ///
    /// When fewer than `n` slots are left.
    ///
    /// # Safety
    ///
    /// The first `n` of [`spare_slots`](Self::spare_slots) hold initialised elements.
    pub unsafe fn assume_written(&mut self, n: usize) {
        let left = self.len - self.written;
        assert!(n <= left, "{n} slots written of {left} that were left");
        self.written += n;
    }

    /// Publishes what was written, all at once, and returns how many elements that were.
    #[inline]
    pub fn commit(mut self) -> usize {
        let (ring, tail, position) = (self.ring, self.tail.take(), self.position);
        let written = self.into_written();
        // SAFETY: INV-RES-1: what was written begins at `position`.
        unsafe { Self::publish(ring, tail, position, written) };
        written
    }

    /// Publishes what was written here and in `next`, all at once. `next` follows, and has something only if this
    /// one is full.
    pub(crate) fn commit_with(mut self, next: Self) -> usize {
        debug_assert!(self.written == self.len || next.written == 0);
        debug_assert!(next.position == self.position.wrapping_add(self.len as u64));
        let (ring, tail, position) = (self.ring, self.tail.take(), self.position);
        let written = self.into_written() + next.into_written();
        // SAFETY: INV-RES-1: what was written begins at `position`, and goes on in `next` without a gap.
        unsafe { Self::publish(ring, tail, position, written) };
        written
    }

    /// How many elements were written. They belong to the caller from here on, not to this reservation's drop.
    fn into_written(self) -> usize {
        // INV-RES-1
        debug_assert!(self.written <= self.len);
        self.touched(self.written);
        let written = self.written;
        core::mem::forget(self);
        written
    }

    /// # Safety
    ///
    /// INV-RES-1: a reservation has just counted `written` slots from `position` on as written. INV-SEQ-4: `own` is the
    /// producer's position.
    unsafe fn publish(ring: &Ring<T, A>, own: Option<&mut u64>, position: u64, written: usize) {
        let Some(own) = own else {
            unreachable!("nobody commits the second of two chunks by itself")
        };
        let tail = position.wrapping_add(written as u64);
        // SAFETY: INV-SW-1: the reservation borrowed the only producer mutably. INV-INIT-1 by
        // INV-RES-1: the slots up to `tail` were granted and are counted as written.
        unsafe { ring.cursors().publish_tail(own, tail) };
    }

    fn touch(&self, count: usize) {
        let position = self.position.wrapping_add(self.written as u64);
        self.ring.shadow().writes(position, count);
    }

    fn touched(&self, count: usize) {
        self.ring.shadow().writes(self.position, count);
    }
}

impl<T, A: BufferAllocator> Drop for Reservation<'_, T, A> {
    fn drop(&mut self) {
        let written =
            core::ptr::slice_from_raw_parts_mut(self.ring.slot(self.position), self.written);
        // SAFETY: INV-RES-2: the slots counted as written are initialised, contiguous (INV-MEM-2)
        // and were not published, so this is their only owner.
        unsafe { written.drop_in_place() };
    }
}

impl<T, A: BufferAllocator> fmt::Debug for Reservation<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation")
            .field("len", &self.len)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}
