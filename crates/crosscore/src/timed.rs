//! Waits that end at a time. Feature `std`.

use std::time::{Duration, Instant};

use crate::alloc::BufferAllocator;
use crate::consumer::Consumer;
use crate::error::{PushWaitError, WaitError};
use crate::producer::Producer;

impl<T, A: BufferAllocator> Producer<T, A> {
    /// Moves `item` into the ring, and waits for room for at most `timeout`.
    ///
    /// # Errors
    ///
    /// As [`push_wait`](Self::push_wait).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let (mut producer, _consumer) = crosscore::Ring::with_capacity(1)?;
    /// producer.push_timeout('a', Duration::ZERO).unwrap();
    /// let late = producer.push_timeout('b', Duration::from_millis(1)).unwrap_err();
    /// assert!(late.is_timed_out());
    /// assert_eq!(late.into_inner(), 'b');
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn push_timeout(&mut self, item: T, timeout: Duration) -> Result<(), PushWaitError<T>> {
        self.push_wait(item, Some(timeout))
    }

    /// Moves `item` into the ring, and waits for room until `deadline`. If there is room it is taken, however late
    /// it is.
    ///
    /// # Errors
    ///
    /// As [`push_wait`](Self::push_wait).
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let (mut producer, _consumer) = crosscore::Ring::with_capacity(1)?;
    /// let deadline = Instant::now() + Duration::from_millis(1);
    /// producer.push_deadline('a', deadline).unwrap();
    /// assert!(producer.push_deadline('b', deadline).unwrap_err().is_timed_out());
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn push_deadline(&mut self, item: T, deadline: Instant) -> Result<(), PushWaitError<T>> {
        self.push_wait(item, Some(until(deadline)))
    }
}

impl<T, A: BufferAllocator> Consumer<T, A> {
    /// Moves the oldest element out, and waits for one for at most `timeout`.
    ///
    /// # Errors
    ///
    /// As [`pop_wait`](Self::pop_wait).
    ///
    /// ```
    /// use crosscore::WaitError;
    /// use std::time::Duration;
    ///
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(1)?;
    /// producer.push('a').unwrap();
    /// assert_eq!(consumer.pop_timeout(Duration::ZERO), Ok('a'));
    /// assert_eq!(consumer.pop_timeout(Duration::from_millis(1)), Err(WaitError::TimedOut));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn pop_timeout(&mut self, timeout: Duration) -> Result<T, WaitError> {
        self.pop_wait(Some(timeout))
    }

    /// Moves the oldest element out, and waits for one until `deadline`. If there is one it is taken, however late
    /// it is.
    ///
    /// # Errors
    ///
    /// As [`pop_wait`](Self::pop_wait).
    ///
    /// ```
    /// use crosscore::WaitError;
    /// use std::time::{Duration, Instant};
    ///
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(1)?;
    /// producer.push('a').unwrap();
    /// let deadline = Instant::now() + Duration::from_millis(1);
    /// assert_eq!(consumer.pop_deadline(deadline), Ok('a'));
    /// assert_eq!(consumer.pop_deadline(deadline), Err(WaitError::TimedOut));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    pub fn pop_deadline(&mut self, deadline: Instant) -> Result<T, WaitError> {
        self.pop_wait(Some(until(deadline)))
    }
}

/// How long it is until then; nothing if it is past.
fn until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
