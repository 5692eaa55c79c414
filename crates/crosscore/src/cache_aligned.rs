//! A value alone on its cache lines.

use core::ops::Deref;

/// Aligns `T` to 128 bytes and so gives it cache lines of its own.
///
/// 128 and not 64 for these reasons:
///
/// - x86-64: lines are 64 bytes, but since Sandy Bridge the spatial prefetcher fetches them in
///   aligned pairs, so that two writers on neighbouring lines still disturb each other.
///   Source: Intel 64 and IA-32 Architectures Optimization Reference Manual, "Data Prefetching"
///   (the L2 spatial prefetcher "strives to complete every cache line fetched to the L2 cache
///   with the pair line that completes it to a 128-byte aligned chunk"). Folly uses 128 for the
///   same reason (`folly/lang/Align.h`).
/// - AArch64: lines are 64 bytes on Neoverse and Cortex cores, 128 on Apple's M series and on
///   the big cores of big.LITTLE designs. Source: `crossbeam-utils/src/cache_padded.rs`; Go's
///   `internal/cpu` (`CacheLinePadSize` for arm64).
///
/// Every other architecture that this crate is likely to meet has lines of at most 128 bytes,
/// except s390x (256): there it is correct, only not padded in full.
#[repr(align(128))]
#[derive(Debug, Default)]
pub(crate) struct CacheAligned<T>(pub(crate) T);

impl<T> Deref for CacheAligned<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}

/// The alignment and smallest size of a [`CacheAligned`] value, in bytes.
pub(crate) const CACHE_LINE: usize = align_of::<CacheAligned<u8>>();

const _: () = assert!(CACHE_LINE == 128 && size_of::<CacheAligned<u64>>() == CACHE_LINE);
