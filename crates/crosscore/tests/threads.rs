//! Two real threads, every element checked, on rings so small that they are full or empty most of
//! the time.

#![cfg(all(feature = "alloc", not(loom)))]

mod ledger;
mod memories;

use std::thread;

use crosscore::{Consumer, Producer, Ring};
use ledger::{Element, Ledger};
use memories::Chosen;

const ELEMENTS: u64 = if cfg!(debug_assertions) {
    200_000
} else {
    500_000
};

/// As large as a page, so that the smallest mirrored ring has capacity 1 as well.
#[derive(Clone, Copy)]
struct Page([u64; 512]);

impl Page {
    fn new(n: u64) -> Self {
        Self([n; 512])
    }
    fn number(&self) -> u64 {
        // Both ends: a slot published before it was whole shows as a difference.
        assert_eq!(self.0[0], self.0[511]);
        self.0[0]
    }
}

/// Sizes of steps, different for each seed and the same in each run.
fn steps(mut seed: u64) -> impl Iterator<Item = usize> {
    std::iter::repeat_with(move || {
        // Knuth's MMIX generator; the high bits are the random ones.
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (seed >> 33) as usize
    })
}

/// Sends 0 to `count`, by each of the ways in turn.
fn send<T: Copy>(mut producer: Producer<T, Chosen>, count: u64, element: fn(u64) -> T) {
    let mut sent = 0;
    for step in steps(1) {
        let left = (count - sent) as usize;
        if left == 0 {
            return;
        }
        let n = (step % 7 + 1).min(left);
        let taken = match step / 7 % 3 {
            0 => usize::from(producer.push(element(sent)).is_ok()),
            1 => {
                let items: Vec<T> = (sent..).take(n).map(element).collect();
                producer.push_slice(&items)
            }
            _ => producer.reserve(n).map_or(0, |mut reservation| {
                // Every third one is given up, and must leave no trace.
                reservation.fill((sent..).map(element));
                if step % 3 == 0 {
                    0
                } else {
                    reservation.commit()
                }
            }),
        };
        sent += taken as u64;
        if taken == 0 {
            thread::yield_now();
        }
    }
}

/// Receives until the producer is gone, by each of the ways in turn; returns how many came.
fn receive<T: Copy>(mut consumer: Consumer<T, Chosen>, number: fn(&T) -> u64) -> u64 {
    let mut received = 0;
    let mut expect = |element: &T| {
        assert_eq!(number(element), received);
        received += 1;
    };
    for step in steps(2) {
        let n = step % 7 + 1;
        let taken = match step / 7 % 5 {
            0 => consumer.pop().inspect(&mut expect).map_or(0, |_| 1),
            1 => consumer.read(n).map_or(0, |mut elements| {
                let half = elements.len().div_ceil(2);
                elements[..half].iter().for_each(&mut expect);
                elements.release(half);
                half
            }),
            2 => consumer.drain(n, |element| expect(&element)),
            3 => consumer.drain_ref(n, &mut expect),
            _ => match consumer.peek().copied() {
                None => 0,
                Some(peeked) => {
                    let mut out = vec![peeked; n];
                    let taken = consumer.pop_slice(&mut out);
                    assert!(taken > 0);
                    assert_eq!(number(&out[0]), number(&peeked));
                    out[..taken].iter().for_each(&mut expect);
                    taken
                }
            },
        };
        if taken == 0 {
            if consumer.is_done() {
                break;
            }
            thread::yield_now();
        }
    }
    received
}

// INV-ORD-1, INV-ORD-2, INV-ORD-3, INV-CLOSE-1
#[test]
fn numbers_arrive_in_order_and_all_of_them() {
    for capacity in [1, 2, 4, 64] {
        for (producer, consumer) in memories::rings::<u64>(capacity) {
            let receiver = thread::spawn(move || receive(consumer, |&n| n));
            send(producer, ELEMENTS, |n| n);
            assert_eq!(receiver.join().unwrap(), ELEMENTS);
        }
    }
}

// INV-MEM-2: on mirrored memory with as few slots as on the heap.
#[test]
fn pages_arrive_whole() {
    let count = ELEMENTS / 20;
    for capacity in [1, 2, 4] {
        for (producer, consumer) in memories::rings::<Page>(capacity) {
            let receiver = thread::spawn(move || receive(consumer, Page::number));
            send(producer, count, Page::new);
            assert_eq!(receiver.join().unwrap(), count);
        }
    }
}

// INV-SEQ-1: the end of u64 is passed at full speed.
#[test]
fn numbers_arrive_over_the_end_of_the_cursors() {
    let start = u64::MAX - ELEMENTS / 2;
    let (producer, consumer) =
        Ring::starting_at(4, Box::new(crosscore::HeapAllocator) as Chosen, start).unwrap();
    let receiver = thread::spawn(move || receive(consumer, |&n| n));
    send(producer, ELEMENTS, |n| n);
    assert_eq!(receiver.join().unwrap(), ELEMENTS);
}

// INV-DROP-1: the producer goes first, with elements left, or the consumer does.
#[test]
fn elements_with_drop_glue_cross_and_are_dropped_once() {
    for leaves_after in [10, 1_000, usize::MAX] {
        for (mut producer, mut consumer) in memories::rings::<Element>(2) {
            let ledger = Ledger::default();
            let receiver = thread::spawn(move || {
                let mut received = 0;
                while !consumer.is_done() && received < leaves_after {
                    match consumer.pop() {
                        Some(element) => {
                            assert_eq!(element.number, received);
                            received += 1;
                        }
                        None => thread::yield_now(),
                    }
                }
            });
            let mut item = Some(ledger.element());
            for _ in 0..5_000 {
                let mut element = item.take().unwrap_or_else(|| ledger.element());
                while let Err(refused) = producer.push(element) {
                    if refused.is_closed() {
                        break;
                    }
                    element = refused.into_inner();
                    thread::yield_now();
                }
            }
            drop(producer);
            receiver.join().unwrap();
            ledger.assert_each_dropped_once();
        }
    }
}
