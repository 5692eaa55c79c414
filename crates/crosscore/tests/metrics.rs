//! What the counters say, exactly.

#![cfg(all(feature = "alloc", not(loom)))]

mod memories;

use crosscore::{Metrics, Ring};

/// `Metrics` in the order of its fields.
fn values(metrics: Metrics) -> [u64; 5] {
    [
        metrics.sent,
        metrics.received,
        metrics.full_encounters,
        metrics.empty_encounters,
        metrics.high_water_mark,
    ]
}

// INV-SW-1, INV-SW-2: each counter is its owner's, and both handles read the same numbers.
#[test]
fn counts_follow_what_was_done() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    assert_eq!(producer.metrics(), Metrics::default());

    assert_eq!(consumer.pop(), None);
    assert_eq!(values(consumer.metrics()), [0, 0, 0, 1, 0]);

    for n in 0..4 {
        producer.push(n).unwrap();
    }
    assert_eq!(values(producer.metrics()), [4, 0, 0, 1, 0]);

    // A refused push looks at the consumer's cursor, and so learns how full the ring is.
    producer.push(4).unwrap_err();
    producer.push(4).unwrap_err();
    assert_eq!(values(producer.metrics()), [4, 0, 2, 1, 4]);

    assert_eq!(consumer.drain(3, |_| ()), 3);
    assert_eq!(values(consumer.metrics()), [4, 3, 2, 1, 4]);
    assert_eq!(consumer.pop(), Some(3));
    assert_eq!(consumer.pop(), None);
    assert_eq!(values(consumer.metrics()), [4, 4, 2, 2, 4]);
    assert_eq!(consumer.metrics(), producer.metrics());
}

#[test]
fn a_closed_ring_counts_no_further() {
    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    producer.push(1).unwrap();
    producer.close();
    producer.push(2).unwrap_err();
    assert_eq!(values(producer.metrics()), [1, 0, 0, 0, 0]);
    consumer.close();
    // What close drops was received, in the sense that its slot was released.
    assert_eq!(values(consumer.metrics()), [1, 1, 0, 0, 1]);
    assert_eq!(consumer.pop(), None);
    assert_eq!(values(consumer.metrics()), [1, 1, 0, 0, 1]);
}

#[test]
fn counts_are_from_the_start_wherever_the_cursors_stand() {
    for allocator in memories::all() {
        let (mut producer, mut consumer) = Ring::starting_at(4, allocator, u64::MAX - 1).unwrap();
        for n in 0..4 {
            producer.push(n).unwrap();
        }
        assert_eq!(consumer.pop(), Some(0));
        let [sent, received, ..] = values(consumer.metrics());
        assert_eq!((sent, received), (4, 1));
    }
}

#[test]
fn a_request_for_more_than_there_is_counts_as_short() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    assert_eq!(producer.push_slice(&[1, 2, 3]), 3);
    assert_eq!(producer.reserve(2).unwrap().len(), 1);
    assert_eq!(producer.metrics().full_encounters, 1);
    assert_eq!(consumer.read(4).unwrap().len(), 3);
    assert_eq!(consumer.metrics().empty_encounters, 1);
    // Enough is known: nobody looks.
    assert_eq!(consumer.read(3).unwrap().len(), 3);
    assert_eq!(consumer.metrics().empty_encounters, 1);
}

#[test]
fn a_look_that_finds_just_enough_is_not_short() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    assert_eq!(producer.push_slice(&[1, 2, 3, 4]), 4);
    assert_eq!(consumer.read(4).unwrap().len(), 4);
    assert_eq!(consumer.drain(4, |_| ()), 4);
    assert_eq!(producer.reserve(4).unwrap().len(), 4);
    // Both had to look, and both found what they wanted.
    assert_eq!(values(producer.metrics()), [4, 4, 0, 0, 4]);
}

#[test]
#[cfg(feature = "std")]
fn questions_count_nothing() {
    let (mut producer, mut consumer) = Ring::with_capacity(2).unwrap();
    let moment = Some(std::time::Duration::from_millis(1));
    for _ in 0..3 {
        assert_eq!(consumer.available() + consumer.cached_available(), 0);
        assert_eq!(consumer.spin_for_data(3), 0);
        assert!(!consumer.is_done());
        consumer.wait_for_data(1, moment).unwrap_err();
    }
    assert_eq!(producer.push_slice(&[1, 2]), 2);
    for _ in 0..3 {
        assert_eq!(producer.free_slots() + producer.cached_free_slots(), 0);
        producer.wait_for_space(1, moment).unwrap_err();
    }
    assert_eq!(values(producer.metrics()), [2, 0, 0, 0, 2]);
}

#[test]
#[cfg(feature = "std")]
fn a_wait_counts_once_however_long_it_is() {
    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    let moment = Some(std::time::Duration::from_millis(2));
    consumer.pop_wait(moment).unwrap_err();
    producer.push_wait(1, moment).unwrap();
    producer.push_wait(2, moment).unwrap_err();
    producer.reserve_wait(1, moment).unwrap_err();
    assert_eq!(values(producer.metrics()), [1, 0, 2, 1, 1]);
}
