//! Cursors that pass 2³², `u64::MAX / 2` and the end of `u64`.

#![cfg(all(feature = "alloc", not(loom)))]

mod ledger;
mod memories;

use crosscore::Ring;

/// Far enough before each border that the ring below passes it in the middle of its work.
fn starts() -> impl Iterator<Item = u64> {
    [0, 1 << 31, 1 << 32, 1 << 53, u64::MAX / 2 + 1]
        .into_iter()
        .flat_map(|border: u64| [0, 1, 2, 3, 5, 7].map(|before| border.wrapping_sub(before)))
}

// INV-SEQ-1, INV-SEQ-2: the arithmetic wraps, and nothing else changes with the position.
#[test]
fn behaviour_does_not_depend_on_where_the_cursors_stand() {
    for start in starts() {
        for capacity in [1, 2, 8] {
            for allocator in memories::all() {
                let (mut producer, mut consumer) =
                    Ring::<u32, _>::starting_at(capacity, allocator, start).unwrap();
                let capacity = producer.capacity();
                assert_eq!((producer.position(), consumer.position()), (start, start));
                let (mut sent, mut received) = (0, 0);
                for round in 0..if cfg!(miri) { 8 } else { 40 } {
                    while producer.push(sent).is_ok() {
                        sent += 1;
                    }
                    assert_eq!((producer.free_slots(), consumer.available()), (0, capacity));
                    // The private copies wrap as well: INV-SEQ-3.
                    assert_eq!(consumer.cached_available(), capacity);
                    assert_eq!(producer.cached_free_slots(), 0);
                    if let Some(n) = consumer.pop() {
                        assert_eq!(n, received);
                        received += 1;
                    }
                    assert_eq!(
                        (producer.free_slots(), consumer.available()),
                        (1, capacity - 1)
                    );
                    let mut reservation = producer.reserve(2).unwrap();
                    assert_eq!(reservation.len(), 1);
                    reservation.push(sent).unwrap();
                    sent += reservation.commit() as u32;

                    let elements = consumer.read(round % 3 + 1).unwrap();
                    for &n in elements.iter() {
                        assert_eq!(n, received);
                        received += 1;
                    }
                    elements.release_all();
                    consumer.drain(usize::MAX, |n| {
                        assert_eq!(n, received);
                        received += 1;
                    });
                    let mut block = [0; 8];
                    for slot in &mut block {
                        *slot = sent;
                        sent += 1;
                    }
                    let taken = producer.push_slice(&block) as u32;
                    sent -= 8 - taken;
                    let popped = consumer.pop_slice(&mut block);
                    for &n in &block[..popped] {
                        assert_eq!(n, received);
                        received += 1;
                    }
                }
                assert_eq!(sent - received, consumer.available() as u32);
                let metrics = consumer.metrics();
                assert_eq!(
                    (metrics.sent, metrics.received),
                    (sent.into(), received.into())
                );
                assert_eq!(producer.position(), start.wrapping_add(sent.into()));
                assert_eq!(consumer.position(), start.wrapping_add(received.into()));
            }
        }
    }
}

// INV-DROP-1
#[test]
fn what_is_left_is_dropped_wherever_the_cursors_stand() {
    for start in starts() {
        for allocator in memories::all() {
            let ledger = ledger::Ledger::default();
            let (mut producer, consumer) = Ring::starting_at(4, allocator, start).unwrap();
            for element in ledger.elements(4) {
                producer.push(element).unwrap();
            }
            drop(producer);
            drop(consumer);
            assert_eq!(ledger.dropped(), [0, 1, 2, 3]);
        }
    }
}
