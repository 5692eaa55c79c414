//! Asking for the lines that a producer will write soon.
//!
//! The consumer read them a lap ago, so they are in its cache. A store to one waits until that copy is gone, up to 80 ns
//! on a busy machine, and the stores behind it wait as well, for they leave a core in order. So eight numbers take 80 ns
//! at least, whatever it costs to push one. Asked for some lines ahead, several are on their way at a time.
//!
//! The constants are measured (docs/PERFORMANCE.md).

use crosscore::Producer;

use crate::memory::RingMemory;

/// How far ahead, in bytes. 256 and 2,048 gained less, 1,024 as much.
const AHEAD: usize = 512;
/// Bytes of a line.
const LINE: usize = 64;
/// Lines that are asked for at once, at most. 32 gained no more.
const MOST: usize = 8;

/// After the publication of `bytes`: asks for as many lines as they have touched anew.
#[inline]
pub(crate) fn ask_for_lines(producer: &Producer<u8, RingMemory>, bytes: usize) {
    let ring = producer.ring();
    let position = producer.position() as usize;
    if reaches_line(position, bytes) && producer.cached_free_slots() >= AHEAD {
        for offset in offsets(position, bytes, ring.capacity()) {
            ask_for(ring.base().as_ptr().wrapping_add(offset));
        }
    }
}

/// Whether the `bytes` before a position end in another line than they begin in.
#[inline]
fn reaches_line(position: usize, bytes: usize) -> bool {
    bytes > position % LINE
}

/// Where to ask, from the farthest on. Counted from the beginning of the ring; may be in the second half.
#[inline]
fn offsets(position: usize, bytes: usize, capacity: usize) -> impl Iterator<Item = usize> {
    let lines = bytes.saturating_sub(position % LINE).div_ceil(LINE);
    let farthest = (position & (capacity - 1)) + AHEAD;
    (0..lines.min(MOST)).map(move |line| farthest - line * LINE)
}

/// Asks for a line in order to write it. No access in the sense of the memory model.
#[inline(always)]
fn ask_for(address: *const u8) {
    // `core::arch` has it for a feature of the target only, and asks for reading without that.
    #[cfg(target_arch = "x86_64")]
    // SAFETY: INV-ALIAS-1: it neither reads nor writes, and cannot fault. All x86-64 processors of AMD have it (APM 3,
    // PREFETCHW: with long mode), Intel's do nothing where they do not (SDM 2, PREFETCHW).
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: INV-ALIAS-1: as above (Arm ARM, PRFM).
    unsafe {
        std::arch::asm!("prfm pstl1keep, [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = address;
}

#[cfg(test)]
mod tests {
    use super::{AHEAD, LINE, MOST, offsets, reaches_line};

    const CAPACITY: usize = 4096;

    fn asked(position: usize, bytes: usize) -> Vec<usize> {
        if !reaches_line(position, bytes) {
            return Vec::new();
        }
        offsets(position, bytes, CAPACITY).collect()
    }

    #[test]
    fn numbers_ask_once_for_each_line() {
        let all: Vec<usize> = (8..=CAPACITY)
            .step_by(8)
            .flat_map(|at| asked(at, 8))
            .collect();
        let lines: Vec<usize> = (0..CAPACITY)
            .step_by(LINE)
            .map(|line| line + LINE + AHEAD)
            .collect();
        assert_eq!(all[..lines.len() - 1], lines[..lines.len() - 1]);
        // The last is the first of the next lap.
        assert_eq!(all.last(), Some(&AHEAD));
    }

    #[test]
    fn messages_leave_no_line_out() {
        let mut lines: Vec<usize> = (72..72 * 40)
            .step_by(72)
            .flat_map(|at| asked(at, 72))
            .map(|at| at / LINE)
            .collect();
        lines.sort_unstable();
        let first = lines[0];
        assert_eq!(lines, (first..first + lines.len()).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_asked_for_is_free_and_within_both_halves() {
        // The least that must be free, so that the ring is full but for it.
        for position in (CAPACITY..2 * CAPACITY).step_by(8) {
            for bytes in (8..CAPACITY - AHEAD).step_by(56) {
                let asked = asked(position, bytes);
                assert!(asked.len() <= MOST);
                for offset in asked {
                    let ahead = offset - position % CAPACITY;
                    assert!(ahead <= AHEAD, "{ahead} bytes ahead");
                    assert!(offset < 2 * CAPACITY);
                }
            }
        }
    }

    #[test]
    fn a_position_that_has_wrapped_is_one_like_any_other() {
        assert_eq!(asked(0, 64), [AHEAD]);
        assert_eq!(asked(56, 64), [56 + AHEAD]);
    }
}
