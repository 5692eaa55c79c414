//! Rings in static storage. Without `alloc` these are the only ones.

#![cfg(not(loom))]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crosscore::{Consumer, Memory, Producer, StaticRing, StaticStorage};

fn send<T: Send>() {}
fn sync<T: Sync>() {}

// INV-SEND-1
#[test]
fn handles_are_send_for_elements_that_are_send() {
    type Local = std::cell::Cell<u8>;
    send::<Producer<Local, StaticStorage>>();
    send::<Consumer<Local, StaticStorage>>();
    sync::<StaticRing<Local, 8>>();
}

// INV-LIFE-2
#[test]
fn it_is_split_once_and_never_again() {
    static RING: StaticRing<u32, 4> = StaticRing::new();
    let (producer, consumer) = RING.split().unwrap();
    assert!(RING.split().is_none());
    drop((producer, consumer));
    assert!(RING.split().is_none());
}

// INV-LIFE-2: whoever of several threads comes first has both halves, and the others have none.
#[test]
fn one_of_many_threads_gets_it() {
    static RING: StaticRing<u32, 4> = StaticRing::new();
    let threads: Vec<_> = (0..8).map(|_| thread::spawn(|| RING.split())).collect();
    let mut got: Vec<_> = threads
        .into_iter()
        .filter_map(|thread| thread.join().unwrap())
        .collect();
    assert_eq!(got.len(), 1);
    let (mut producer, mut consumer) = got.remove(0);
    producer.push(1).unwrap();
    assert_eq!(consumer.pop(), Some(1));
}

// INV-ORD-1, INV-ORD-2: the same protocol, many times round.
#[test]
fn elements_pass_from_thread_to_thread_in_order() {
    static RING: StaticRing<Box<u64>, 8> = StaticRing::new();
    let count = if cfg!(miri) { 100 } else { 100_000 };
    let (mut producer, mut consumer) = RING.split().unwrap();
    let sender = thread::spawn(move || {
        for n in 0..count {
            let mut item = Box::new(n);
            while let Err(refused) = producer.push(item) {
                item = refused.into_inner();
                thread::yield_now();
            }
        }
    });
    let mut next = 0;
    while !consumer.is_done() {
        let taken = consumer.drain(usize::MAX, |n| {
            assert_eq!(*n, next);
            next += 1;
        });
        if taken == 0 {
            thread::yield_now();
        }
    }
    sender.join().unwrap();
    assert_eq!(next, count);
}

// INV-ALLOC-2, INV-ALLOC-4, INV-MEM-1, INV-MEM-2
#[test]
fn its_slots_are_zeroed_and_on_borders_of_their_own() {
    static BEFORE: StaticRing<u8, 2> = StaticRing::new();
    static RING: StaticRing<u8, 32> = StaticRing::new();
    let (mut producer, mut consumer) = RING.split().unwrap();
    let (other, _) = BEFORE.split().unwrap();
    assert_eq!(producer.ring().base().addr().get() % 128, 0);
    assert_eq!(other.ring().base().addr().get() % 128, 0);
    assert_eq!((producer.capacity(), producer.free_slots()), (32, 32));
    assert_eq!(producer.memory(), Memory::Static);
    assert_eq!(producer.reserve(32).unwrap().spare_slice(), [0; 32]);
    // As on the heap, what passes the end is in two parts.
    assert_eq!(producer.push_slice(&[1; 30]), 30);
    assert_eq!(consumer.skip(30), 30);
    assert_eq!(producer.push_slice(&[2, 3, 4, 5]), 4);
    let chunks = consumer.read_chunks(4).unwrap();
    assert_eq!(chunks.as_slices(), (&[2, 3][..], &[4, 5][..]));
}

// INV-LIFE-1: there is no last share; the ring stays.
#[test]
fn it_outlives_its_handles() {
    static RING: StaticRing<u16, 4> = StaticRing::new();
    let (mut producer, consumer) = RING.split().unwrap();
    producer.push(7).unwrap();
    let ring = producer.ring().clone();
    drop((producer, consumer));
    assert_eq!(ring.capacity(), 4);
    // SAFETY: INV-LIFE-1: both handles are gone, so nobody else touches the slots.
    assert_eq!(unsafe { ring.base().read() }, 7);
    #[cfg(feature = "alloc")]
    assert!(!ring.is_only());
}

// INV-DROP-1
#[test]
fn a_consumer_that_goes_drops_what_is_left() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
    }
    static RING: StaticRing<Counted, 4> = StaticRing::new();
    let (mut producer, consumer) = RING.split().unwrap();
    for _ in 0..3 {
        assert!(producer.push(Counted).is_ok());
    }
    drop(consumer);
    assert_eq!(DROPPED.load(Ordering::Relaxed), 3);
    assert!(producer.push(Counted).unwrap_err().is_closed());
    assert_eq!(DROPPED.load(Ordering::Relaxed), 4);
}

// INV-MEM-1
#[test]
fn elements_without_a_size_are_counted() {
    static RING: StaticRing<(), 4> = StaticRing::new();
    let (mut producer, mut consumer) = RING.split().unwrap();
    assert_eq!(
        [(); 5].map(|()| producer.push(()).is_ok()),
        [true, true, true, true, false]
    );
    assert_eq!(consumer.drain(usize::MAX, |()| ()), 4);
}

// INV-PARK-1
#[test]
#[cfg(feature = "std")]
fn a_thread_sleeps_on_it() {
    static RING: StaticRing<u32, 1> = StaticRing::new();
    let (mut producer, mut consumer) = RING.split().unwrap();
    let sender = thread::spawn(move || (0..100).all(|n| producer.push_wait(n, None).is_ok()));
    let received: Vec<_> = std::iter::from_fn(|| consumer.pop_wait(None).ok()).collect();
    assert!(sender.join().unwrap());
    assert_eq!(received, (0..100).collect::<Vec<_>>());
}
