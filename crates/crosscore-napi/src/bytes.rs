//! Rings of bytes as `std::io` knows streams.

use std::io::{self, Read, Write};

use crate::error::{ReceiveError, SendError};
use crate::kind::Bytes;
use crate::ring::{Consumer, Producer};

impl Producer<Bytes> {
    /// Writes into the ring: each write is a message, or several where it is long, and waits on this thread while there
    /// is no room. A consumer that is gone is [`io::ErrorKind::BrokenPipe`].
    ///
    /// ```no_run
    /// use std::io::{BufReader, copy};
    /// use crosscore_napi::{Bytes, Producer};
    ///
    /// fn send(file: std::fs::File, producer: &mut Producer<Bytes>) -> std::io::Result<u64> {
    ///     copy(&mut BufReader::with_capacity(1 << 16, file), &mut producer.writer())
    /// }
    /// ```
    pub fn writer(&mut self) -> Writer<'_> {
        Writer(self)
    }
}

impl Consumer<Bytes> {
    /// Reads the messages as one stream; waits on this thread while there is none. It ends when the producer is gone and
    /// everything has been read; if that closed with a reason, the reason is the error at the end.
    pub fn reader(&mut self) -> Reader<'_> {
        Reader {
            consumer: self,
            message: Vec::new(),
            at: 0,
        }
    }
}

/// From [`Producer::writer`].
#[derive(Debug)]
pub struct Writer<'a>(&'a mut Producer<Bytes>);

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        // A quarter of the ring at a time, so that the consumer has something to do meanwhile.
        let length = bytes.len().min((self.0.capacity() / 4).max(8));
        match self.0.push_wait(&bytes[..length], None) {
            Ok(()) => Ok(length),
            Err(SendError::Closed) => Err(match self.0.reason() {
                Some(reason) => io::Error::new(io::ErrorKind::BrokenPipe, reason),
                None => io::Error::new(io::ErrorKind::BrokenPipe, SendError::Closed),
            }),
            Err(other) => Err(io::Error::other(other)),
        }
    }

    /// Everything is published already.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// From [`Consumer::reader`]. What was read of the last message, but not out of this, is lost with it.
#[derive(Debug)]
pub struct Reader<'a> {
    consumer: &'a mut Consumer<Bytes>,
    message: Vec<u8>,
    /// How much of the message was read.
    at: usize,
}

impl io::BufRead for Reader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // A message without bytes is no end.
        while self.at == self.message.len() {
            self.at = 0;
            self.message.clear();
            match self.consumer.pop_wait_into(&mut self.message, None) {
                Ok(()) => {}
                Err(ReceiveError::Closed) => match self.consumer.reason() {
                    Some(reason) => return Err(io::Error::other(reason)),
                    None => break,
                },
                Err(other) => return Err(io::Error::other(other)),
            }
        }
        Ok(&self.message[self.at..])
    }

    fn consume(&mut self, n: usize) {
        self.at = (self.at + n).min(self.message.len());
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = io::BufRead::fill_buf(self)?.read(out)?;
        io::BufRead::consume(self, n);
        Ok(n)
    }
}
