//! A ring of bytes as a pipe between threads.

#![cfg(all(not(loom), feature = "std"))]

mod memories;

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use crosscore::{Ring, WaitError};

fn bytes(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i / 7 + i) as u8).collect()
}

#[test]
fn what_is_written_is_read() {
    for (mut producer, mut consumer) in memories::rings(64) {
        let sent = bytes(if cfg!(miri) { 300 } else { 100_000 });
        let writer = thread::spawn({
            let sent = sent.clone();
            move || {
                producer.write_all(&sent).unwrap();
                producer.flush().unwrap();
            }
        });
        let mut received = Vec::new();
        assert_eq!(consumer.read_to_end(&mut received).unwrap(), sent.len());
        assert!(received == sent);
        writer.join().unwrap();
    }
}

#[test]
fn io_copy_from_ring_to_ring() {
    let (mut to_relay, mut from_writer) = Ring::with_capacity(16).unwrap();
    let (mut to_reader, mut from_relay) = Ring::with_capacity(8).unwrap();
    let relay = thread::spawn(move || io::copy(&mut from_writer, &mut to_reader).unwrap());
    let writer = thread::spawn(move || to_relay.write_all(&bytes(1_000)).unwrap());
    let mut received = Vec::new();
    from_relay.read_to_end(&mut received).unwrap();
    assert_eq!(received, bytes(1_000));
    assert_eq!(relay.join().unwrap(), 1_000);
    writer.join().unwrap();
}

#[test]
fn nothing_is_written_or_read_at_once_even_where_it_would_wait() {
    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    assert_eq!(Read::read(&mut consumer, &mut []).unwrap(), 0);
    producer.push(1).unwrap();
    assert_eq!(producer.write(&[]).unwrap(), 0);
    assert_eq!(producer.write_all(&[]).ok(), Some(()));
}

#[test]
fn a_pipe_without_a_reader_is_broken() {
    let (mut producer, consumer) = Ring::with_capacity(2).unwrap();
    assert_eq!(producer.write(&[1, 2, 3]).unwrap(), 2);
    let writer = thread::spawn(move || producer.write(&[3]));
    thread::sleep(Duration::from_millis(10));
    drop(consumer);
    let written = writer.join().unwrap();
    // The room that the drop makes can be seen before the mark.
    match written {
        Ok(n) => assert_eq!(n, 1),
        Err(error) => assert_eq!(error.kind(), ErrorKind::BrokenPipe),
    }
    let (mut producer, consumer) = Ring::with_capacity(2).unwrap();
    drop(consumer);
    let error = producer.write(&[1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    assert_eq!(error.to_string(), "the ring is closed");
}

#[test]
fn a_pipe_without_a_writer_ends_when_it_is_drained() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    producer.write_all(b"abc").unwrap();
    drop(producer);
    let mut out = [0; 2];
    assert_eq!(Read::read(&mut consumer, &mut out).unwrap(), 2);
    assert_eq!(Read::read(&mut consumer, &mut out).unwrap(), 1);
    assert_eq!(Read::read(&mut consumer, &mut out).unwrap(), 0);
    assert_eq!(consumer.fill_buf().unwrap(), b"");
}

#[test]
fn lines_go_across_the_end_of_the_buffer() {
    for (mut producer, consumer) in memories::rings_near_wrap(16, 3) {
        let writer = thread::spawn(move || {
            for n in 0..100 {
                writeln!(producer, "line {n}").unwrap();
            }
        });
        let lines: Vec<String> = consumer.lines().map(Result::unwrap).collect();
        assert!(
            lines
                .iter()
                .enumerate()
                .all(|(n, line)| *line == format!("line {n}"))
        );
        assert_eq!(lines.len(), 100);
        writer.join().unwrap();
    }
}

// INV-ALIAS-2: what is shown stays in the ring until it is consumed.
#[test]
fn what_is_shown_is_there_until_it_is_consumed() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    producer.write_all(b"abcd").unwrap();
    assert_eq!(consumer.fill_buf().unwrap(), b"abcd");
    consumer.consume(0);
    consumer.consume(3);
    assert_eq!(producer.free_slots(), 3);
    assert_eq!(consumer.fill_buf().unwrap(), b"d");
    assert_eq!(consumer.pop(), Some(b'd'));
}

#[test]
#[should_panic = "more consumed than there was"]
fn more_than_there_is_cannot_be_consumed() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    producer.push(1).unwrap();
    consumer.consume(2);
}

#[test]
fn waits_end_at_their_time() {
    let moment = Duration::from_millis(5);
    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    let begin = Instant::now();
    assert_eq!(consumer.pop_timeout(moment), Err(WaitError::TimedOut));
    assert_eq!(
        consumer.pop_deadline(begin + 2 * moment),
        Err(WaitError::TimedOut)
    );
    assert!(begin.elapsed() >= 2 * moment);
    assert_eq!(consumer.pop_deadline(begin), Err(WaitError::TimedOut));

    // There is room, so that it is too late does not matter.
    producer.push_deadline(1, begin).unwrap();
    let begin = Instant::now();
    let late = producer.push_deadline(2, begin + moment).unwrap_err();
    assert!(late.is_timed_out() && !late.is_closed());
    assert_eq!((late.reason(), late.into_inner()), (WaitError::TimedOut, 2));
    assert!(producer.push_timeout(3, moment).unwrap_err().is_timed_out());
    assert!(begin.elapsed() >= 2 * moment);
    assert_eq!(consumer.pop_timeout(Duration::ZERO), Ok(1));

    drop(consumer);
    assert!(producer.push_timeout(3, moment).unwrap_err().is_closed());
    let (producer, mut consumer) = Ring::<u8>::with_capacity(1).unwrap();
    drop(producer);
    assert_eq!(consumer.pop_timeout(moment), Err(WaitError::Closed));
    assert_eq!(
        io::Error::from(WaitError::TimedOut).kind(),
        ErrorKind::TimedOut
    );
}

#[test]
fn an_iterator_waits_for_each_and_ends_with_the_producer() {
    let (mut producer, consumer) = Ring::with_capacity(2).unwrap();
    let writer = thread::spawn(move || {
        for n in 0..200 {
            producer.push_wait(n, None).unwrap();
        }
    });
    let mut elements = consumer.into_iter();
    assert!(elements.by_ref().eq(0..200));
    assert_eq!(elements.next(), None);
    writer.join().unwrap();
}
