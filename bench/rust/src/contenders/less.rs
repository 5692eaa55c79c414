//! Experiments that say what the parts of ours cost on one thread: its ring without what the quickest peers do not
//! have either. No close mark, no sleeper to look for, no counters; and then without lines of their own.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::contender::{Contender, Pop, Push};
use crate::element::Element;

/// What one side needs, as in ours.
struct Side<T> {
    limit: UnsafeCell<u64>,
    base: *mut Slot<T>,
    mask: u64,
}

type Slot<T> = UnsafeCell<MaybeUninit<T>>;

impl<T> Side<T> {
    fn new(limit: u64, slots: &[Slot<T>]) -> Self {
        Self {
            limit: UnsafeCell::new(limit),
            base: slots.as_ptr().cast_mut(),
            mask: slots.len() as u64 - 1,
        }
    }

    /// The slot of a position.
    #[inline(always)]
    fn slot(&self, position: u64) -> *mut T {
        // SAFETY: the index is below the capacity.
        unsafe { (*self.base.add((position & self.mask) as usize)).get() }.cast()
    }
}

macro_rules! less {
    ($module:ident, $contender:ident, $alignment:literal, $of_handles:literal, $(#[$meta:meta])*) => {
        $(#[$meta])*
        pub struct $contender;

        mod $module {
            use super::*;

            #[repr(C, align($alignment))]
            struct Aligned<T>(T);

            #[repr(C)]
            struct Ring<T> {
                tail: Aligned<AtomicU64>,
                producers: Aligned<Side<T>>,
                head: Aligned<AtomicU64>,
                consumers: Aligned<Side<T>>,
                _slots: Box<[Slot<T>]>,
            }

            // SAFETY: one side is the writer's and one the reader's; a slot is touched by one of them at a time, with
            // Release and Acquire between them.
            unsafe impl<T: Send> Send for Ring<T> {}
            // SAFETY: as above.
            unsafe impl<T: Send> Sync for Ring<T> {}

            #[repr(align($of_handles))]
            pub struct Writer<T>(Arc<Ring<T>>, u64);
            #[repr(align($of_handles))]
            pub struct Reader<T>(Arc<Ring<T>>, u64);

            impl Contender for super::$contender {
                type Producer<T: Element> = Writer<T>;
                type Consumer<T: Element> = Reader<T>;

                fn ring<T: Element>(capacity: usize) -> (Writer<T>, Reader<T>) {
                    assert!(capacity.is_power_of_two());
                    let empty = |_| UnsafeCell::new(MaybeUninit::uninit());
                    let slots: Box<[Slot<T>]> = (0..capacity).map(empty).collect();
                    let ring = Arc::new(Ring {
                        tail: Aligned(AtomicU64::new(0)),
                        producers: Aligned(Side::new(capacity as u64, &slots)),
                        head: Aligned(AtomicU64::new(0)),
                        consumers: Aligned(Side::new(0, &slots)),
                        _slots: slots,
                    });
                    (Writer(Arc::clone(&ring), 0), Reader(ring, 0))
                }
            }

            impl<T: Copy> Push<T> for Writer<T> {
                #[inline(always)]
                fn push(&mut self, item: T) -> bool {
                    let ring = &*self.0;
                    let side = &ring.producers.0;
                    // SAFETY: the writer's own; the slot is free, since the cursor is not at the limit.
                    unsafe {
                        let own = self.1;
                        if own == *side.limit.get() {
                            let limit = ring.head.0.load(Ordering::Acquire) + side.mask + 1;
                            if own == limit {
                                return false;
                            }
                            *side.limit.get() = limit;
                        }
                        side.slot(own).write(item);
                        self.1 = own + 1;
                        ring.tail.0.store(own + 1, Ordering::Release);
                    }
                    true
                }
            }

            impl<T: Copy> Pop<T> for Reader<T> {
                #[inline(always)]
                fn pop(&mut self) -> Option<T> {
                    let ring = &*self.0;
                    let side = &ring.consumers.0;
                    // SAFETY: the reader's own; the slot is written, since the cursor is not at the limit.
                    unsafe {
                        let own = self.1;
                        if own == *side.limit.get() {
                            let limit = ring.tail.0.load(Ordering::Acquire);
                            if own == limit {
                                return None;
                            }
                            *side.limit.get() = limit;
                        }
                        let item = side.slot(own).read();
                        self.1 = own + 1;
                        ring.head.0.store(own + 1, Ordering::Release);
                        Some(item)
                    }
                }
            }
        }
    };
}

less! {
    bare, Bare, 128, 64,
    /// As ours, each line by itself.
}

less! {
    unpadded, Unpadded, 8, 8,
    /// All of it in two lines, which two threads would fight for.
}
