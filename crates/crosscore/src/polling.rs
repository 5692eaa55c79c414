//! Waiting for the other side, in a task or an event loop. Feature `async`.
//!
//! The same handshake as for threads; what is woken is the task's [`Waker`](core::task::Waker). No
//! runtime is assumed.

use core::future::poll_fn;
use core::task::{Context, Poll};

use crate::alloc::BufferAllocator;
use crate::consumer::Consumer;
use crate::error::{PushError, WaitError};
use crate::look::{data, space, within_capacity};
use crate::producer::Producer;

impl<T, A: BufferAllocator> Producer<T, A> {
    /// Whether `n` slots are free; if not, the task is woken when the consumer releases some.
    ///
    /// The task that asked last is the one that is woken. To leave a waker costs a barrier ([`Handshake`]); to
    /// ask again with the same one, before it was woken, costs a look.
    ///
    /// [`Handshake`]: crate::Handshake
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let (mut producer, _consumer) = crosscore::Ring::<u8>::with_capacity(8)?;
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert_eq!(producer.poll_space(&mut context, 1), Poll::Ready(Ok(8)));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn poll_space(
        &mut self,
        context: &mut Context<'_>,
        n: usize,
    ) -> Poll<Result<usize, WaitError>> {
        let cursors = self.ring.cursors();
        let wanted = within_capacity(n, cursors);
        // SAFETY: INV-SW-1: `&mut self` on the only producer.
        let look = || unsafe { space(cursors, self.tail, wanted) };
        if let Some(found) = look() {
            return Poll::Ready(found);
        }
        // SAFETY: INV-PARK-2: `&mut self` on the only producer.
        match unsafe { cursors.producer_slot().park(context.waker(), look) } {
            Some(found) => Poll::Ready(found),
            None => Poll::Pending,
        }
    }

    /// Takes back the waker that [`poll_space`](Self::poll_space) left.
    ///
    /// ```
    /// let (mut producer, _consumer) = crosscore::Ring::<u8>::with_capacity(8)?;
    /// producer.cancel_wait();
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn cancel_wait(&mut self) {
        // SAFETY: INV-PARK-2: `&mut self` on the only producer.
        unsafe { self.ring.cursors().producer_slot().retract() };
    }

    /// Waits until `n` slots are free; tells how many are.
    ///
    /// # Errors
    ///
    /// [`WaitError::Closed`].
    ///
    /// ```
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// let (mut producer, _consumer) = crosscore::Ring::<u8>::with_capacity(8)?;
    /// let free = pin!(producer.space(2));
    /// # let Poll::Ready(free) = free.poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
    /// // let free = free.await;
    /// assert_eq!(free, Ok(8));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub async fn space(&mut self, n: usize) -> Result<usize, WaitError> {
        poll_fn(|context| self.poll_space(context, n)).await
    }

    /// Moves `item` into the ring, and waits for room if there is none.
    ///
    /// # Errors
    ///
    /// The item, when the ring is closed.
    ///
    /// ```
    /// async fn send(producer: &mut crosscore::Producer<String>) {
    ///     producer.push_async("hello".to_owned()).await.unwrap();
    /// }
    /// ```
    pub async fn push_async(&mut self, item: T) -> Result<(), T> {
        let item = match self.push(item) {
            Ok(()) => return Ok(()),
            Err(PushError::Closed(item)) => return Err(item),
            Err(PushError::Full(item)) => item,
        };
        if self.space(1).await.is_err() {
            return Err(item);
        }
        self.push(item).map_err(|refused| refused.into_inner())
    }
}

impl<T, A: BufferAllocator> Consumer<T, A> {
    /// Whether there are `n` elements, or the last ones; if not, the task is woken when the producer
    /// publishes some or closes.
    ///
    /// The task that asked last is the one that is woken.
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert_eq!(consumer.poll_data(&mut context, 1), Poll::Pending);
    /// producer.push(1).unwrap();
    /// assert_eq!(consumer.poll_data(&mut context, 1), Poll::Ready(Ok(1)));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn poll_data(
        &mut self,
        context: &mut Context<'_>,
        n: usize,
    ) -> Poll<Result<usize, WaitError>> {
        let cursors = self.ring.cursors();
        let wanted = within_capacity(n, cursors);
        // SAFETY: INV-SW-2: `&mut self` on the only consumer.
        let look = || unsafe { data(cursors, self.head, wanted) };
        if let Some(found) = look() {
            return Poll::Ready(found);
        }
        // SAFETY: INV-PARK-2: `&mut self` on the only consumer.
        match unsafe { cursors.consumer_slot().park(context.waker(), look) } {
            Some(found) => Poll::Ready(found),
            None => Poll::Pending,
        }
    }

    /// Takes back the waker that [`poll_data`](Self::poll_data) left.
    ///
    /// ```
    /// let (_producer, mut consumer) = crosscore::Ring::<u8>::with_capacity(8)?;
    /// consumer.cancel_wait();
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn cancel_wait(&mut self) {
        // SAFETY: INV-PARK-2: `&mut self` on the only consumer.
        unsafe { self.ring.cursors().consumer_slot().retract() };
    }

    /// Waits until there are `n` elements, or the last ones; tells how many there are, at least 1.
    ///
    /// # Errors
    ///
    /// [`WaitError::Closed`], when the ring is closed and drained.
    ///
    /// ```
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push(1).unwrap();
    /// let available = pin!(consumer.data(1));
    /// # let Poll::Ready(available) = available.poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
    /// // let available = available.await;
    /// assert_eq!(available, Ok(1));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub async fn data(&mut self, n: usize) -> Result<usize, WaitError> {
        poll_fn(|context| self.poll_data(context, n)).await
    }

    /// Moves the oldest element out, and waits for one if there is none; `None` when the ring is closed
    /// and drained.
    ///
    /// ```
    /// async fn total(consumer: &mut crosscore::Consumer<u64>) -> u64 {
    ///     let mut total = 0;
    ///     while let Some(n) = consumer.pop_async().await {
    ///         total += n;
    ///     }
    ///     total
    /// }
    /// ```
    pub async fn pop_async(&mut self) -> Option<T> {
        if let Some(item) = self.pop() {
            return Some(item);
        }
        self.data(1).await.ok()?;
        self.pop()
    }
}
