//! Runs that pass the end of the buffer, on memory that is mirrored and on memory that is not.

#![cfg(all(not(loom), feature = "std"))]

mod ledger;
mod memories;

use crosscore::{BufferAllocator, HugePageAllocator, Memory, MirroredAllocator, Ring};

// INV-MEM-2: mirrored memory gives the whole run, other memory the part before the end.
#[test]
#[cfg_attr(miri, ignore = "Miri has no shared mappings")]
fn a_reservation_over_the_end_is_whole_only_where_mirrored() {
    for (mut producer, mut consumer) in memories::rings_near_wrap::<u32>(1024, 3) {
        let mirrored = producer.memory() == Memory::Mirrored;
        let whole = producer.capacity();
        let mut reservation = producer.reserve(usize::MAX).unwrap();
        assert_eq!(reservation.len(), if mirrored { whole } else { 3 });
        for (n, slot) in (0..).zip(reservation.spare_slots()) {
            slot.write(n);
        }
        let len = reservation.len();
        // SAFETY: INV-RES-1: all spare slots were just written.
        unsafe { reservation.assume_written(len) };
        assert_eq!(reservation.commit(), len);

        // A second reservation begins where the first ended.
        if !mirrored {
            let mut reservation = producer.reserve(usize::MAX).unwrap();
            assert_eq!(reservation.len(), whole - 3);
            assert_eq!(reservation.fill(3..), whole - 3);
            reservation.commit();
        }
        assert!(producer.reserve(1).is_none());

        let mut expected = 0u32;
        while let Some(elements) = consumer.read(usize::MAX) {
            assert_eq!(
                elements.len(),
                if mirrored {
                    whole
                } else if expected == 0 {
                    3
                } else {
                    whole - 3
                }
            );
            for &n in elements.iter() {
                assert_eq!(n, expected);
                expected += 1;
            }
            elements.release_all();
        }
        assert_eq!(expected as usize, whole);
    }
}

// INV-ALLOC-6: what is written through one half of the mapping is read through the other.
#[test]
#[cfg_attr(miri, ignore = "Miri has no shared mappings")]
#[cfg(any(target_os = "linux", target_os = "macos", windows))]
fn both_halves_of_the_mapping_are_the_same_slots() {
    // The smallest ring: 512 slots where a page is 4 KiB, 2,048 with 16 KiB, 8,192 with Windows' 64.
    let slots = MirroredAllocator.granularity() / size_of::<u64>();
    let (mut producer, mut consumer) =
        Ring::<u64, _>::starting_at(slots, MirroredAllocator, slots as u64 - 2).unwrap();
    assert_eq!(producer.capacity(), slots);
    let mut reservation = producer.reserve(4).unwrap();
    assert_eq!(reservation.extend_from_slice(&[1, 2, 3, 4]), 4);
    reservation.commit();
    // Slots 0 and 1, reached as the mirror's first two.
    let base = producer.ring().base();
    // SAFETY: INV-INIT-1: available elements at indices 0 and 1, which nobody writes meanwhile.
    assert_eq!(unsafe { (base.read(), base.add(1).read()) }, (3, 4));
    // SAFETY: INV-ALLOC-6: valid for twice the size.
    assert_eq!(unsafe { base.add(slots).read() }, 3);
    assert_eq!(consumer.read(4).as_deref(), Some(&[1, 2, 3, 4][..]));
}

// INV-DROP-1: destructors run once for each slot, not once for each address of it.
#[test]
#[cfg_attr(miri, ignore = "Miri has no shared mappings")]
fn elements_over_the_end_are_dropped_once() {
    for before_end in [1, 2, 7] {
        for (mut producer, mut consumer) in memories::rings_near_wrap(8, before_end) {
            let ledger = ledger::Ledger::default();
            for element in ledger.elements(8) {
                producer.push(element).unwrap();
            }
            consumer.read(3).unwrap().release_all();
            let taken = ledger.dropped().len();
            consumer.close();
            assert_eq!(ledger.dropped(), (0..8).collect::<Vec<_>>(), "{taken}");
            drop(producer);
            drop(consumer);
            ledger.assert_each_dropped_once();
        }
    }
}

// Sizes that do not divide the page: an element itself lies across the end of the mapping's half
// only in its mirror, never in its slot.
#[test]
#[cfg_attr(miri, ignore = "Miri has no shared mappings")]
fn elements_of_odd_size_survive_the_end() {
    for (mut producer, mut consumer) in memories::rings_near_wrap::<[u8; 3]>(4096, 2) {
        let capacity = producer.capacity();
        for lap in 0..3u8 {
            let mut sent = 0;
            while let Some(mut reservation) = producer.reserve(capacity) {
                let blocks = (sent..).map(|n: usize| [lap, n as u8, (n >> 8) as u8]);
                sent += reservation.fill(blocks);
                reservation.commit();
            }
            assert_eq!(sent, capacity);
            let mut received = 0usize;
            while consumer.drain_ref(usize::MAX, |block| {
                assert_eq!(*block, [lap, received as u8, (received >> 8) as u8]);
                received += 1;
            }) > 0
            {}
            assert_eq!(received, capacity);
        }
    }
}

// INV-ALIAS-1, INV-ALIAS-2: a reservation and a guard live at the same time, over slots of their own.
#[test]
#[cfg_attr(miri, ignore = "Miri has no shared mappings")]
fn both_sides_hold_their_slots_at_once() {
    for (mut producer, mut consumer) in memories::rings_near_wrap::<u64>(8, 3) {
        let capacity = producer.capacity();
        let start = producer.position();
        assert_eq!(producer.push_slice(&[1, 2, 3, 4, 5]), 5);
        let base = producer.ring().base().as_ptr();
        // SAFETY: INV-MEM-1: offsets between addresses in the one buffer.
        let index = |slot: *const u64| unsafe { slot.offset_from(base) } as usize % capacity;

        let elements = consumer.read(5).unwrap();
        let mut reservation = producer.reserve(capacity).unwrap();
        let spare = reservation.spare_slots();
        let written: Vec<_> = spare.iter().map(|slot| index(slot.as_ptr())).collect();
        let read: Vec<_> = elements.iter().map(|slot| index(slot)).collect();
        assert!(written.iter().all(|slot| !read.contains(slot)));
        assert_eq!(read[0], start as usize % capacity);
        // Interleaved, as two threads would: neither reference may cover the other's slots.
        for (n, slot) in (6..).zip(spare) {
            slot.write(n);
            assert_eq!(elements[0], 1);
        }
        drop(reservation);
        elements.release_all();
    }
}

// INV-ALLOC-1: large enough for the kernel to use huge pages, if it does that at all.
#[test]
#[cfg_attr(miri, ignore = "Miri has no shared mappings")]
fn a_ring_on_huge_pages_works_whatever_the_kernel_gives() {
    let (mut producer, mut consumer) =
        Ring::<u64, _>::starting_at(1 << 19, HugePageAllocator, u64::MAX - 5).unwrap();
    assert!(matches!(
        producer.memory(),
        Memory::HugePages | Memory::Heap
    ));
    assert_eq!(producer.memory(), consumer.memory());
    let items: Vec<u64> = (0..1 << 19).collect();
    for _ in 0..2 {
        assert_eq!(producer.push_slice(&items), items.len());
        let mut expected = 0;
        consumer.drain(usize::MAX, |n| {
            assert_eq!(n, expected);
            expected += 1;
        });
        assert_eq!(expected as usize, items.len());
    }
}
