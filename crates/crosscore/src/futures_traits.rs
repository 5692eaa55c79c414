//! [`Stream`] and [`Sink`], of the crates futures-core and futures-sink. Feature `futures`.

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use futures_sink::Sink;

use crate::alloc::BufferAllocator;
use crate::consumer::Consumer;
use crate::error::{PushError, WaitError};
use crate::producer::Producer;

/// Yields elements until the ring is closed and drained. Dropping a future of the next element loses none: it is
/// taken out in the poll that yields it.
///
/// ```
/// use futures::{SinkExt, StreamExt};
///
/// async fn doubled(
///     mut from: crosscore::Consumer<u64>,
///     mut to: crosscore::Producer<u64>,
/// ) -> Result<(), crosscore::WaitError> {
///     while let Some(n) = from.next().await {
///         to.send(2 * n).await?;
///     }
///     Ok(())
/// }
///
/// let (mut numbers, from) = crosscore::Ring::with_capacity(4)?;
/// let (to, mut results) = crosscore::Ring::with_capacity(4)?;
/// numbers.push_slice(&[1, 2, 3]);
/// drop(numbers);
/// futures::executor::block_on(doubled(from, to)).unwrap();
/// assert!(results.pop_iter().eq([2, 4, 6]));
/// # Ok::<(), crosscore::RingError>(())
/// ```
///
/// With `StreamExt` in scope `consumer.skip(n)` is the stream's, which takes the consumer. [`Consumer::skip`] is called by its
/// path:
///
/// ```
/// use crosscore::Consumer;
/// use futures::StreamExt;
///
/// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(4)?;
/// producer.push_slice(&[1, 2, 3, 4]);
/// assert_eq!(Consumer::skip(&mut consumer, 2), 2);
/// drop(producer);
/// let rest = consumer.skip(1).collect::<Vec<_>>();
/// assert_eq!(futures::executor::block_on(rest), [4]);
/// # Ok::<(), crosscore::RingError>(())
/// ```
impl<T, A: BufferAllocator> Stream for Consumer<T, A> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let consumer = self.get_mut();
        loop {
            if let Some(item) = consumer.pop() {
                return Poll::Ready(Some(item));
            }
            if ready!(consumer.poll_data(context, 1)).is_err() {
                return Poll::Ready(None);
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.cached_available(), None)
    }
}

impl<T, A: BufferAllocator> FusedStream for Consumer<T, A> {
    fn is_terminated(&self) -> bool {
        self.is_done()
    }
}

/// Takes elements as long as there is room; each is published at once, so there is nothing to flush. Closing it closes
/// the producer.
///
/// The error is always [`WaitError::Closed`]. The element that `start_send` was given is dropped with it, which can
/// happen only if the consumer goes between `poll_ready` and `start_send`; [`Producer::push`] gives it back.
impl<T, A: BufferAllocator> Sink<T> for Producer<T, A> {
    type Error = WaitError;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), WaitError>> {
        let producer = self.get_mut();
        if !producer.is_closed() && producer.cached_free_slots() > 0 {
            return Poll::Ready(Ok(()));
        }
        producer.poll_space(context, 1).map_ok(|_| ())
    }

    /// # Panics
    ///
    /// When the ring is full: `poll_ready` has not said that it is ready.
    fn start_send(self: Pin<&mut Self>, item: T) -> Result<(), WaitError> {
        match self.get_mut().push(item) {
            Ok(()) => Ok(()),
            Err(PushError::Closed(_)) => Err(WaitError::Closed),
            Err(PushError::Full(_)) => panic!("start_send without poll_ready: the ring is full"),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), WaitError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), WaitError>> {
        self.get_mut().close();
        Poll::Ready(Ok(()))
    }
}
