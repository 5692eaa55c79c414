//! The words through which JavaScript and Rust pass numbers at a crossing.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The block's size in bytes, as JavaScript maps it.
pub(crate) const BLOCK_BYTES: usize = 256;
const WORDS: usize = BLOCK_BYTES / size_of::<u32>();

/// In and out: the position up to which this side has written or read, in bytes, modulo 2^32. What lies between
/// [`DONE`] and it is pending: finished with, and not published or released.
pub(crate) const AT: usize = 0;
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
/// In: the position that a push or a pop must not come to by the quick way, in rings of numbers. Rust sets it to the next
/// one when it settles what the handle owes, so that the next call puts it on the list again.
pub(crate) const STOP: usize = 7;
/// 1 while the handle is on its environment's list of those that owe a publication.
pub(crate) const OWING: usize = 8;
/// In: encounters with a full or an empty ring. Rust takes them at looks and waits.
pub(crate) const REFUSED: usize = 9;
/// Out: what the crossing of a string has found: bytes taken (producer), or the length in bytes (consumer).
const ANSWER: usize = 10;
/// Out: the position up to which this side has published or released.
pub(crate) const DONE: usize = 11;
/// Out: the position up to which this side may go, as of the last look.
pub(crate) const LIMIT: usize = 12;
/// Out: statistics, as doubles from here on. `lib/native/control.ts` has the same table.
const STATS: usize = 14;
/// How many they are.
pub(crate) const STATS_COUNT: usize = 13;

/// A native block cannot be interrupted, so it returns to JavaScript this often at least.
const LONGEST_SLICE: Duration = Duration::from_millis(20);

/// Nothing can be sent any more (producer), or nothing new will come (consumer).
pub(crate) const FLAG_CLOSED: u32 = 1;
/// The consumer has read everything there will ever be.
pub(crate) const FLAG_DONE: u32 = 2;
/// JavaScript's numbers contradict the cursors.
pub(crate) const FLAG_CORRUPT: u32 = 4;

/// A handle's control block: memory that one thread uses, from both languages in turn.
///
/// Passing a number as an argument costs 5 to 10 ns in Node-API, through this block under 1 ns.
/// A program can get at the block, write nonsense into it and even send it to another thread. So each word is read
/// once, checked against the cursors, and only then used; and the words are atomic, though they order nothing
/// (INV-NODE-2, INV-NODE-4).
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Control([AtomicU32; WORDS]);

impl Control {
    pub(crate) const fn new() -> Self {
        Self([const { AtomicU32::new(0) }; WORDS])
    }

    /// As new, for an end whose cursor is at this position.
    pub(crate) fn reset(&self, position: u64) {
        for index in 0..WORDS {
            self.write(index, 0);
        }
        for index in [AT, DONE, LIMIT] {
            self.write(index, position as u32);
        }
    }

    #[inline(always)]
    fn read(&self, index: usize) -> u32 {
        // Partner: JavaScript on the same thread, in program order; any other is somebody who scribbles.
        self.0[index].load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn write(&self, index: usize, value: u32) {
        // Partner: as in `read`.
        self.0[index].store(value, Ordering::Relaxed);
    }

    /// The pending bytes of an end whose cursor is at `position`.
    #[inline]
    pub(crate) fn pending(&self, position: u64) -> usize {
        self.read(AT).wrapping_sub(position as u32) as usize
    }

    /// What is pending was published or released: the cursor is at `position`.
    #[inline]
    pub(crate) fn set_done(&self, position: u64) {
        self.write(DONE, position as u32);
    }

    /// The pending messages, which are no longer pending after this.
    #[inline]
    pub(crate) fn take_messages(&self) -> u32 {
        let messages = self.read(PENDING_MESSAGES);
        // Where each message is published by itself there are none, and nothing to write.
        if messages != 0 {
            self.write(PENDING_MESSAGES, 0);
        }
        messages
    }

    /// The position up to which this side has written or read.
    #[inline]
    pub(crate) fn at(&self) -> u32 {
        self.read(AT)
    }

    /// This side has written or read so many bytes more.
    #[inline]
    pub(crate) fn advance(&self, bytes: u32) {
        self.write(AT, self.read(AT).wrapping_add(bytes));
    }

    #[inline]
    pub(crate) fn set_at(&self, position: u32) {
        self.write(AT, position);
    }

    /// Whether it takes the long way to come to this position.
    #[inline]
    pub(crate) fn stops_at(&self, position: u32) -> bool {
        self.read(STOP) == position
    }

    /// The next push or pop, of an element of so many bytes, takes the long way.
    pub(crate) fn halt(&self, element: u32) {
        self.write(STOP, self.read(AT).wrapping_add(element));
    }

    /// What a wait is for, in bytes, for such an end.
    pub(crate) fn set_wanted(&self, bytes: u32) {
        self.write(WANTED, bytes);
    }

    /// The pending messages, which stay pending.
    pub(crate) fn pending_messages(&self) -> u32 {
        self.read(PENDING_MESSAGES)
    }

    /// So many messages are pending.
    #[inline]
    pub(crate) fn set_messages(&self, messages: u32) {
        self.write(PENDING_MESSAGES, messages);
    }

    #[inline]
    pub(crate) fn set_answer(&self, answer: u32) {
        self.write(ANSWER, answer);
    }

    #[inline]
    pub(crate) fn set_known(&self, bytes: usize) {
        // A ring for JavaScript has at most 2^30 bytes (checked in `create.rs`).
        self.write(KNOWN, bytes as u32);
    }

    /// What a look has found, from the cursor at `position` on.
    #[inline]
    pub(crate) fn set_found(&self, position: u64, bytes: usize) {
        self.set_known(bytes);
        self.write(LIMIT, (position as u32).wrapping_add(bytes as u32));
    }

    /// What `set_known` was told last, unless somebody scribbled.
    #[inline]
    pub(crate) fn known(&self) -> u32 {
        self.read(KNOWN)
    }

    #[inline]
    pub(crate) fn raise(&self, flags: u32) {
        self.write(FLAGS, self.read(FLAGS) | flags);
    }

    #[inline]
    pub(crate) fn flags(&self) -> u32 {
        self.read(FLAGS)
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

    /// Whether the handle is on the list of those that owe.
    #[inline]
    pub(crate) fn owes(&self) -> bool {
        self.read(OWING) != 0
    }

    /// Whether it was; it is not after this.
    pub(crate) fn take_owing(&self) -> bool {
        let owing = self.read(OWING) != 0;
        self.write(OWING, 0);
        owing
    }

    /// Encounters with a full or an empty ring since this was asked last.
    #[inline]
    pub(crate) fn take_refused(&self) -> u32 {
        let refused = self.read(REFUSED);
        if refused != 0 {
            self.write(REFUSED, 0);
        }
        refused
    }

    pub(crate) fn set_stats(&self, stats: &[f64; STATS_COUNT]) {
        for (i, value) in stats.iter().enumerate() {
            let [a, b, c, d, e, f, g, h] = value.to_ne_bytes();
            self.write(STATS + 2 * i, u32::from_ne_bytes([a, b, c, d]));
            self.write(STATS + 2 * i + 1, u32::from_ne_bytes([e, f, g, h]));
        }
    }
}

const _: () = assert!((STATS * size_of::<u32>()).is_multiple_of(align_of::<f64>()));
const _: () = assert!((STATS + 2 * STATS_COUNT) * size_of::<u32>() <= BLOCK_BYTES);
const _: () = assert!(size_of::<Control>() == BLOCK_BYTES);
