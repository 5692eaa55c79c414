//! An experiment: no cursors that both sides read, but a flag beside each element, so that an element and the
//! news of it travel on one line. It has no close, no wait, no count, and no publication of several at once.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::contender::{Contender, Pop, Push};
use crate::element::Element;

pub struct SlotFlags;

struct Slot<T> {
    full: AtomicBool,
    element: UnsafeCell<MaybeUninit<T>>,
}

struct Slots<T>(Box<[Slot<T>]>);

// SAFETY: an element is touched by one side at a time: by the writer while its flag is down, by the reader
// while it is up, with Release and Acquire between them.
unsafe impl<T: Send> Sync for Slots<T> {}

pub struct Side<T> {
    slots: Arc<Slots<T>>,
    position: usize,
}

impl<T> Side<T> {
    #[inline(always)]
    fn slot(&self) -> &Slot<T> {
        // The capacity is a power of two.
        &self.slots.0[self.position & (self.slots.0.len() - 1)]
    }
}

/// So that the two halves are two types.
pub struct Writer<T>(Side<T>);
pub struct Reader<T>(Side<T>);

impl Contender for SlotFlags {
    type Producer<T: Element> = Writer<T>;
    type Consumer<T: Element> = Reader<T>;

    fn ring<T: Element>(capacity: usize) -> (Writer<T>, Reader<T>) {
        let empty = |_| Slot {
            full: AtomicBool::new(false),
            element: UnsafeCell::new(MaybeUninit::uninit()),
        };
        let slots = Arc::new(Slots((0..capacity).map(empty).collect()));
        let side = |slots| Side { slots, position: 0 };
        (Writer(side(Arc::clone(&slots))), Reader(side(slots)))
    }
}

impl<T: Copy> Push<T> for Writer<T> {
    #[inline(always)]
    fn push(&mut self, item: T) -> bool {
        let slot = self.0.slot();
        if slot.full.load(Ordering::Acquire) {
            return false;
        }
        // SAFETY: the flag is down, so the element is the writer's.
        unsafe { (*slot.element.get()).write(item) };
        slot.full.store(true, Ordering::Release);
        self.0.position += 1;
        true
    }
}

impl<T: Copy> Pop<T> for Reader<T> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        let slot = self.0.slot();
        if !slot.full.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: the flag is up, so the element is the reader's, and it was written.
        let item = unsafe { (*slot.element.get()).assume_init() };
        slot.full.store(false, Ordering::Release);
        self.0.position += 1;
        Some(item)
    }
}
