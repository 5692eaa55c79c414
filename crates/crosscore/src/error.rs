//! What can go wrong.

use core::fmt;

use crate::alloc::AllocError;

/// Why an element was not taken. The element comes back inside.
///
/// ```
/// use crosscore::{PushError, Ring};
///
/// let (mut producer, consumer) = Ring::with_capacity(1)?;
/// producer.push(String::from("first")).unwrap();
///
/// let refused = producer.push(String::from("second")).unwrap_err();
/// assert!(refused.is_full());
/// assert_eq!(refused.into_inner(), "second");
///
/// drop(consumer);
/// assert!(matches!(producer.push(String::from("third")), Err(PushError::Closed(_))));
/// # Ok::<(), crosscore::RingError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PushError<T> {
    /// The ring is full. A later push can succeed.
    Full(T),
    /// The producer was closed, or the consumer is gone. No later push can succeed.
    Closed(T),
}

impl<T> PushError<T> {
    /// The element that was not taken.
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(item) | Self::Closed(item) => item,
        }
    }

    /// Whether the ring was full.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }

    /// Whether the ring was closed.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

// By hand, so that an element need not be `Debug` for the error to be unwrapped.
impl<T> fmt::Debug for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Display for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the ring is full",
            Self::Closed(_) => "the ring is closed",
        })
    }
}

impl<T> core::error::Error for PushError<T> {}

/// Why a ring was not made.
///
/// ```
/// use crosscore::{Ring, RingError};
///
/// let refused = Ring::<u64>::with_capacity(0).unwrap_err();
/// assert!(matches!(refused, RingError::ZeroCapacity));
///
/// let refused = Ring::<u64>::with_capacity(usize::MAX).unwrap_err();
/// assert!(refused.to_string().contains("at most"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum RingError {
    /// A capacity of 0 was asked for; the smallest is 1.
    ZeroCapacity,
    /// The capacity, rounded up, is more than an address space holds.
    CapacityOverflow {
        /// What was asked for, in elements.
        asked: usize,
        /// The largest capacity for elements of this size, in elements.
        largest: usize,
    },
    /// The allocator refused.
    Alloc(AllocError),
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroCapacity => f.write_str("a ring needs a capacity of at least 1, not 0"),
            Self::CapacityOverflow { asked, largest } => write!(
                f,
                "a capacity of {asked} elements is too large; for this element it is at most {largest}"
            ),
            Self::Alloc(error) => write!(f, "no memory for the ring: {error}"),
        }
    }
}

impl core::error::Error for RingError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Alloc(error) => Some(error),
            _ => None,
        }
    }
}

impl From<AllocError> for RingError {
    fn from(error: AllocError) -> Self {
        Self::Alloc(error)
    }
}

/// Why a wait ended without what it waited for.
///
/// ```
/// use crosscore::{Ring, WaitError};
/// use std::time::Duration;
///
/// let (producer, mut consumer) = Ring::<u8>::with_capacity(1)?;
/// let moment = Some(Duration::from_millis(1));
/// assert_eq!(consumer.pop_wait(moment), Err(WaitError::TimedOut));
/// drop(producer);
/// assert_eq!(consumer.pop_wait(moment), Err(WaitError::Closed));
/// # Ok::<(), crosscore::RingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitError {
    /// The time was over first. A later wait can succeed.
    TimedOut,
    /// The ring is closed, and for a consumer drained. No later wait can succeed.
    Closed,
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "the wait timed out",
            Self::Closed => "the ring is closed",
        })
    }
}

impl core::error::Error for WaitError {}

/// Why a waiting push did not take its element. The element comes back inside.
///
/// ```
/// use crosscore::{PushWaitError, Ring};
/// use std::time::Duration;
///
/// let (mut producer, consumer) = Ring::with_capacity(1)?;
/// producer.push('a').unwrap();
/// let late = producer.push_wait('b', Some(Duration::from_millis(1))).unwrap_err();
/// assert!(matches!(late, PushWaitError::TimedOut('b')));
/// drop(consumer);
/// assert_eq!(producer.push_wait('c', None).unwrap_err().into_inner(), 'c');
/// # Ok::<(), crosscore::RingError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PushWaitError<T> {
    /// The ring was full until the time was over. A later push can succeed.
    TimedOut(T),
    /// The producer was closed, or the consumer is gone. No later push can succeed.
    Closed(T),
}

impl<T> PushWaitError<T> {
    /// The element that was not taken.
    pub fn into_inner(self) -> T {
        match self {
            Self::TimedOut(item) | Self::Closed(item) => item,
        }
    }

    /// Whether the time was over first.
    pub fn is_timed_out(&self) -> bool {
        matches!(self, Self::TimedOut(_))
    }

    /// Whether the ring was closed.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }

    /// The same without the element.
    pub fn reason(&self) -> WaitError {
        match self {
            Self::TimedOut(_) => WaitError::TimedOut,
            Self::Closed(_) => WaitError::Closed,
        }
    }
}

// By hand, so that an element need not be `Debug` for the error to be unwrapped.
impl<T> fmt::Debug for PushWaitError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}(..)", self.reason())
    }
}

impl<T> fmt::Display for PushWaitError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason().fmt(f)
    }
}

impl<T> core::error::Error for PushWaitError<T> {}
