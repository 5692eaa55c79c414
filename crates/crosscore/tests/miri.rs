//! Two threads that overlap, and so few elements that Miri plays it with many seeds: 24 through 8
//! slots, so that the ring is full, empty and wrapped on the way. Each seed is another schedule and
//! another choice of what a weak load may see.
//!
//! Loom explores every schedule of smaller programs and knows nothing of references. Miri knows, by
//! Stacked or by Tree Borrows, whether each one was still allowed to be used, whether a slot was
//! initialised, and whether two accesses race. An ordinary run of these is quick and shows little.

#![cfg(all(feature = "alloc", not(loom)))]

mod ledger;

use std::thread;

use crosscore::{Consumer, HeapAllocator, Producer, Ring};
use ledger::{Element, Ledger};

const ELEMENTS: usize = 24;
const SLOTS: usize = 8;

/// Runs both sides at once and returns what the second one did.
fn both<T: Send + 'static, R: Send + 'static>(
    send: impl FnOnce(Producer<T, HeapAllocator>) + Send + 'static,
    receive: impl FnOnce(Consumer<T, HeapAllocator>) -> R + Send + 'static,
) -> R {
    // The cursors pass the end of u64 on the way.
    let (producer, consumer) = Ring::starting_at(SLOTS, HeapAllocator, u64::MAX - 10).unwrap();
    let sender = thread::spawn(move || send(producer));
    let receiver = thread::spawn(move || receive(consumer));
    sender.join().unwrap();
    receiver.join().unwrap()
}

/// Calls `take` until the ring is done; it says how many it took.
fn until_done<T>(
    mut consumer: Consumer<T, HeapAllocator>,
    mut take: impl FnMut(&mut Consumer<T, HeapAllocator>) -> usize,
) {
    while !consumer.is_done() {
        if take(&mut consumer) == 0 {
            thread::yield_now();
        }
    }
}

/// A producer has found no room.
fn again<T>(producer: &Producer<T, HeapAllocator>) {
    assert!(!producer.is_closed(), "the consumer has failed");
    thread::yield_now();
}

fn push_all<T>(producer: &mut Producer<T, HeapAllocator>, items: impl IntoIterator<Item = T>) {
    for mut item in items {
        while let Err(refused) = producer.push(item) {
            item = refused.into_inner();
            again(producer);
        }
    }
}

// INV-INIT-1, INV-ORD-1, INV-ORD-2: memory that an element owns is handed over with it.
#[test]
fn elements_that_own_memory_are_pushed_and_popped() {
    let received = both(
        |mut producer| push_all(&mut producer, (0..ELEMENTS).map(|n| Box::new([n; 3]))),
        |consumer| {
            let mut received = Vec::new();
            until_done(consumer, |consumer| {
                let peeked = consumer.peek().map(|item| item[2]);
                let item = consumer.pop();
                received.extend(item.as_ref().map(|item| item[0]));
                assert!(peeked.is_none() || peeked == item.as_ref().map(|item| item[0]));
                usize::from(item.is_some())
            });
            received
        },
    );
    assert!(received.into_iter().eq(0..ELEMENTS));
}

// INV-ALIAS-1, INV-ALIAS-2: a reservation and a guard are open at the same time, over slots of their own.
#[test]
fn slots_are_written_and_read_in_place() {
    let received = both(
        |mut producer| {
            let mut sent = 0;
            while sent < ELEMENTS {
                let Some(mut reservation) = producer.reserve(3.min(ELEMENTS - sent)) else {
                    again(&producer);
                    continue;
                };
                let slots = reservation.spare_slots();
                for (i, slot) in slots.iter_mut().enumerate() {
                    slot.write((sent + i) as u64);
                    thread::yield_now();
                }
                let written = slots.len();
                // SAFETY: INV-RES-1: all of the spare slots were just written.
                unsafe { reservation.assume_written(written) };
                sent += reservation.commit();
            }
        },
        |consumer| {
            let mut received = Vec::new();
            until_done(consumer, |consumer| {
                let Some(mut elements) = consumer.read(5) else {
                    return 0;
                };
                let half = elements.len().div_ceil(2);
                for element in &elements[..half] {
                    received.push(*element);
                    thread::yield_now();
                }
                elements.release(half);
                half
            });
            received
        },
    );
    assert!(received.into_iter().eq(0..ELEMENTS as u64));
}

// INV-ALIAS-1, INV-ALIAS-2, INV-INIT-2: both chunks of both sides are open at the same time, as plain memory, and the
// consumer writes too.
#[test]
fn chunks_are_changed_in_place_by_both_sides() {
    let received = both(
        |mut producer| {
            let mut sent = 0;
            while sent < ELEMENTS {
                let Some(mut chunks) = producer.reserve_chunks(5.min(ELEMENTS - sent)) else {
                    again(&producer);
                    continue;
                };
                let (first, second) = chunks.spare_slices();
                for (i, slot) in first.iter_mut().chain(second).enumerate() {
                    *slot = (sent + i) as u64;
                    thread::yield_now();
                }
                chunks.advance(chunks.len());
                sent += chunks.commit();
            }
        },
        |consumer| {
            let mut received = Vec::new();
            until_done(consumer, |consumer| {
                let peeked = consumer.peek_mut().map(|oldest| *oldest += 100);
                let Some(mut chunks) = consumer.read_chunks(3) else {
                    return 0;
                };
                let (first, second) = chunks.as_mut_slices();
                for element in first.iter_mut().chain(second) {
                    *element += 1;
                    thread::yield_now();
                }
                let taken = chunks.len();
                received.extend(chunks.iter().copied());
                chunks.release(taken);
                // The oldest was changed twice, unless it came between the two looks.
                if peeked.is_some() {
                    let run = received.len() - taken;
                    received[run] -= 100;
                }
                taken
            });
            received
        },
    );
    assert!(received.into_iter().eq(1..=ELEMENTS as u64));
}

// INV-INIT-2: the producer makes slots uninitialised and asks for them as plain memory.
#[test]
fn slots_that_were_left_uninitialised_are_shown() {
    let received = both(
        |mut producer| {
            let mut sent = 0;
            while sent < ELEMENTS {
                if let Some(mut reservation) = producer.reserve(2) {
                    reservation
                        .spare_slots()
                        .fill(std::mem::MaybeUninit::uninit());
                }
                let Some(mut reservation) = producer.reserve(2.min(ELEMENTS - sent)) else {
                    again(&producer);
                    continue;
                };
                assert!(reservation.spare_slice().iter().all(|&n: &u32| n == 0));
                reservation.advance(1);
                sent += reservation.commit();
            }
        },
        |consumer| {
            let mut received = Vec::new();
            until_done(consumer, |consumer| {
                let mut elements = consumer.read(4);
                let Some(elements) = elements.as_deref_mut() else {
                    return 0;
                };
                elements.iter_mut().for_each(|n| *n += 1);
                received.extend_from_slice(elements);
                let taken = elements.len();
                consumer.skip(taken)
            });
            received
        },
    );
    assert_eq!(received, [1; ELEMENTS]);
}

// INV-MEM-2, INV-ALIAS-1: two runs each, before the end of the buffer and after it.
#[test]
fn slices_are_copied_in_and_out() {
    let received = both(
        |mut producer| {
            let items: Vec<u16> = (0..ELEMENTS as u16).collect();
            let mut sent = 0;
            while sent < ELEMENTS {
                sent += producer.push_slice(&items[sent..ELEMENTS.min(sent + 5)]);
                again(&producer);
            }
        },
        |consumer| {
            let mut received = Vec::new();
            until_done(consumer, |consumer| {
                let mut out = [0; 3];
                let taken = consumer.pop_slice(&mut out);
                received.extend_from_slice(&out[..taken]);
                taken
            });
            received
        },
    );
    assert!(received.into_iter().eq(0..ELEMENTS as u16));
}

// INV-DROP-1, INV-DROP-2: by value, in place, and what is left when the consumer goes first.
#[test]
fn drains_drop_each_element_once() {
    for leaves_after in [10, usize::MAX] {
        let ledger = Ledger::default();
        let items: Vec<Element> = ledger.elements(ELEMENTS).collect();
        both(
            |mut producer| {
                for mut item in items {
                    while let Err(refused) = producer.push(item) {
                        if refused.is_closed() {
                            return;
                        }
                        item = refused.into_inner();
                        thread::yield_now();
                    }
                }
            },
            move |mut consumer| {
                let mut received = 0;
                while received < leaves_after && !consumer.is_done() {
                    let before = received;
                    consumer.drain(2, |element| {
                        assert_eq!(element.number, received);
                        received += 1;
                    });
                    consumer.drain_ref(3, |element| {
                        assert_eq!(element.number, received);
                        received += 1;
                    });
                    if received == before {
                        thread::yield_now();
                    }
                }
            },
        );
        ledger.assert_each_dropped_once();
    }
}

// INV-SW-1, INV-SW-2: through the base pointer, as a foreign language does it.
#[test]
fn raw_slots_are_written_and_read() {
    let received = both(
        |mut producer| {
            let mut sent = 0;
            while sent < ELEMENTS {
                if producer.free_slots() == 0 {
                    again(&producer);
                    continue;
                }
                let index = producer.position() as usize % SLOTS;
                // SAFETY: INV-SEQ-1: the slot is free; INV-INIT-1: it is written, then published.
                unsafe {
                    producer.ring().base().add(index).write(sent as u32);
                    producer.publish_raw(1);
                }
                sent += 1;
            }
        },
        |consumer| {
            let mut received = Vec::new();
            until_done(consumer, |consumer| {
                if consumer.available() == 0 {
                    return 0;
                }
                let index = consumer.position() as usize % SLOTS;
                // SAFETY: INV-INIT-1: it is available; INV-DROP-1: it needs no drop.
                unsafe {
                    received.push(consumer.ring().base().add(index).read());
                    consumer.release_raw(1);
                }
                1
            });
            received
        },
    );
    assert!(received.into_iter().eq(0..ELEMENTS as u32));
}

// INV-PARK-1, INV-PARK-2: either side sleeps and is woken.
#[test]
#[cfg(feature = "std")]
fn both_sides_wait() {
    let received = both(
        |mut producer| {
            for n in 0..ELEMENTS {
                producer.push_wait(Box::new(n), None).unwrap();
            }
        },
        |mut consumer| {
            let mut received = Vec::new();
            while let Ok(item) = consumer.pop_wait(None) {
                received.push(*item);
            }
            received
        },
    );
    assert!(received.into_iter().eq(0..ELEMENTS));
}
