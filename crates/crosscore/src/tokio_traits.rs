//! A ring of bytes as a pipe between tasks: tokio's traits. Feature `tokio`.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

use crate::alloc::BufferAllocator;
use crate::consumer::Consumer;
use crate::producer::Producer;

/// Writes as into a pipe: waits while the ring is full, and fails with [`BrokenPipe`](io::ErrorKind::BrokenPipe) when
/// it is closed. Every write is published when it is ready; shutting it down closes the producer.
///
/// A write that is cancelled has written nothing, or was ready.
///
/// ```
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(16)?;
/// let writing = async move { producer.write_all(b"more than fits into the ring").await };
/// let mut text = String::new();
/// let (written, read) = tokio::join!(writing, consumer.read_to_string(&mut text));
/// written?;
/// assert_eq!((read?, &*text), (28, "more than fits into the ring"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<A: BufferAllocator> AsyncWrite for Producer<u8, A> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let producer = self.get_mut();
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            match producer.push_slice(bytes) {
                0 => ready!(producer.poll_space(context, 1))?,
                n => return Poll::Ready(Ok(n)),
            };
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().close();
        Poll::Ready(Ok(()))
    }
}

/// Reads as from a pipe: waits while the ring is empty, and ends when it is closed and drained. A read that is
/// cancelled has taken nothing.
impl<A: BufferAllocator> AsyncRead for Consumer<u8, A> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let consumer = self.get_mut();
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            if let Some(bytes) = consumer.read_chunks(out.remaining()) {
                let (first, second) = bytes.as_slices();
                out.put_slice(first);
                out.put_slice(second);
                bytes.release_all();
                return Poll::Ready(Ok(()));
            }
            if ready!(consumer.poll_data(context, 1)).is_err() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// The ring is the buffer. `consume` panics when told more than there is.
impl<A: BufferAllocator> AsyncBufRead for Consumer<u8, A> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let consumer = self.get_mut();
        if consumer.is_empty() && ready!(consumer.poll_data(context, 1)).is_err() {
            return Poll::Ready(Ok(&[]));
        }
        // What is known, without a look for more.
        let known = consumer.cached_available();
        Poll::Ready(Ok(consumer
            .read(known)
            .map_or(&[], |bytes| bytes.into_slice())))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        io::BufRead::consume(self.get_mut(), amount);
    }
}
