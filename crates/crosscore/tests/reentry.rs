//! Callbacks, iterators and destructors that use the ring while one of its operations is under way.

#![cfg(all(feature = "alloc", not(loom)))]

mod memories;

use std::rc::Rc;

use crosscore::{Producer, PushError, Ring};

// INV-SEQ-1, INV-DROP-1: a slot is not free before the drain is over, and what is pushed meanwhile is not drained.
#[test]
fn a_drain_whose_callback_pushes() {
    for (mut producer, mut consumer) in memories::rings_near_wrap(4, 2) {
        let capacity = producer.capacity();
        let alive = Rc::new(());
        for _ in 0..capacity - 1 {
            producer.push(Rc::clone(&alive)).unwrap();
        }
        let mut refused = 0;
        let taken = consumer.drain(usize::MAX, |element| match producer.push(element) {
            Ok(()) => (),
            Err(PushError::Full(_)) => refused += 1,
            Err(PushError::Closed(_)) => unreachable!(),
        });
        assert_eq!((taken, refused), (capacity - 1, capacity - 2));
        assert_eq!((consumer.available(), Rc::strong_count(&alive)), (1, 2));
        drop((producer, consumer));
        assert_eq!(Rc::strong_count(&alive), 1);
    }
}

// INV-RES-1: the slots of a reservation are others than those that its iterator pops.
#[test]
fn a_fill_whose_iterator_pops() {
    for (mut producer, mut consumer) in memories::rings_near_wrap(4, 2) {
        let capacity = producer.capacity();
        for n in 0..capacity - 1 {
            producer.push(n.to_string()).unwrap();
        }
        let mut reservation = producer.reserve_chunks(usize::MAX).unwrap();
        assert_eq!(reservation.fill(consumer.pop_iter()), 1);
        reservation.commit();
        let expected = (1..capacity - 1).chain([0]).map(|n| n.to_string());
        assert!(consumer.pop_iter().eq(expected));
    }
}

/// Owns the producer of the ring that it is in, and uses it when it is dropped.
struct Last(
    Option<Producer<Last>>,
    #[allow(dead_code, reason = "counted")] Rc<()>,
);

impl Drop for Last {
    fn drop(&mut self) {
        if let Some(producer) = &mut self.0 {
            let _ = producer.push(Last(None, Rc::clone(&self.1)));
            drop(producer.reserve(1));
            producer.close();
        }
    }
}

// INV-DROP-1, INV-CLOSE-2: whichever way it goes, and whether its push is taken or refused.
#[test]
fn an_element_that_owns_the_producer_of_its_ring() {
    let alive = Rc::new(());
    for capacity in [1, 2] {
        for way in 0..6 {
            let (mut producer, mut consumer) = Ring::with_capacity(capacity).unwrap();
            producer.push(Last(None, Rc::clone(&alive))).ok().unwrap();
            consumer.peek_mut().unwrap().0 = Some(producer);
            match way {
                0 => drop(consumer.pop()),
                1 => assert_eq!(consumer.skip(1), 1),
                2 => assert_eq!(consumer.drain(1, drop), 1),
                3 => assert_eq!(consumer.drain_ref(1, |_| ()), 1),
                4 => consumer.close(),
                _ => (),
            }
            assert!(way == 5 || consumer.is_closed());
            drop(consumer);
            assert_eq!(Rc::strong_count(&alive), 1, "{capacity}, {way}");
        }
    }
}
