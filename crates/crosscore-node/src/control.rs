//! The words through which JavaScript and Rust pass numbers at a crossing.

use std::cell::UnsafeCell;
use std::time::Duration;

/// The block's size in bytes, as JavaScript maps it.
pub(crate) const BLOCK_BYTES: usize = 128;
const WORDS: usize = BLOCK_BYTES / size_of::<u32>();

/// In: bytes that JavaScript has finished with since the last crossing, to be published or
/// released. Rust takes them and sets it to 0.
pub(crate) const PENDING: usize = 0;
/// In: messages among the pending bytes, for the statistics of rings that have messages.
pub(crate) const PENDING_MESSAGES: usize = 1;
/// Out: bytes free or available, after a look at the other side's cursor.
pub(crate) const KNOWN: usize = 2;
/// Out: the `FLAG_` bits.
pub(crate) const FLAGS: usize = 3;
/// In: how many bytes a wait is for.
pub(crate) const WANTED: usize = 4;
/// In: how long a blocking wait may last, in microseconds.
pub(crate) const SLICE: usize = 5;
/// Out: 1 if a doorbell was left with the other side, 0 if there is nothing to wait for.
const ARMED: usize = 6;
/// In: the size of an element in bytes, for the crossing that publishes one.
pub(crate) const ELEMENT: usize = 7;
/// Out: statistics, as doubles from here on. `lib/control.ts` has the same table.
const STATS: usize = 8;

/// A native block cannot be interrupted, so it returns to JavaScript this often at least.
const LONGEST_SLICE: Duration = Duration::from_millis(20);

/// Nothing can be sent any more (producer), or nothing new will come (consumer).
pub(crate) const FLAG_CLOSED: u32 = 1;
/// The consumer has read everything there will ever be.
pub(crate) const FLAG_DONE: u32 = 2;
/// JavaScript's numbers contradict the cursors.
pub(crate) const FLAG_CORRUPT: u32 = 4;

/// A handle's control block: plain memory that one thread uses, from both languages in turn.
///
/// Passing a number as an argument costs 5 to 10 ns in Node-API, through this block under 1 ns.
/// A program can get at the block and write nonsense into it: what is read here is checked against
/// the cursors before it is used.
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Control(UnsafeCell<[u32; WORDS]>);

impl Control {
    pub(crate) fn new() -> Self {
        Self(UnsafeCell::new([0; WORDS]))
    }

    pub(crate) fn base(&self) -> *mut u8 {
        self.0.get().cast()
    }

    fn word(&self, index: usize) -> *mut u32 {
        // INV-NODE-2
        debug_assert!(index < WORDS);
        // SAFETY: INV-NODE-2: the index is one of the constants above, all inside the block.
        unsafe { self.0.get().cast::<u32>().add(index) }
    }

    fn read(&self, index: usize) -> u32 {
        // SAFETY: INV-NODE-2: the block is used by the environment's thread only, which is here
        // and so not in JavaScript; no reference into the block exists.
        unsafe { self.word(index).read() }
    }

    fn write(&self, index: usize, value: u32) {
        // SAFETY: INV-NODE-2: as in `read`.
        unsafe { self.word(index).write(value) }
    }

    /// The pending bytes and messages, which are no longer pending after this.
    #[inline]
    pub(crate) fn take_pending(&self) -> (usize, u32) {
        let pending = (self.read(PENDING) as usize, self.read(PENDING_MESSAGES));
        self.write(PENDING, 0);
        self.write(PENDING_MESSAGES, 0);
        pending
    }

    /// The pending bytes and messages and one element behind them; none of it is pending after this.
    #[inline]
    pub(crate) fn take_element(&self) -> (usize, u32) {
        let (bytes, messages) = self.take_pending();
        (bytes.saturating_add(self.read(ELEMENT) as usize), messages)
    }

    #[inline]
    pub(crate) fn set_known(&self, bytes: usize) {
        // A ring for JavaScript has at most 2^30 bytes (`lib/options.ts`, checked in `create.rs`).
        self.write(KNOWN, bytes as u32);
    }

    #[inline]
    pub(crate) fn raise(&self, flags: u32) {
        self.write(FLAGS, self.read(FLAGS) | flags);
    }

    /// Whether JavaScript has something to look at.
    #[inline]
    pub(crate) fn is_flagged(&self) -> bool {
        self.read(FLAGS) != 0
    }

    /// What a wait is for, in bytes.
    pub(crate) fn wanted(&self) -> usize {
        self.read(WANTED) as usize
    }

    /// How long a blocking wait may last: what JavaScript asked for, and never so long that
    /// `worker.terminate()` would be kept waiting.
    pub(crate) fn slice(&self) -> Duration {
        Duration::from_micros(u64::from(self.read(SLICE))).min(LONGEST_SLICE)
    }

    pub(crate) fn set_armed(&self, armed: bool) {
        self.write(ARMED, u32::from(armed));
    }

    pub(crate) fn set_stats(&self, stats: &[f64]) {
        debug_assert!(STATS * size_of::<u32>() + size_of_val(stats) <= BLOCK_BYTES);
        for (i, &value) in stats.iter().enumerate() {
            // SAFETY: INV-NODE-2: as in `read`; the assertion above keeps it inside the block, and
            // STATS is at a multiple of 8 bytes.
            unsafe { self.word(STATS).cast::<f64>().add(i).write(value) };
        }
    }
}

const _: () = assert!((STATS * size_of::<u32>()).is_multiple_of(align_of::<f64>()));
const _: () = assert!(size_of::<Control>() == BLOCK_BYTES);
