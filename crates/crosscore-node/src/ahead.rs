//! Asking for the lines that a producer will write soon.
//!
//! The consumer read them a lap ago, so they are in its cache. A store to one waits until that copy is gone, up to 80 ns
//! on a busy machine, and the stores behind it wait as well, for they leave a core in order. So eight numbers take 80 ns
//! at least, whatever it costs to push one. Asked for some lines ahead, several are on their way at a time.
//!
//! The constants are measured (docs/PERFORMANCE.md).

use crosscore::Producer;

use crate::memory::RingMemory;

/// How far ahead, in bytes, at least. 256 and 2,048 gained less for single numbers, 1,024 as much.
const NEAR: usize = 512;
/// And at most.
const FAR: usize = 8192;
/// Bytes of a line.
const LINE: usize = 64;
/// Lines that are asked for at once, at most.
const MOST: usize = 64;

/// How far ahead, where `bytes` are published at a time: twice as far as they reach, so that what is written before the next
/// publication has been asked for before.
#[inline]
fn reach(bytes: usize) -> usize {
    bytes.saturating_mul(2).clamp(NEAR, FAR)
}

/// After the publication of `bytes`: asks for as many lines as they have touched anew.
#[inline]
pub(crate) fn ask_for_lines(producer: &Producer<u8, RingMemory>, bytes: usize) {
    let ring = producer.ring();
    let position = producer.position() as usize;
    let free = producer.cached_free_slots();
    if reaches_line(position, bytes) && free >= NEAR {
        let ahead = reach(bytes).min(free);
        for offset in offsets(position, bytes, ahead, ring.capacity()) {
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
fn offsets(
    position: usize,
    bytes: usize,
    ahead: usize,
    capacity: usize,
) -> impl Iterator<Item = usize> {
    // None behind the position: those were just written.
    let lines = bytes.saturating_sub(position % LINE).div_ceil(LINE);
    let lines = lines.min(MOST).min(ahead / LINE);
    let farthest = (position & (capacity - 1)) + ahead;
    (0..lines).map(move |line| farthest - line * LINE)
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
    use super::{FAR, LINE, MOST, NEAR, offsets, reach, reaches_line};

    const CAPACITY: usize = 1 << 16;

    fn asked(position: usize, bytes: usize, free: usize) -> Vec<usize> {
        if !reaches_line(position, bytes) {
            return Vec::new();
        }
        offsets(position, bytes, reach(bytes).min(free), CAPACITY).collect()
    }

    #[test]
    fn numbers_ask_once_for_each_line() {
        let all: Vec<usize> = (8..=CAPACITY)
            .step_by(8)
            .flat_map(|at| asked(at, 8, CAPACITY / 2))
            .collect();
        let lines: Vec<usize> = (0..CAPACITY)
            .step_by(LINE)
            .map(|line| line + LINE + NEAR)
            .collect();
        assert_eq!(all[..lines.len() - 1], lines[..lines.len() - 1]);
        // The last is the first of the next lap.
        assert_eq!(all.last(), Some(&NEAR));
    }

    #[test]
    fn streams_leave_no_line_out() {
        // Of each publication, up to the most lines that are asked for.
        for bytes in [72, 256, 512, 2304, MOST * LINE] {
            let mut lines: Vec<usize> = (bytes..bytes * 40)
                .step_by(bytes)
                .take_while(|at| at + FAR < CAPACITY)
                .flat_map(|at| asked(at, bytes, CAPACITY / 2))
                .map(|at| at / LINE)
                .collect();
            lines.sort_unstable();
            lines.dedup();
            let first = lines[0];
            assert_eq!(lines, (first..first + lines.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_asked_for_is_free_and_within_both_halves() {
        for position in (CAPACITY..2 * CAPACITY).step_by(2056) {
            for bytes in (8..CAPACITY - NEAR).step_by(1080) {
                for free in [NEAR, NEAR + 8, 2 * NEAR, FAR, CAPACITY - bytes] {
                    let asked = asked(position, bytes, free);
                    assert!(asked.len() <= MOST);
                    for offset in asked {
                        let ahead = offset - position % CAPACITY;
                        assert!(ahead <= free.min(FAR), "{ahead} bytes ahead");
                        assert!(offset < 2 * CAPACITY);
                    }
                }
            }
        }
    }

    #[test]
    fn a_position_that_has_wrapped_is_one_like_any_other() {
        assert_eq!(asked(0, 64, CAPACITY / 2), [NEAR]);
        assert_eq!(asked(56, 64, CAPACITY / 2), [56 + NEAR]);
    }
}
