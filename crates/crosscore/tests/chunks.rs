//! Slots and elements in two chunks across the end of the buffer.

#![cfg(all(feature = "alloc", not(loom)))]

mod ledger;
mod memories;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crosscore::{Memory, Ring};
use ledger::Ledger;

/// The lengths of both chunks of `n` slots, `before_end` slots before the end of the buffer.
fn split(memory: Memory, before_end: usize, n: usize) -> (usize, usize) {
    match memory {
        Memory::Mirrored => (n, 0),
        _ => (n.min(before_end), n.saturating_sub(before_end)),
    }
}

// INV-MEM-2, INV-RES-1: both chunks are written and published, from the front and at once.
#[test]
fn what_is_written_into_both_chunks_is_read_in_both() {
    for before_end in 0..6 {
        for (mut producer, mut consumer) in memories::rings_near_wrap::<u32>(8, before_end) {
            let before_end = if before_end == 0 {
                producer.capacity()
            } else {
                before_end
            };
            let lengths = split(producer.memory(), before_end, 6);
            let mut chunks = producer.reserve_chunks_exact(6).unwrap();
            assert_eq!((chunks.len(), chunks.written()), (6, 0));
            let (first, second) = chunks.spare_slots();
            assert_eq!((first.len(), second.len()), lengths);
            chunks.push(0).unwrap();
            assert_eq!(chunks.extend_from_slice(&[1, 2]), 2);
            assert_eq!(chunks.fill(3..), 3);
            assert_eq!((chunks.push(9), chunks.written()), (Err(9), 6));
            assert_eq!(consumer.available(), 0);
            assert_eq!(chunks.commit(), 6);

            let mut chunks = consumer.read_chunks_exact(6).unwrap();
            let (first, second) = chunks.as_slices();
            assert_eq!((first.len(), second.len()), lengths);
            assert!(chunks.iter().copied().eq(0..6));
            let (first, second) = chunks.as_mut_slices();
            first.iter_mut().chain(second).for_each(|n| *n *= 10);
            chunks.release(1);
            assert_eq!((chunks.len(), chunks.is_empty()), (5, false));
            assert_eq!(format!("{chunks:?}"), "[10, 20, 30, 40, 50]");
            drop(chunks);
            assert!(consumer.pop_iter().eq([10, 20, 30, 40, 50]));
        }
    }
}

#[test]
fn exact_is_all_or_nothing_and_at_most_is_what_there_is() {
    for (mut producer, mut consumer) in memories::rings::<u8>(4) {
        let capacity = producer.capacity();
        assert!(producer.reserve_chunks(0).is_none());
        assert!(producer.reserve_chunks_exact(0).is_none());
        assert!(producer.reserve_chunks_exact(capacity + 1).is_none());
        assert!(producer.reserve_chunks_exact(usize::MAX).is_none());
        assert_eq!(producer.reserve_chunks(usize::MAX).unwrap().len(), capacity);
        producer.push(1).unwrap();
        assert!(producer.reserve_chunks_exact(capacity).is_none());
        assert_eq!(
            producer.reserve_chunks(capacity).unwrap().len(),
            capacity - 1
        );

        assert!(consumer.read_chunks(0).is_none());
        assert!(consumer.read_chunks_exact(0).is_none());
        assert!(consumer.read_chunks_exact(2).is_none());
        assert!(consumer.read_chunks_exact(usize::MAX).is_none());
        assert_eq!(consumer.read_chunks(usize::MAX).unwrap().len(), 1);
        consumer.read_chunks_exact(1).unwrap().release_all();
        assert!(consumer.read_chunks(1).is_none());

        drop(consumer);
        assert!(producer.reserve_chunks(1).is_none());
        assert!(producer.reserve_chunks_exact(1).is_none());
    }
}

// INV-RES-2: in both chunks.
#[test]
fn dropped_chunks_publish_nothing_and_drop_what_was_written() {
    for (mut producer, consumer) in memories::rings_near_wrap(4, 1) {
        let ledger = Ledger::default();
        let mut chunks = producer.reserve_chunks(3).unwrap();
        assert_eq!(chunks.fill(ledger.elements(3)), 3);
        drop(chunks);
        assert_eq!(consumer.available(), 0);
        ledger.assert_each_dropped_once();
    }
}

// INV-RES-1: an iterator that ends in the first chunk is not asked again for the second, though it could go on.
#[test]
fn an_iterator_that_ends_is_not_asked_again() {
    let (mut producer, consumer) = Ring::starting_at(4, crosscore::HeapAllocator, 2).unwrap();
    let mut asked = 0;
    let mut chunks = producer.reserve_chunks(4).unwrap();
    let items = std::iter::from_fn(|| {
        asked += 1;
        (asked != 2).then_some(asked)
    });
    assert_eq!(chunks.fill(items), 1);
    assert_eq!(chunks.commit(), 1);
    assert_eq!((asked, consumer.available()), (2, 1));
}

// INV-DROP-1, INV-DROP-2: on both sides of the end.
#[test]
fn a_destructor_that_panics_in_either_chunk_keeps_nobody_else() {
    for bomb in 0..4 {
        for (mut producer, mut consumer) in memories::rings_near_wrap(4, 2) {
            let ledger = Ledger::default();
            for element in ledger.elements(4) {
                producer.push(element).unwrap();
            }
            ledger.arm(bomb);
            let panics = catch_unwind(AssertUnwindSafe(|| consumer.skip(usize::MAX))).is_err();
            assert!(panics);
            assert_eq!(ledger.dropped(), [0, 1, 2, 3]);
            assert_eq!(producer.free_slots(), producer.capacity());
        }
    }
}

#[test]
fn more_than_was_shown_cannot_be_counted() {
    let (mut producer, _consumer) =
        Ring::<u8>::starting_at(4, crosscore::HeapAllocator, 3).unwrap();
    let mut chunks = producer.reserve_chunks(4).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| chunks.advance(1))).is_err());
    chunks.spare_slices();
    assert!(catch_unwind(AssertUnwindSafe(|| chunks.advance(5))).is_err());
    assert_eq!(chunks.written(), 0);
    chunks.advance(2);
    assert_eq!(chunks.commit(), 2);
}

#[test]
fn more_than_there_is_cannot_be_released() {
    let (mut producer, mut consumer) = Ring::with_capacity(4).unwrap();
    producer.push_slice(&[1, 2]);
    let mut chunks = consumer.read_chunks(4).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| chunks.release(3))).is_err());
    assert_eq!(chunks.len(), 2);
}

#[test]
fn elements_without_size_are_one_chunk() {
    let (mut producer, mut consumer) = Ring::<()>::with_capacity(4).unwrap();
    for _ in 0..3 {
        let mut chunks = producer.reserve_chunks_exact(3).unwrap();
        assert_eq!(chunks.fill(std::iter::repeat(())), 3);
        chunks.commit();
        let chunks = consumer.read_chunks(9).unwrap();
        assert_eq!(chunks.as_slices().0.len(), 3);
        chunks.release_all();
    }
}
