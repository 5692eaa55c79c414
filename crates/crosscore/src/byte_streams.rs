//! A ring of bytes as a pipe between threads: `std::io`'s traits. Feature `std`.

use std::io::{self, BufRead, Read, Write};

use crate::alloc::BufferAllocator;
use crate::consumer::Consumer;
use crate::error::WaitError;
use crate::producer::Producer;

/// Writes as into a pipe: waits while the ring is full, and fails with [`BrokenPipe`](io::ErrorKind::BrokenPipe) when
/// it is closed. [`push_slice`](Producer::push_slice) is the same without waiting.
///
/// Every write is published when it returns; there is nothing to flush.
///
/// ```
/// use std::io::{Read, Write};
///
/// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(16)?;
/// let writer = std::thread::spawn(move || writeln!(producer, "{} is more than fits", "a line that"));
/// let mut text = String::new();
/// consumer.read_to_string(&mut text)?;
/// assert_eq!(text, "a line that is more than fits\n");
/// # writer.join().unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<A: BufferAllocator> Write for Producer<u8, A> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        loop {
            match self.push_slice(bytes) {
                0 => self.wait_for_space(1, None)?,
                n => return Ok(n),
            };
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads as from a pipe: waits while the ring is empty, and ends (0 bytes) when it is closed and drained.
/// [`pop_slice`](Consumer::pop_slice) is the same without waiting.
///
/// The trait's `read` is hidden by [`Consumer::read`], which reads in place; `Read::read(&mut consumer, buffer)` calls
/// it, and whatever takes a reader finds it.
impl<A: BufferAllocator> Read for Consumer<u8, A> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match self.pop_slice(out) {
                0 if !wait_for_bytes(self) => return Ok(0),
                0 => (),
                n => return Ok(n),
            }
        }
    }
}

/// The ring is the buffer: lines are read without a copy of it, and other code can be shown the bytes in place.
///
/// ```
/// use std::io::{BufRead, Write};
///
/// let (mut producer, consumer) = crosscore::Ring::with_capacity(64)?;
/// write!(producer, "one\ntwo\n")?;
/// drop(producer);
/// let lines: Vec<_> = consumer.lines().collect::<Result<_, _>>()?;
/// assert_eq!(lines, ["one", "two"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<A: BufferAllocator> BufRead for Consumer<u8, A> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.is_empty() && !wait_for_bytes(self) {
            return Ok(&[]);
        }
        // What is known, without a look for more.
        let known = self.cached_available();
        Ok(self.read(known).map_or(&[], |bytes| bytes.into_slice()))
    }

    /// # Panics
    ///
    /// When `amount` is more than there is.
    fn consume(&mut self, amount: usize) {
        let skipped = self.skip(amount);
        assert_eq!(skipped, amount, "more consumed than there was");
    }
}

/// Waits for bytes; false when there will be none.
fn wait_for_bytes<A: BufferAllocator>(consumer: &mut Consumer<u8, A>) -> bool {
    consumer.wait_for_data(1, None).is_ok()
}

/// A wait that failed, in the words of `std`: `TimedOut`, or `BrokenPipe`.
impl From<WaitError> for io::Error {
    fn from(error: WaitError) -> Self {
        let kind = match error {
            WaitError::TimedOut => io::ErrorKind::TimedOut,
            WaitError::Closed => io::ErrorKind::BrokenPipe,
        };
        Self::new(kind, error)
    }
}
