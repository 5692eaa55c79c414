//! What can be wrong, with the codes that the package has.

use std::fmt;

/// Why there is no ring, or no end of one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The package and this addon do not fit together: another version of the table, or of what lies in a ring.
    Version(String),
    /// The system or the package's limits do not allow a ring of that size.
    Memory(String),
    /// A token that is used, forged, for the other side, from another copy of the package, or for another kind of ring.
    /// It stays good where it was.
    Token(String),
    /// The package's addon failed: its own mistake.
    Failed(String),
}

impl Error {
    /// As `CrosscoreError` has it in JavaScript.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Version(_) => "ERR_CROSSCORE_UNSUPPORTED",
            Self::Memory(_) => "ERR_CROSSCORE_MEMORY",
            Self::Token(_) => "ERR_CROSSCORE_TOKEN",
            Self::Failed(_) => "ERR_CROSSCORE_FAILED",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Version(text) | Self::Memory(text) | Self::Token(text) | Self::Failed(text)) =
            self;
        f.write_str(text)
    }
}

impl std::error::Error for Error {}

/// The message begins with the code: a `napi::Error` has no place for one of another's.
impl From<Error> for napi::Error {
    fn from(error: Error) -> Self {
        Self::from_reason(format!("{}: {error}", error.code()))
    }
}

/// Why a message was not sent. Nothing of it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// There is no room. A later push can succeed.
    Full,
    /// There was no room until the time was over.
    TimedOut,
    /// The consumer is gone. No later push can succeed.
    Closed,
    /// It never fits.
    TooLarge {
        /// Of the message, in bytes.
        length: usize,
        /// Of the longest message of this ring, in bytes.
        longest: usize,
    },
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the ring is full"),
            Self::TimedOut => f.write_str("the ring was full until the time was over"),
            Self::Closed => f.write_str("the consumer is gone"),
            Self::TooLarge { length, longest } => write!(
                f,
                "a message of {length} bytes is too large: the longest is {longest}"
            ),
        }
    }
}

impl std::error::Error for SendError {}

/// Why there is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiveError {
    /// There was none until the time was over.
    TimedOut,
    /// The producer is gone, and everything has been read.
    Closed,
    /// Somebody has written over the ring: there is no finding the next message. Drop the consumer.
    Corrupt,
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "there was no message until the time was over",
            Self::Closed => "the ring is closed, and everything has been read",
            Self::Corrupt => {
                "the ring holds no message where one has to be: somebody has written over it"
            }
        })
    }
}

impl std::error::Error for ReceiveError {}
