//! The least that moving blocks from core to core can cost: copied in on one, copied out on the
//! other, handed over by a flag. As much memory as the rings have, in blocks with a flag each, so
//! that both cores can copy at once.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::contender::{Contender, PopSlice, PushSlice, block_len};
use crate::element::Element;

pub struct PlainCopy;

#[repr(align(128))]
struct Flag(AtomicBool);

struct Blocks<T> {
    /// Whether the block is the reader's.
    full: Box<[Flag]>,
    slots: Box<[UnsafeCell<MaybeUninit<T>>]>,
    block_len: usize,
}

// SAFETY: a block is touched by one side at a time: by the writer while its flag is down, by the
// reader while it is up, with Release and Acquire between them.
unsafe impl<T: Send> Sync for Blocks<T> {}

impl<T> Blocks<T> {
    fn block(&self, index: usize) -> *mut T {
        UnsafeCell::raw_get(&raw const self.slots[index * self.block_len]).cast()
    }
}

pub struct Side<T> {
    blocks: Arc<Blocks<T>>,
    index: usize,
}

impl<T> Side<T> {
    fn next(&mut self) {
        self.index = (self.index + 1) % self.blocks.full.len();
    }
}

/// So that the two halves are two types.
pub struct Writer<T>(Side<T>);
pub struct Reader<T>(Side<T>);

impl Contender for PlainCopy {
    type Producer<T: Element> = Writer<T>;
    type Consumer<T: Element> = Reader<T>;

    fn ring<T: Element>(capacity: usize) -> (Writer<T>, Reader<T>) {
        let block_len = block_len(capacity);
        let blocks = Arc::new(Blocks {
            full: (0..capacity / block_len)
                .map(|_| Flag(AtomicBool::new(false)))
                .collect(),
            slots: (0..capacity)
                .map(|_| UnsafeCell::new(MaybeUninit::uninit()))
                .collect(),
            block_len,
        });
        let side = |blocks| Side { blocks, index: 0 };
        (Writer(side(Arc::clone(&blocks))), Reader(side(blocks)))
    }
}

impl<T: Copy> PushSlice<T> for Writer<T> {
    #[inline(always)]
    fn push_slice(&mut self, items: &[T]) -> usize {
        let Side { blocks, index } = &mut self.0;
        let full = &blocks.full[*index].0;
        if full.load(Ordering::Acquire) || items.len() != blocks.block_len {
            return 0;
        }
        // SAFETY: the flag is down, so the block is the writer's; it is as long as `items`.
        unsafe {
            blocks
                .block(*index)
                .copy_from_nonoverlapping(items.as_ptr(), items.len());
        }
        full.store(true, Ordering::Release);
        self.0.next();
        items.len()
    }
}

impl<T: Copy> PopSlice<T> for Reader<T> {
    #[inline(always)]
    fn pop_slice(&mut self, out: &mut [T]) -> usize {
        let Side { blocks, index } = &mut self.0;
        let full = &blocks.full[*index].0;
        if !full.load(Ordering::Acquire) || out.len() != blocks.block_len {
            return 0;
        }
        // SAFETY: the flag is up, so the block is the reader's, and it was written whole; it is as
        // long as `out`.
        unsafe {
            blocks
                .block(*index)
                .copy_to_nonoverlapping(out.as_mut_ptr(), out.len());
        }
        full.store(false, Ordering::Release);
        self.0.next();
        out.len()
    }
}
