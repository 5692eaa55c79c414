//! `Stream`, `Sink`, tokio's byte streams, and what a future that is dropped leaves behind.

#![cfg(all(feature = "alloc", feature = "futures", not(loom)))]

mod counting;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use counting::counting;
use crosscore::{Consumer, Producer, Ring, WaitError};
use futures::executor::block_on;
use futures::stream::FusedStream;
use futures::{SinkExt, StreamExt};

fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    Ring::with_capacity(capacity).unwrap()
}

// INV-PARK-1
#[test]
fn a_sink_feeds_a_stream_on_another_thread() {
    for capacity in [1, 2, 64] {
        let (mut producer, consumer) = ring(capacity);
        let sender = thread::spawn(move || {
            let mut numbers = futures::stream::iter((0..2_000).map(Ok));
            block_on(producer.send_all(&mut numbers)).unwrap();
        });
        let received: Vec<u32> = block_on(consumer.collect());
        assert!(received.into_iter().eq(0..2_000));
        sender.join().unwrap();
    }
}

#[test]
fn a_stream_is_terminated_when_everything_was_read() {
    let (mut producer, mut consumer) = ring(4);
    producer.push_slice(&[1, 2]);
    drop(producer);
    assert!(!consumer.is_terminated());
    assert_eq!(block_on(consumer.next()), Some(1));
    assert_eq!(futures::Stream::size_hint(&consumer), (1, None));
    assert_eq!(block_on(consumer.next()), Some(2));
    assert!(consumer.is_terminated());
    assert_eq!(block_on(consumer.next()), None);
}

#[test]
fn a_sink_that_is_closed_refuses() {
    let (mut producer, mut consumer) = ring(2);
    block_on(producer.send(1)).unwrap();
    block_on(SinkExt::close(&mut producer)).unwrap();
    assert_eq!(block_on(producer.send(2)), Err(WaitError::Closed));
    assert_eq!((consumer.pop(), consumer.is_done()), (Some(1), true));

    let (mut producer, consumer) = ring(2);
    block_on(producer.flush()).unwrap();
    drop(consumer);
    assert_eq!(block_on(producer.send(2)), Err(WaitError::Closed));
    let sent = futures::Sink::start_send(Pin::new(&mut producer), 3);
    assert_eq!(sent, Err(WaitError::Closed));
}

#[test]
#[should_panic = "start_send without poll_ready"]
fn a_sink_that_was_not_asked_and_is_full_panics() {
    let (mut producer, _consumer) = ring(1);
    producer.push(1).unwrap();
    let _ = futures::Sink::start_send(Pin::new(&mut producer), 2);
}

// INV-PARK-2: what a future of an element leaves behind when it is dropped is a waker, and no hole.
#[test]
fn a_pop_that_is_dropped_has_taken_nothing() {
    let (mut producer, mut consumer) = ring(2);
    let (count, waker) = counting();
    assert!(poll(pin!(consumer.pop_async()), &waker).is_pending());
    assert!(poll(pin!(consumer.next()), &waker).is_pending());
    assert!(poll(pin!(consumer.data(2)), &waker).is_pending());
    producer.push(1).unwrap();
    producer.push(2).unwrap();
    // The last one's waker was left; it is woken once, for nothing.
    assert_eq!(count.get(), 1);
    // Never polled, and dropped when it could have been ready.
    drop(consumer.pop_async());
    drop(consumer.next());
    assert_eq!(block_on(consumer.pop_async()), Some(1));
    assert_eq!(block_on(consumer.next()), Some(2));
    drop(waker);
    assert_eq!(Arc::strong_count(&count), 1);
}

// INV-PARK-2: the element of a push that is dropped goes with it, whole, and is not sent.
#[test]
fn a_push_that_is_dropped_has_sent_nothing_and_drops_its_element() {
    let (mut producer, mut consumer) = ring(1);
    let element = Arc::new(1);
    block_on(producer.push_async(Arc::clone(&element))).unwrap();
    let (_count, waker) = counting();
    {
        let mut push = pin!(producer.push_async(Arc::clone(&element)));
        assert!(poll(push.as_mut(), &waker).is_pending());
        assert_eq!(Arc::strong_count(&element), 3);
        // There is room now, and the push does not come to see it.
        drop(consumer.pop());
    }
    assert_eq!(Arc::strong_count(&element), 1);
    assert!(consumer.is_empty());
    // To keep the element: wait for the room, then push, which does not wait.
    assert_eq!(poll(pin!(producer.space(1)), &waker), Poll::Ready(Ok(1)));
    producer.push(element).unwrap();
    // A send that waits in the sink has not sent either.
    let late = Arc::new(2);
    assert!(poll(pin!(producer.send(Arc::clone(&late))), &waker).is_pending());
    assert_eq!(Arc::strong_count(&late), 1);
    assert_eq!(consumer.pop_iter().count(), 1);
}

#[cfg(feature = "tokio")]
mod tokio_streams {
    use std::io::ErrorKind;

    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn bytes(n: usize) -> Vec<u8> {
        (0..n).map(|i| (i / 7 + i) as u8).collect()
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
    }

    // INV-PARK-1
    #[test]
    fn what_is_written_is_read() {
        for capacity in [1, 16, 4096] {
            let (mut producer, mut consumer) = ring(capacity);
            let writer = thread::spawn(move || {
                runtime().block_on(async {
                    producer.write_all(&bytes(5_000)).await.unwrap();
                    AsyncWriteExt::flush(&mut producer).await.unwrap();
                    producer.shutdown().await.unwrap();
                    producer
                })
            });
            let mut received = Vec::new();
            runtime()
                .block_on(consumer.read_to_end(&mut received))
                .unwrap();
            assert!(received == bytes(5_000));
            assert!(writer.join().unwrap().is_closed());
        }
    }

    #[test]
    fn lines_are_read_from_the_ring_itself() {
        let (mut producer, consumer) = ring(16);
        runtime().block_on(async {
            let write = async move {
                for n in 0..50 {
                    producer
                        .write_all(format!("line {n}\n").as_bytes())
                        .await
                        .unwrap();
                }
            };
            let read = async move {
                let mut lines = consumer.lines();
                let mut n = 0;
                while let Some(line) = lines.next_line().await.unwrap() {
                    assert_eq!(line, format!("line {n}"));
                    n += 1;
                }
                n
            };
            assert_eq!(tokio::join!(write, read).1, 50);
        });
    }

    #[test]
    fn ends_and_errors_are_those_of_a_pipe() {
        let (mut producer, consumer) = ring(2);
        runtime().block_on(async {
            assert_eq!(producer.write(&[]).await.unwrap(), 0);
            assert_eq!(producer.write(&[1, 2, 3]).await.unwrap(), 2);
            drop(consumer);
            let error = producer.write(&[3]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        });
        let (producer, mut consumer) = ring(2);
        runtime().block_on(async {
            let mut nothing = [];
            assert_eq!(
                AsyncReadExt::read(&mut consumer, &mut nothing)
                    .await
                    .unwrap(),
                0
            );
            drop(producer);
            let mut out = [0];
            assert_eq!(
                AsyncReadExt::read(&mut consumer, &mut out).await.unwrap(),
                0
            );
            assert_eq!(AsyncBufReadExt::fill_buf(&mut consumer).await.unwrap(), b"");
        });
    }

    // INV-PARK-2: as `a_pop_that_is_dropped_has_taken_nothing`, of bytes.
    #[test]
    fn reads_and_writes_that_are_dropped_have_moved_nothing() {
        let (mut producer, mut consumer) = ring(2);
        let (_count, waker) = counting();
        let mut out = [0; 2];
        assert!(poll(pin!(AsyncReadExt::read(&mut consumer, &mut out)), &waker).is_pending());
        producer.push_slice(&[1, 2]);
        assert!(poll(pin!(producer.write(&[3])), &waker).is_pending());
        assert_eq!(consumer.pop_slice(&mut out), 2);
        assert_eq!(out, [1, 2]);
        assert!(consumer.is_empty());
    }
}
