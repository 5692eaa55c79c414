//! One by one and by slices, on one thread.

#![cfg(all(feature = "alloc", not(loom)))]

mod memories;

use crosscore::{Consumer, Producer, PushError, Ring};

// INV-SEQ-1, INV-MEM-1, INV-INIT-1: what comes out is what went in, in order, lap after lap.
#[test]
fn elements_come_out_in_order_over_many_laps() {
    for (mut producer, mut consumer) in memories::rings::<u64>(4) {
        let capacity = producer.capacity() as u64;
        let (mut sent, mut received) = (0u64, 0u64);
        while received < 10 * capacity + 3 {
            // An uneven step, so that the laps begin at different slots.
            for _ in 0..capacity / 2 + 1 {
                if producer.push(sent).is_ok() {
                    sent += 1;
                }
            }
            for _ in 0..capacity / 4 + 1 {
                if let Some(n) = consumer.pop() {
                    assert_eq!(n, received);
                    received += 1;
                }
            }
            assert_eq!(consumer.available() as u64, sent - received);
            assert_eq!(producer.free_slots() as u64, capacity - (sent - received));
        }
    }
}

#[test]
fn a_full_ring_gives_the_item_back_and_takes_it_after_a_pop() {
    for (mut producer, mut consumer) in memories::rings::<Box<usize>>(2) {
        let capacity = producer.capacity();
        for n in 0..capacity {
            producer.push(Box::new(n)).unwrap();
        }
        for _ in 0..3 {
            let refused = producer.push(Box::new(999)).unwrap_err();
            assert!(refused.is_full() && !refused.is_closed());
            assert_eq!(*refused.into_inner(), 999);
        }
        assert_eq!(consumer.pop().as_deref(), Some(&0));
        producer.push(Box::new(capacity)).unwrap();
        assert_eq!(
            producer.push(Box::new(0)),
            Err(PushError::Full(Box::new(0)))
        );
        for n in 1..=capacity {
            assert_eq!(consumer.pop().as_deref(), Some(&n));
        }
        assert_eq!(consumer.pop(), None);
    }
}

// INV-SEQ-2: each push and pop moves its cursor by one, a refused one by nothing.
#[test]
fn a_ring_of_one_alternates() {
    let (mut producer, mut consumer) = Ring::with_capacity(1).unwrap();
    assert_eq!(producer.capacity(), 1);
    for n in 0..10u64 {
        assert_eq!((producer.position(), consumer.position()), (n, n));
        assert_eq!(consumer.pop(), None);
        producer.push(n).unwrap();
        assert_eq!(producer.push(99), Err(PushError::Full(99)));
        assert_eq!((producer.position(), consumer.position()), (n + 1, n));
        assert_eq!(consumer.pop(), Some(n));
    }
}

#[test]
fn peek_leaves_the_element_where_it_is() {
    for (mut producer, mut consumer) in memories::rings::<String>(2) {
        assert_eq!(consumer.peek(), None);
        producer.push("a".to_owned()).unwrap();
        producer.push("b".to_owned()).unwrap();
        // Looking, at it or at how many there are, goes on while it is looked at.
        let peeked = consumer.peek();
        assert_eq!(consumer.available(), 2);
        assert_eq!(consumer.peek(), peeked);
        assert_eq!(peeked.map(String::as_str), Some("a"));
        assert_eq!(consumer.pop().as_deref(), Some("a"));
        assert_eq!(consumer.peek().map(String::as_str), Some("b"));
    }
}

// INV-SEQ-3: what a side knows without asking is never more than there is.
#[test]
fn what_is_known_is_at_most_what_there_is() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    for n in 0..4 {
        producer.push(n).unwrap();
        assert_eq!(consumer.cached_available(), 0);
        assert_eq!(producer.cached_free_slots(), 3 - n);
    }
    assert_eq!(consumer.available(), 4);
    assert_eq!(consumer.cached_available(), 4);
    assert_eq!(consumer.pop(), Some(0));
    assert_eq!(consumer.cached_available(), 3);
    assert_eq!(producer.cached_free_slots(), 0);
    assert_eq!(producer.free_slots(), 1);
    assert_eq!(producer.cached_free_slots(), 1);
}

// INV-SEQ-4: where a side believes to be is what it has published, whatever moved its cursor.
#[test]
fn positions_are_what_has_been_published() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    let agree = |producer: &Producer<u32>, consumer: &Consumer<u32>, sent, received| {
        assert_eq!((producer.position(), consumer.position()), (sent, received));
        assert_eq!(
            (producer.metrics().sent, producer.metrics().received),
            (sent, received)
        );
    };
    producer.push(1).unwrap();
    agree(&producer, &consumer, 1, 0);
    producer.push_slice(&[2, 3]);
    assert_eq!(consumer.pop(), Some(1));
    agree(&producer, &consumer, 3, 1);
    let mut reservation = producer.reserve(2).unwrap();
    reservation.push(4).unwrap();
    reservation.commit();
    consumer.read(2).unwrap().release(2);
    agree(&producer, &consumer, 4, 3);
    producer.reserve(1).unwrap().push(5).unwrap();
    assert_eq!(consumer.drain(9, drop), 1);
    agree(&producer, &consumer, 4, 4);
    assert_eq!(
        (
            producer.push_slice(&[5; 9]),
            consumer.pop_slice(&mut [0; 9])
        ),
        (4, 4)
    );
    agree(&producer, &consumer, 8, 8);
}

// INV-MEM-2: a slice that passes the end of the buffer is copied in as many parts as it takes.
#[test]
fn slices_pass_the_end_of_the_buffer() {
    for before_end in 0..8 {
        for (mut producer, mut consumer) in memories::rings_near_wrap::<u32>(8, before_end) {
            let capacity = producer.capacity();
            let items: Vec<u32> = (0..capacity as u32 + 5).collect();
            assert_eq!(producer.push_slice(&items), capacity);
            assert_eq!(producer.push_slice(&items), 0);
            assert_eq!(producer.push_slice(&[]), 0);

            let mut out = vec![u32::MAX; capacity + 5];
            assert_eq!(consumer.pop_slice(&mut []), 0);
            assert_eq!(consumer.pop_slice(&mut out[..3]), 3);
            assert_eq!(out[..4], [0, 1, 2, u32::MAX]);
            assert_eq!(producer.push_slice(&items[..2]), 2);
            assert_eq!(consumer.pop_slice(&mut out), capacity - 1);
            let expected: Vec<u32> = (3..capacity as u32).chain(0..2).collect();
            assert_eq!(out[..capacity - 1], expected);
            assert_eq!(out[capacity], u32::MAX);
            assert_eq!(consumer.pop_slice(&mut out), 0);
        }
    }
}

#[test]
fn slices_and_single_elements_mix() {
    for (mut producer, mut consumer) in memories::rings_near_wrap::<u16>(8, 3) {
        producer.push(1).unwrap();
        assert_eq!(producer.push_slice(&[2, 3, 4]), 3);
        producer.push(5).unwrap();
        let mut out = [0; 2];
        assert_eq!(consumer.pop(), Some(1));
        assert_eq!(consumer.pop_slice(&mut out), 2);
        assert_eq!(out, [2, 3]);
        assert_eq!(consumer.pop(), Some(4));
        assert_eq!(consumer.pop_slice(&mut out), 1);
        assert_eq!(out, [5, 3]);
    }
}

// The raw pair, as the Node addon uses it: slots written and read through the base pointer.
#[test]
fn raw_publication_and_release_move_the_cursors_by_n() {
    for (mut producer, mut consumer) in memories::rings_near_wrap::<u64>(8, 3) {
        let capacity = producer.capacity();
        for lap in 0..4u64 {
            let free = producer.free_slots();
            assert_eq!(free, capacity);
            for i in 0..free as u64 {
                let index = producer.position().wrapping_add(i) as usize % capacity;
                // SAFETY: INV-MEM-1: in the buffer; INV-SEQ-1: free, so the producer's.
                unsafe { producer.ring().base().add(index).write(lap * 1000 + i) };
            }
            // SAFETY: INV-INIT-1: all of them were just written.
            unsafe { producer.publish_raw(free) };
            assert_eq!(consumer.available(), capacity);
            for i in 0..capacity as u64 {
                let index = consumer.position() as usize % capacity;
                // SAFETY: INV-INIT-1: the element is available.
                let n = unsafe { consumer.ring().base().add(index).read() };
                assert_eq!(n, lap * 1000 + i);
                // SAFETY: INV-DROP-1: it was read, and needs no drop.
                unsafe { consumer.release_raw(1) };
            }
        }
    }
}

#[test]
fn errors_say_what_happened_without_asking_for_debug() {
    struct Opaque;
    let full = PushError::Full(Opaque);
    let closed = PushError::Closed(Opaque);
    assert_eq!(format!("{full} {full:?}"), "the ring is full Full(..)");
    assert_eq!(
        format!("{closed} {closed:?}"),
        "the ring is closed Closed(..)"
    );
}

// INV-SEQ-1, INV-ALIAS-1: what a guard shows is the consumer's, what is written is the producer's: they are
// disjoint, wherever the buffer ends.
#[test]
fn a_ring_is_copied_into_itself() {
    for (mut producer, mut consumer) in memories::rings::<u64>(16) {
        let mut model: std::collections::VecDeque<u64> = (0..7).collect();
        assert_eq!(producer.push_slice(model.make_contiguous()), 7);
        // Seven go round, so that the end of the buffer comes at every place.
        for lap in 0..2 * producer.capacity() {
            let shown = consumer.read(5).unwrap();
            let before = shown.to_vec();
            let (by_slice, in_place) = shown.split_at(shown.len() / 2);
            assert_eq!(producer.push_slice(by_slice), by_slice.len());
            let mut left = in_place;
            while !left.is_empty() {
                let mut reservation = producer.reserve(left.len()).unwrap();
                left = &left[reservation.extend_from_slice(left)..];
                reservation.commit();
            }
            assert_eq!(*shown, before[..], "lap {lap}");
            model.drain(..before.len());
            model.extend(before);
            shown.release_all();
        }
        let mut left = [0; 7];
        assert_eq!(consumer.pop_slice(&mut left), 7);
        assert_eq!(model, left);
        assert!(consumer.pop().is_none());
    }
}
