//! What the types promise to the type system. What must not compile is in `compile_fail`.

#![cfg(all(feature = "alloc", not(loom)))]

mod memories;

use std::thread;

use crosscore::{Consumer, HeapAllocator, Memory, Producer, ReadGuard, Reservation, Ring};

fn send<T: Send>() {}
fn sync<T: Sync>() {}

// INV-SEND-1: elements need to be `Send` and nothing else.
#[test]
fn handles_are_send_for_elements_that_are_send() {
    type Local = std::cell::Cell<u8>;
    send::<Producer<Local>>();
    send::<Consumer<Local>>();
    send::<Reservation<'_, Local>>();
    send::<ReadGuard<'_, Local>>();
    send::<Ring<Local>>();
    sync::<Ring<Local>>();
    sync::<ReadGuard<'_, u8>>();
    send::<Producer<u8, memories::Chosen>>();
}

// INV-DROP-2
#[test]
fn handles_can_be_moved_to_where_panics_are_caught() {
    let (mut producer, consumer) = Ring::with_capacity(4).unwrap();
    producer.push(std::cell::Cell::new(1)).unwrap();
    let caught = std::panic::catch_unwind(move || {
        let seen = consumer.peek().map(std::cell::Cell::get);
        std::panic::resume_unwind(Box::new(seen))
    });
    let caught: Result<(), _> = caught;
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&Some(1)));
    assert!(producer.is_closed());
}

// INV-SW-1, INV-SW-2: a handle may change threads between any two calls.
#[test]
fn handles_wander_between_threads() {
    for (mut producer, mut consumer) in memories::rings::<u32>(2) {
        for n in 0..50 {
            producer = thread::spawn(move || {
                producer.push(n).unwrap();
                producer
            })
            .join()
            .unwrap();
            consumer = thread::spawn(move || {
                assert_eq!(consumer.pop(), Some(n));
                consumer
            })
            .join()
            .unwrap();
        }
    }
}

// An operation writes into its handle, and the other handle may lie right beside it, lent to another thread.
#[test]
fn handles_have_lines_of_their_own() {
    let line = if cfg!(target_arch = "x86_64") {
        64
    } else {
        128
    };
    assert_eq!(align_of::<Producer<u8>>(), line);
    assert_eq!(align_of::<Consumer<u8>>(), line);
    assert_eq!(align_of::<Producer<u8, memories::Chosen>>(), line);
    assert_eq!(align_of::<Consumer<u8, memories::Chosen>>(), line);
}

// INV-SEQ-4: a position goes with its handle and with what borrows it.
#[test]
fn handles_and_guards_of_two_rings_change_places() {
    for start in [0, u64::MAX] {
        let (mut producer, mut consumer) = Ring::starting_at(2, HeapAllocator, start).unwrap();
        let (mut other, mut others) = Ring::starting_at(4, HeapAllocator, 7).unwrap();
        producer.push_slice(&[1, 2]);
        other.push_slice(&[3, 4, 5]);
        {
            let mut guard = consumer.read_chunks(2).unwrap();
            let mut others_guard = others.read_chunks(3).unwrap();
            std::mem::swap(&mut guard, &mut others_guard);
            guard.release(2);
            others_guard.release(1);
            assert_eq!((guard.as_slices().0[0], others_guard.len()), (5, 1));
        }
        std::mem::swap(&mut consumer, &mut others);
        std::mem::swap(&mut producer, &mut other);
        assert_eq!((producer.position(), consumer.position()), (10, 9));
        assert_eq!(
            (other.position(), others.position()),
            (start.wrapping_add(2), start.wrapping_add(1))
        );
        {
            let mut reservation = producer.reserve(1).unwrap();
            let mut others_reservation = other.reserve(1).unwrap();
            std::mem::swap(&mut reservation, &mut others_reservation);
            reservation.push(6).unwrap();
            assert_eq!((reservation.commit(), others_reservation.commit()), (1, 0));
        }
        assert!(consumer.pop_iter().eq([5]));
        assert!(others.pop_iter().eq([2, 6]));
        assert_eq!((producer.free_slots(), other.free_slots()), (4, 2));
    }
}

// INV-ALLOC-5, INV-ALLOC-2: the base stays where it is, aligned for the element.
#[test]
fn the_base_stays_where_it_is() {
    #[repr(align(256))]
    struct Aligned(#[allow(dead_code, reason = "for its size")] u8);
    let (producer, consumer) = Ring::<Aligned>::with_capacity(4).unwrap();
    let base = producer.ring().base();
    assert_eq!(base.as_ptr() as usize % 256, 0);
    let moved = Box::new(producer);
    assert_eq!((moved.ring().base(), consumer.ring().base()), (base, base));
}

#[test]
fn everything_prints_without_asking_the_element_to() {
    struct Opaque;
    let (mut producer, mut consumer) =
        Ring::<Opaque, _>::with_capacity_in(4, HeapAllocator).unwrap();
    producer.push(Opaque).unwrap();
    assert_eq!(producer.memory(), Memory::Heap);
    assert_eq!(
        format!("{producer:?}"),
        "Producer { capacity: 4, memory: Heap, closed: false, .. }"
    );
    assert_eq!(
        format!("{:?}", producer.ring()),
        "Ring { capacity: 4, memory: Heap, .. }"
    );
    assert_eq!(
        format!("{:?}", producer.reserve(2).unwrap()),
        "Reservation { len: 2, written: 0, .. }"
    );
    consumer.close();
    let closed = "Consumer { capacity: 4, memory: Heap, closed: true, .. }";
    assert_eq!(format!("{consumer:?}"), closed);
    assert_eq!(
        format!("{:?}", consumer.pop_iter()),
        format!("PopIter({closed})")
    );
    #[cfg(feature = "std")]
    assert_eq!(
        format!("{:?}", consumer.into_iter()),
        format!("IntoIter({closed})")
    );
}
