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
