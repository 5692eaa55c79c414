//! Rings of bytes and of text. A message has a header of 8 bytes: its length, and what its bytes are
//! (`lib/layout/framed.ts`, `lib/layout/text.ts`).

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crosscore::WaitError;

use crate::end::End;
use crate::error::{ReceiveError, SendError};
use crate::kind::{Bytes, Text};
use crate::ring::{Consumer, Producer};

/// What a message takes besides its payload.
const HEADER: u32 = 8;

/// What the bytes of a message are. Bytes that are no text have 0.
const BYTES: u32 = 0;
const ASCII: u32 = 1;
const UTF8: u32 = 2;
const UTF16: u32 = 3;

/// What a message of `length` bytes takes. For lengths of at most 2^30.
fn size_of_message(length: u32) -> u32 {
    (length + 15) & !7
}

impl End {
    /// What a message would take, if it can fit at all.
    fn size_for(&self, length: usize) -> Result<u32, SendError> {
        let longest = (self.capacity - HEADER) as usize;
        if length > longest {
            return Err(SendError::TooLarge { length, longest });
        }
        Ok(size_of_message(length as u32))
    }

    /// A word of a header: of the message at the position, 0 or 1.
    fn word(&self, index: u32) -> &AtomicU32 {
        // SAFETY: INV-ABI-5: a header lies on a multiple of 8 below the capacity; the caller owns it.
        unsafe { AtomicU32::from_ptr(self.at(self.position(0) + 4 * index).cast()) }
    }

    fn send(&mut self, bytes: &[u8], what: u32) -> Result<(), SendError> {
        let size = self.size_for(bytes.len())?;
        if !self.has(size) {
            return Err(if self.is_closed() {
                SendError::Closed
            } else {
                SendError::Full
            });
        }
        let position = self.position(0);
        self.word(0).store(bytes.len() as u32, Relaxed);
        self.word(1).store(what, Relaxed);
        self.write(position + HEADER, bytes);
        self.fold_down(position + size);
        if self.advance(size, 1) {
            Ok(())
        } else {
            Err(SendError::Closed)
        }
    }

    fn send_wait(
        &mut self,
        bytes: &[u8],
        what: u32,
        time: Option<Duration>,
    ) -> Result<(), SendError> {
        let size = self.size_for(bytes.len())?;
        match self.wait(size, time) {
            Ok(_) => self.send(bytes, what),
            Err(WaitError::TimedOut) => Err(SendError::TimedOut),
            Err(WaitError::Closed) => Err(SendError::Closed),
        }
    }

    async fn send_async(&mut self, bytes: &[u8], what: u32) -> Result<(), SendError> {
        let size = self.size_for(bytes.len())?;
        self.ready(size).await.map_err(|_| SendError::Closed)?;
        self.send(bytes, what)
    }

    /// Puts the oldest message into `into` instead of what is there, and says what its bytes are. `None` if there is none.
    fn receive(&mut self, into: &mut Vec<u8>) -> Result<Option<u32>, ReceiveError> {
        into.clear();
        if !self.has(HEADER) {
            return Ok(None);
        }
        // Read once, and checked against what the cursors say before it is used: INV-JS-5.
        let length = self.word(0).load(Relaxed);
        let known = self.known();
        if length > known - HEADER || size_of_message(length) > known {
            return Err(ReceiveError::Corrupt);
        }
        let what = self.word(1).load(Relaxed);
        let payload = self.position(0) + HEADER;
        self.unfold_up(payload + length);
        self.read(payload, length, into);
        self.advance(size_of_message(length), 1);
        Ok(Some(what))
    }

    fn receive_wait(
        &mut self,
        into: &mut Vec<u8>,
        time: Option<Duration>,
    ) -> Result<u32, ReceiveError> {
        match self.wait(HEADER, time) {
            Ok(_) => self.receive(into)?.ok_or(ReceiveError::Closed),
            Err(WaitError::TimedOut) => Err(ReceiveError::TimedOut),
            Err(WaitError::Closed) => Err(ReceiveError::Closed),
        }
    }

    async fn receive_async(&mut self, into: &mut Vec<u8>) -> Result<u32, ReceiveError> {
        self.ready(HEADER).await.map_err(|_| ReceiveError::Closed)?;
        self.receive(into)?.ok_or(ReceiveError::Closed)
    }
}

/// The two kinds of messages differ in what they take and give.
macro_rules! producers {
    ($Kind:ident, $item:ty, $bytes:expr, $what:expr, $example:literal) => {
        impl Producer<$Kind> {
            /// Adds a message, published at once.
            ///
            /// # Errors
            ///
            /// [`SendError::Full`], [`SendError::Closed`] or [`SendError::TooLarge`].
            ///
            /// ```no_run
            #[doc = concat!("use crosscore_napi::{Producer, SendError, ", stringify!($Kind), "};")]
            ///
            #[doc = concat!("fn send(producer: &mut Producer<", stringify!($Kind), ">) -> Result<(), SendError> {")]
            #[doc = concat!("    producer.push(", $example, ")")]
            /// }
            /// ```
            pub fn push(&mut self, message: $item) -> Result<(), SendError> {
                self.end.send($bytes(message), $what(message))
            }

            /// Adds a message; waits on this thread while there is no room. Without a time it waits for as long as it
            /// takes.
            ///
            /// # Errors
            ///
            /// [`SendError::TimedOut`], [`SendError::Closed`] or [`SendError::TooLarge`].
            pub fn push_wait(&mut self, message: $item, time: Option<Duration>) -> Result<(), SendError> {
                self.end.send_wait($bytes(message), $what(message), time)
            }

            /// Adds a message; waits in a task while there is no room.
            ///
            /// # Errors
            ///
            /// [`SendError::Closed`] or [`SendError::TooLarge`].
            pub async fn push_async(&mut self, message: $item) -> Result<(), SendError> {
                self.end.send_async($bytes(message), $what(message)).await
            }

            /// Of the longest message, in bytes.
            pub fn longest(&self) -> usize {
                (self.end.capacity - HEADER) as usize
            }
        }
    };
}

producers!(Bytes, &[u8], |bytes| bytes, |_| BYTES, "b\"hello\"");
producers!(
    Text,
    &str,
    str::as_bytes,
    |text: &str| if text.is_ascii() { ASCII } else { UTF8 },
    "\"hello\""
);

macro_rules! consumers {
    ($Kind:ident, $item:ty, $finish:expr, $errors:literal) => {
        impl Consumer<$Kind> {
            /// Takes the oldest message; `None` if there is none now.
            ///
            /// # Errors
            ///
            #[doc = $errors]
            pub fn pop(&mut self) -> Result<Option<$item>, ReceiveError> {
                let mut bytes = Vec::new();
                let what = self.end.receive(&mut bytes)?;
                what.map(|what| $finish(bytes, what)).transpose()
            }

            /// Takes the oldest message; waits on this thread while there is none. Without a time it waits for as long as
            /// it takes.
            ///
            /// # Errors
            ///
            /// [`ReceiveError::TimedOut`]; [`ReceiveError::Closed`] when the producer is gone and everything has been
            /// read.
            #[doc = $errors]
            pub fn pop_wait(&mut self, time: Option<Duration>) -> Result<$item, ReceiveError> {
                let mut bytes = Vec::new();
                let what = self.end.receive_wait(&mut bytes, time)?;
                $finish(bytes, what)
            }

            /// Takes the oldest message; waits in a task while there is none.
            ///
            /// # Errors
            ///
            /// [`ReceiveError::Closed`] when the producer is gone and everything has been read.
            #[doc = $errors]
            pub async fn pop_async(&mut self) -> Result<$item, ReceiveError> {
                let mut bytes = Vec::new();
                let what = self.end.receive_async(&mut bytes).await?;
                $finish(bytes, what)
            }
        }
    };
}

consumers!(
    Bytes,
    Vec<u8>,
    |bytes, _what| Ok(bytes),
    "[`ReceiveError::Corrupt`] when somebody has written over the ring."
);
consumers!(
    Text,
    String,
    text,
    "[`ReceiveError::Corrupt`] when somebody has written over the ring."
);

/// What a message of text says. A surrogate without a partner, which no `String` holds, becomes U+FFFD.
fn text(bytes: Vec<u8>, what: u32) -> Result<String, ReceiveError> {
    match what {
        ASCII | UTF8 => String::from_utf8(bytes).map_err(|_| ReceiveError::Corrupt),
        UTF16 => {
            let (units, rest) = bytes.as_chunks::<2>();
            if !rest.is_empty() {
                return Err(ReceiveError::Corrupt);
            }
            let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
            Ok(char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect())
        }
        _ => Err(ReceiveError::Corrupt),
    }
}

impl Consumer<Bytes> {
    /// Puts the oldest message into `message` instead of what is there, and waits as [`pop_wait`](Self::pop_wait) does:
    /// nothing is allocated once it is long enough.
    ///
    /// # Errors
    ///
    /// As [`pop_wait`](Self::pop_wait).
    pub fn pop_wait_into(
        &mut self,
        message: &mut Vec<u8>,
        time: Option<Duration>,
    ) -> Result<(), ReceiveError> {
        self.end.receive_wait(message, time).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_filled_up_to_a_multiple_of_8() {
        assert_eq!([0, 1, 8, 9].map(size_of_message), [8, 16, 16, 24]);
    }

    #[test]
    fn text_is_what_its_mark_says_or_an_error() {
        assert_eq!(text(b"abc".to_vec(), ASCII), Ok("abc".into()));
        assert_eq!(text("ü€".into(), UTF8), Ok("ü€".into()));
        assert_eq!(
            text(vec![0x3d, 0xd8, b'a', 0], UTF16),
            Ok("\u{fffd}a".into())
        );
        for (bytes, what) in [
            (vec![0xff], ASCII),
            (vec![0xff], UTF8),
            (vec![1], UTF16),
            (vec![], 0),
            (vec![], 4),
        ] {
            assert_eq!(text(bytes, what), Err(ReceiveError::Corrupt));
        }
    }
}
