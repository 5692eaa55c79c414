//! Bytes of a program, as a fast function is given them.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

const WORD: usize = size_of::<u64>();

/// A few bytes, from a word's start on.
///
/// They may be those of a `SharedArrayBuffer`, which other threads write meanwhile: so they are read as V8 reads them for
/// `TypedArray.set`, by relaxed loads, and what comes out of such a race is any mixture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a> {
    start: *const u8,
    length: usize,
    memory: PhantomData<&'a [AtomicU8]>,
}

impl Bytes<'_> {
    /// From here on the routine of the system that V8 calls makes up for its way (docs/PERFORMANCE.md).
    const MOST: usize = 192;

    /// `None` if they are too many, none at all, or do not begin at a word.
    ///
    /// # Safety
    ///
    /// INV-NODE-15: so many bytes are there for the lifetime, and who writes them meanwhile does so atomically.
    #[inline(always)]
    #[allow(dead_code, reason = "nobody makes one where there is no lane")]
    pub(crate) unsafe fn new(start: *const u8, length: usize) -> Option<Self> {
        let is_known = length.wrapping_sub(1) < Self::MOST && start.addr().is_multiple_of(WORD);
        is_known.then_some(Self {
            start,
            length,
            memory: PhantomData,
        })
    }

    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        self.length
    }

    /// # Safety
    ///
    /// INV-NODE-4: there is room for them.
    #[inline(always)]
    pub(crate) unsafe fn copy(self, to: *mut u8) {
        // Partner of the loads: whoever writes shared memory, in V8. No order is promised.
        macro_rules! copy {
            ($atomic:ty, $unit:ty, $at:expr) => {
                // SAFETY: INV-NODE-15: the unit is one of these bytes' and aligned, behind larger ones. INV-NODE-4: the caller's promise.
                unsafe {
                    let unit = <$atomic>::from_ptr(self.start.add($at).cast_mut().cast()).load(Ordering::Relaxed);
                    to.add($at).cast::<$unit>().write_unaligned(unit);
                }
            };
        }
        let mut at = 0;
        while at + WORD <= self.length {
            copy!(AtomicU64, u64, at);
            at += WORD;
        }
        if self.length & 4 != 0 {
            copy!(AtomicU32, u32, at);
            at += 4;
        }
        if self.length & 2 != 0 {
            copy!(AtomicU16, u16, at);
            at += 2;
        }
        if self.length & 1 != 0 {
            copy!(AtomicU8, u8, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_bytes_is_copied_and_nothing_behind_them() {
        let from: Vec<u64> = (0..Bytes::MOST as u64 / 8)
            .map(|i| 0x0102_0304_0506_0708 * (i + 1))
            .collect();
        let start = from.as_ptr().cast::<u8>();
        for length in 1..=Bytes::MOST {
            let mut to = [0xa5; Bytes::MOST + 1];
            // SAFETY: INV-NODE-15: so many bytes and more, which nobody writes. INV-NODE-4: room for one more.
            let expected = unsafe {
                Bytes::new(start, length).unwrap().copy(to.as_mut_ptr());
                std::slice::from_raw_parts(start, length)
            };
            assert_eq!(&to[..length], expected);
            assert_eq!(to[length], 0xa5);
        }
    }

    #[test]
    fn what_is_copied_otherwise_is_refused() {
        let from = [0u64; 64];
        let start = from.as_ptr().cast::<u8>();
        // SAFETY: INV-NODE-15: 512 bytes, which nobody writes.
        unsafe {
            assert!(Bytes::new(start, 0).is_none());
            assert!(Bytes::new(start, Bytes::MOST + 1).is_none());
            assert!(Bytes::new(start.add(1), 8).is_none());
            assert!(Bytes::new(start.add(8), Bytes::MOST).is_some());
        }
    }
}
