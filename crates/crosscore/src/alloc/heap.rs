//! Ordinary memory from the global allocator.

use core::alloc::Layout;
use core::ptr::NonNull;

use liballoc::alloc;

use super::{AllocError, BufferAllocator, Failure, Memory, RawBuffer, check_size};

/// Slots begin and end on borders of this many bytes, so that no line that the two sides pass back
/// and forth also carries data of somebody else. Two lines of 64 bytes, since x86-64 fetches them
/// in pairs and Apple's AArch64 has lines of 128 (the same figure, and the sources, as
/// `CachePadded` in crossbeam-utils, `src/cache_padded.rs`).
const LINE: usize = 128;

/// The alignment to which `std` passes a zeroed request straight to `calloc`; above it, it
/// allocates and then writes zeroes over every page (`library/std/src/sys/alloc/unix.rs`,
/// `MIN_ALIGN`). Measured here on 256 MiB: 0.01 ms and nothing resident, against 170 to 250 ms and
/// 256 MiB resident.
const CALLOC_ALIGN: usize = 2 * size_of::<usize>();

/// The default: zeroed memory from the global allocator, at least 128-byte aligned.
///
/// A run of slots that passes the end of the buffer is in two parts. Sizes can be anything above
/// zero ([`granularity`](BufferAllocator::granularity) is 1).
///
/// # Examples
///
/// ```
/// use crosscore::{BufferAllocator, HeapAllocator};
/// use std::alloc::Layout;
///
/// let buffer = HeapAllocator.allocate(Layout::array::<u16>(1000)?)?;
/// assert_eq!(buffer.base().as_ptr() as usize % 128, 0);
/// // SAFETY: INV-ALLOC-7: allocated by the same allocator above, used by nobody.
/// unsafe { HeapAllocator.deallocate(buffer) };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeapAllocator;

/// The block that a buffer is cut from: room to move the base up to its border, with the address of
/// the block left in the last bytes before it.
///
/// ```text
/// block            base (multiple of align)                    end of the block
///   |  …  | block  |  layout.size() bytes, up to a border  |  …  |
/// ```
fn block_layout(layout: Layout) -> Option<(Layout, usize)> {
    let align = layout.align().max(LINE);
    let size = layout
        .size()
        .checked_next_multiple_of(LINE)?
        .checked_add(align)?;
    Some((Layout::from_size_align(size, CALLOC_ALIGN).ok()?, align))
}

// SAFETY: INV-ALLOC-1, INV-ALLOC-3, INV-ALLOC-5: the bytes lie within one block of the global
// allocator, which is ours alone and does not move until it is freed. INV-ALLOC-2: the base is
// moved up to the alignment. INV-ALLOC-4: alloc_zeroed, and the only bytes written to are those
// before the base. INV-ALLOC-6: never says Mirrored. INV-ALLOC-7: the block is found from the
// buffer alone, and the global allocator frees on any thread. INV-ALLOC-8: check_size, and nothing
// is held on error.
unsafe impl BufferAllocator for HeapAllocator {
    fn granularity(&self) -> usize {
        1
    }

    fn allocate(&self, layout: Layout) -> Result<RawBuffer, AllocError> {
        let failed = |failure: Failure| failure.of(Memory::Heap, layout);
        check_size(layout.size(), self.granularity()).map_err(failed)?;
        let (block_layout, align) =
            block_layout(layout).ok_or_else(|| failed(Failure::out_of_memory("alloc_zeroed")))?;
        // SAFETY: INV-ALLOC-8: the size is above zero, as alloc_zeroed requires.
        let block = NonNull::new(unsafe { alloc::alloc_zeroed(block_layout) })
            .ok_or_else(|| failed(Failure::out_of_memory("alloc_zeroed")))?;
        // At least CALLOC_ALIGN, since the block is aligned to that: the address fits in between.
        let offset = align - block.addr().get() % align;
        // SAFETY: INV-ALLOC-1: offset <= align, and the block is longer than the buffer by align.
        let base = unsafe { block.add(offset) };
        // SAFETY: INV-ALLOC-7: the bytes before the base are within the block, which is ours, and
        // aligned for a pointer, as the base is a multiple of LINE.
        unsafe { base.cast::<NonNull<u8>>().sub(1).write(block) };
        Ok(RawBuffer::new(base, layout, Memory::Heap))
    }

    unsafe fn deallocate(&self, buffer: RawBuffer) {
        let Some((block_layout, _)) = block_layout(buffer.layout()) else {
            unreachable!("allocate computed the same layout")
        };
        // SAFETY: INV-ALLOC-7: allocate left the address of the block there, and by INV-ALLOC-3
        // nobody writes outside of the buffer.
        let block = unsafe { buffer.base().cast::<NonNull<u8>>().sub(1).read() };
        // SAFETY: INV-ALLOC-7: the block came from alloc_zeroed with this same layout, and the
        // caller gives it up.
        unsafe { alloc::dealloc(block.as_ptr(), block_layout) };
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[test]
    fn slots_share_no_line_with_foreign_data() {
        // Neighbours from the same size class, as close to each other as the allocator puts them.
        let layout = Layout::from_size_align(24, 8).unwrap();
        let buffers: Vec<_> = (0..64)
            .map(|_| HeapAllocator.allocate(layout).unwrap())
            .collect();
        let mut lines: Vec<_> = buffers
            .iter()
            .map(|buffer| buffer.base().as_ptr() as usize / LINE)
            .collect();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), buffers.len());
        for buffer in buffers {
            assert_eq!(buffer.base().as_ptr() as usize % LINE, 0);
            // SAFETY: INV-ALLOC-7: allocated above, used by nobody from here on.
            unsafe { HeapAllocator.deallocate(buffer) };
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_large_buffer_touches_no_page_before_it_is_used() {
        let resident = |status: &str| -> u64 {
            let line = status
                .lines()
                .find(|line| line.starts_with("VmRSS:"))
                .unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        let before = resident(&std::fs::read_to_string("/proc/self/status").unwrap());
        let buffer = HeapAllocator
            .allocate(Layout::from_size_align(1 << 30, 8).unwrap())
            .unwrap();
        let after = resident(&std::fs::read_to_string("/proc/self/status").unwrap());
        // SAFETY: INV-ALLOC-7: allocated above, used by nobody.
        unsafe { HeapAllocator.deallocate(buffer) };
        // Other tests run beside this one; a gibibyte they do not use.
        assert!(
            after < before + 512 * 1024,
            "{before} kB before, {after} kB after"
        );
    }
}
