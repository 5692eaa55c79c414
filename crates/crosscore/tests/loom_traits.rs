//! Loom on what stands on the ring and its waits: chunks, spare slices, pipes, streams and sinks. `npm run loom`.
//!
//! There is no ordering here that is not one of `loom.rs` or `loom_park.rs`. What these add: both chunks are published
//! at once, what the consumer changes in place is its own, and no wait is lost between a look by one method and a sleep
//! by another.

#![cfg(loom)]

use std::io::{BufRead, Read, Write};

use crosscore::{Consumer, HeapAllocator, Producer, Ring};
use loom::thread;

/// All interleavings with at most `LOOM_MAX_PREEMPTIONS` switches that no thread asked for, or three.
fn bounded(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.check(model);
}

fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    // One slot before the end of the buffer, so that two are in two chunks.
    Ring::starting_at(capacity, HeapAllocator, u64::MAX).unwrap()
}

// INV-ORD-1, INV-ORD-2, INV-MEM-2: two slots on both sides of the end, twice.
#[test]
fn chunks_cross_the_end() {
    bounded(|| {
        let (mut producer, mut consumer) = ring(2);
        let reader = thread::spawn(move || {
            for n in [10, 20] {
                consumer.wait_for_data(2, None).unwrap();
                let mut chunks = consumer.read_chunks_exact(2).unwrap();
                let (first, second) = chunks.as_mut_slices();
                assert_eq!((&*first, &*second), (&[n][..], &[n + 1][..]));
                first[0] = 0;
                second[0] = 0;
                chunks.release_all();
            }
            consumer
        });
        for n in [10, 20] {
            producer.wait_for_space(2, None).unwrap();
            let mut chunks = producer.reserve_chunks_exact(2).unwrap();
            assert_eq!(chunks.extend_from_slice(&[n, n + 1]), 2);
            assert_eq!(chunks.commit(), 2);
        }
        reader.join().unwrap();
    });
}

// INV-INIT-2, INV-SW-1: the mark that says that slots can be uninitialised goes with the producer.
#[test]
fn spare_slices_after_the_producer_has_moved() {
    bounded(|| {
        let (mut producer, mut consumer) = ring::<u8>(2);
        producer.reserve(1).unwrap().spare_slots();
        let writer = thread::spawn(move || {
            let mut reservation = producer.reserve(1).unwrap();
            assert_eq!(reservation.spare_slice(), [0]);
            reservation.advance(1);
            reservation.commit();
            producer
        });
        assert_eq!(consumer.pop_wait(None), Ok(0));
        writer.join().unwrap();
    });
}

// INV-PARK-1: a pipe of one byte; either side waits for the other, and the end of the writer ends the reader.
#[test]
fn a_pipe() {
    bounded(|| {
        let (mut producer, mut consumer) = ring(1);
        let reader = thread::spawn(move || {
            let mut out = [0];
            Read::read_exact(&mut consumer, &mut out).unwrap();
            assert_eq!(out, [1]);
            assert_eq!(consumer.fill_buf().unwrap(), [2]);
            consumer.consume(1);
            assert_eq!(consumer.fill_buf().unwrap(), [0; 0]);
        });
        producer.write_all(&[1, 2]).unwrap();
        drop(producer);
        reader.join().unwrap();
    });
}

// INV-PARK-1, INV-CLOSE-1
#[test]
fn an_iterator_that_waits() {
    bounded(|| {
        let (mut producer, consumer) = ring(1);
        let reader = thread::spawn(move || assert!(consumer.into_iter().eq([1, 2])));
        producer.push_wait(1, None).unwrap();
        producer.push_wait(2, None).unwrap();
        drop(producer);
        reader.join().unwrap();
    });
}

#[cfg(feature = "futures")]
mod futures_traits {
    use std::pin::Pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Wake, Waker};

    use futures_core::Stream;
    use futures_sink::Sink;

    use super::*;

    /// A doorbell that Loom knows.
    struct Bell(loom::sync::Notify);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.notify();
        }
    }

    /// Polls, and again each time that the waker has been woken.
    fn until_ready<R>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>) -> R {
        let bell = Arc::new(Bell(loom::sync::Notify::new()));
        let waker = Waker::from(Arc::clone(&bell));
        loop {
            match poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(found) => return found,
                Poll::Pending => bell.0.wait(),
            }
        }
    }

    // INV-PARK-1, INV-PARK-2: each is ready only by the other's doing.
    #[test]
    fn a_sink_and_a_stream() {
        bounded(|| {
            let (mut producer, mut consumer) = ring(1);
            let reader = thread::spawn(move || {
                for n in 1..3 {
                    let next = until_ready(|context| Pin::new(&mut consumer).poll_next(context));
                    assert_eq!(next, Some(n));
                }
                consumer
            });
            for n in 1..3 {
                until_ready(|context| Pin::new(&mut producer).poll_ready(context)).unwrap();
                Pin::new(&mut producer).start_send(n).unwrap();
            }
            reader.join().unwrap();
        });
    }

    // INV-PARK-1, INV-CLOSE-1
    #[test]
    fn the_end_of_a_stream() {
        bounded(|| {
            let (mut producer, mut consumer) = ring(1);
            let reader = thread::spawn(move || {
                for expected in [Some(1), None] {
                    let next = until_ready(|context| Pin::new(&mut consumer).poll_next(context));
                    assert_eq!(next, expected);
                }
            });
            Pin::new(&mut producer).start_send(1).unwrap();
            until_ready(|context| Pin::new(&mut producer).poll_close(context)).unwrap();
            reader.join().unwrap();
        });
    }
}
