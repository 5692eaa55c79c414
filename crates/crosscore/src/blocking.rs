//! Waiting for the other side, on a thread that may block. Feature `std`.

use core::time::Duration;

use crate::alloc::BufferAllocator;
use crate::consumer::Consumer;
use crate::error::{PushError, PushWaitError, WaitError};
use crate::look::{data, space, within_capacity};
use crate::park::{Deadline, block_until};
use crate::producer::Producer;
use crate::reservation::Reservation;

impl<T, A: BufferAllocator> Producer<T, A> {
    /// Moves `item` into the ring, and waits for room if there is none: for `timeout`, or as long
    /// as it takes.
    ///
    /// # Errors
    ///
    /// [`PushWaitError`], with the item inside, when the time is over or the ring is closed. The
    /// consumer's drop ends the wait.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(1)?;
    /// let reader = std::thread::spawn(move || (consumer.pop_wait(None), consumer.pop_wait(None)));
    /// producer.push_wait(1, None).unwrap();
    /// producer.push_wait(2, None).unwrap();
    /// assert_eq!(reader.join().unwrap(), (Ok(1), Ok(2)));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn push_wait(
        &mut self,
        item: T,
        timeout: Option<Duration>,
    ) -> Result<(), PushWaitError<T>> {
        let item = match self.push(item) {
            Ok(()) => return Ok(()),
            Err(PushError::Closed(item)) => return Err(PushWaitError::Closed(item)),
            Err(PushError::Full(item)) => item,
        };
        match self.wait_for_space(1, timeout) {
            // Only the producer can take the room away, but the consumer can close meanwhile.
            Ok(_) => self
                .push(item)
                .map_err(|refused| PushWaitError::Closed(refused.into_inner())),
            Err(WaitError::TimedOut) => Err(PushWaitError::TimedOut(item)),
            Err(WaitError::Closed) => Err(PushWaitError::Closed(item)),
        }
    }

    /// Waits until `n` slots are free, then reserves up to `n` contiguous ones, as
    /// [`reserve`](Self::reserve) does.
    ///
    /// `n` is taken as 1 if it is 0, and as the capacity if it is more.
    ///
    /// # Errors
    ///
    /// [`WaitError`] when the time is over or the ring is closed.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// let mut reservation = producer.reserve_wait(4, None).unwrap();
    /// reservation.fill([1, 2, 3, 4]);
    /// reservation.commit();
    /// assert_eq!(consumer.available(), 4);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn reserve_wait(
        &mut self,
        n: usize,
        timeout: Option<Duration>,
    ) -> Result<Reservation<'_, T, A>, WaitError> {
        let cursors = self.ring.cursors();
        let wanted = within_capacity(n, cursors);
        // SAFETY: INV-SW-1: `&mut self` on the only producer.
        if unsafe { cursors.claim_free(self.tail, wanted) }.count < wanted {
            self.wait_for_space(n, timeout)?;
        }
        self.reserve(n.max(1)).ok_or(WaitError::Closed)
    }

    /// Waits until `n` slots are free; tells how many are.
    ///
    /// `n` is taken as 1 if it is 0, and as the capacity if it is more.
    ///
    /// # Errors
    ///
    /// [`WaitError`] when the time is over or the ring is closed.
    ///
    /// ```
    /// let (mut producer, _consumer) = crosscore::Ring::<u8>::with_capacity(8)?;
    /// assert_eq!(producer.wait_for_space(3, None), Ok(8));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn wait_for_space(
        &mut self,
        n: usize,
        timeout: Option<Duration>,
    ) -> Result<usize, WaitError> {
        let cursors = self.ring.cursors();
        let wanted = within_capacity(n, cursors);
        // SAFETY: INV-PARK-2 and INV-SW-1: `&mut self` on the only producer.
        let found = unsafe {
            let deadline = Deadline::after(timeout);
            block_until(cursors.producer_slot(), &mut self.spin, deadline, || {
                space(cursors, self.tail, wanted)
            })
        };
        found.unwrap_or(Err(WaitError::TimedOut))
    }
}

impl<T, A: BufferAllocator> Consumer<T, A> {
    /// Moves the oldest element out, and waits for one if there is none: for `timeout`, or as long
    /// as it takes.
    ///
    /// # Errors
    ///
    /// [`WaitError`] when the time is over, or when the ring is closed and drained. The producer's
    /// drop ends the wait.
    ///
    /// ```
    /// use crosscore::WaitError;
    ///
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// let writer = std::thread::spawn(move || producer.push(7));
    /// assert_eq!(consumer.pop_wait(None), Ok(7));
    /// assert_eq!(consumer.pop_wait(None), Err(WaitError::Closed));
    /// # writer.join().unwrap().unwrap();
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn pop_wait(&mut self, timeout: Option<Duration>) -> Result<T, WaitError> {
        if let Some(item) = self.pop() {
            return Ok(item);
        }
        self.wait_for_data(1, timeout)?;
        // Only the consumer can take the element away.
        self.pop().ok_or(WaitError::Closed)
    }

    /// Waits until there are `n` elements, or the last ones; tells how many there are, at least 1.
    ///
    /// `n` is taken as 1 if it is 0, and as the capacity if it is more.
    ///
    /// # Errors
    ///
    /// [`WaitError`] when the time is over, or when the ring is closed and drained.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push(1).unwrap();
    /// drop(producer);
    /// assert_eq!(consumer.wait_for_data(5, None), Ok(1));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn wait_for_data(
        &mut self,
        n: usize,
        timeout: Option<Duration>,
    ) -> Result<usize, WaitError> {
        let cursors = self.ring.cursors();
        let wanted = within_capacity(n, cursors);
        // SAFETY: INV-PARK-2 and INV-SW-2: `&mut self` on the only consumer.
        let found = unsafe {
            let deadline = Deadline::after(timeout);
            block_until(cursors.consumer_slot(), &mut self.spin, deadline, || {
                data(cursors, self.head, wanted)
            })
        };
        found.unwrap_or(Err(WaitError::TimedOut))
    }
}
