//! The same pages mapped twice, back to back, so that what passes the end of the ring stays
//! contiguous.
//!
//! ```text
//! addresses   base                base + size           base + 2 * size
//!               |  page 0 … page n  |  page 0 … page n  |
//! memory          page 0 … page n, once
//! ```
//!
//! Every platform does the same in four steps: make an object that holds `size` bytes, reserve `2 *
//! size` addresses in one piece, and map the object into the first and into the second half. The
//! reservation is replaced, never freed first, so that no other thread can get in between.
//!
//! | platform | object | reservation | file |
//! | --- | --- | --- | --- |
//! | Linux, Android | `memfd_create` | `mmap(PROT_NONE)` | `unix.rs`, `linux.rs` |
//! | macOS | `shm_open`, unlinked at once | `mmap(PROT_NONE)` | `unix.rs`, `macos.rs` |
//! | Windows 10 1803, Server 2019 and later | `CreateFileMappingW` over the page file | `VirtualAlloc2` placeholder | `windows.rs` |
//! | others | `Err`, kind `Unsupported` | | `unsupported.rs` |
//!
//! Two kept crates were looked at first. slice-ring-buffer 0.3.4 offers only a whole `Buffer<T>`,
//! asks for its memfd without `CLOEXEC`, stands on winapi 0.3 with a race between freeing and
//! mapping, and is passively maintained. vmcircbuffer 0.0.16 maps temporary files from
//! `temp_dir()`, wants `T: Copy + Default` and writes every page at creation, and needs Rust 1.95.
//! Neither hands out a raw base pointer over demand-zeroed memory, which is all that is wanted
//! here.

use std::alloc::Layout;

use super::{AllocError, BufferAllocator, Failure, Memory, RawBuffer, check_size};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
// Linux has shm_open too: its tests run the step that macOS takes.
#[cfg(any(target_os = "macos", all(test, target_os = "linux")))]
mod macos;
#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
use self::unix as platform;
#[cfg(windows)]
use self::windows as platform;

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    windows
)))]
#[path = "mirrored/unsupported.rs"]
mod platform;

/// Memory that is mapped twice, back to back: every run of slots up to the whole ring is
/// contiguous.
///
/// Sizes are multiples of [`granularity`](BufferAllocator::granularity): the page size, or 64 KiB
/// on Windows. The alignment goes up to the same number. The buffer takes twice its size in
/// addresses and once its size in memory, which is taken page by page as it is used.
///
/// Where it is not to be had (other systems, a sandbox that forbids the system call, Windows before
/// version 1803) `allocate` says so with an [`AllocError`], and a ring over [`HeapAllocator`] with
/// a split at the wrap is the way out.
///
/// A forked child does not have it (Linux, `MADV_DONTFORK`): shared pages would let the child write into its
/// parent's ring. A child that touches such a ring is ended by the system (SIGSEGV); it may drop one whose
/// elements need no drop. Memory of the other allocators is copied for the child, as all of a process is.
/// macOS has no such advice here: there, too, keep away from a ring after `fork`.
///
/// As with any memory that a system promises page by page, a machine that runs out of it later can
/// end the process. Sizes beyond the whole machine are refused here.
///
/// [`HeapAllocator`]: super::HeapAllocator
///
/// # Examples
///
/// ```
/// use crosscore::{BufferAllocator, MirroredAllocator};
/// use std::alloc::Layout;
///
/// let size = MirroredAllocator.granularity();
/// let buffer = match MirroredAllocator.allocate(Layout::from_size_align(size, 8)?) {
///     Ok(buffer) => buffer,
///     Err(error) => return Ok(println!("take the heap: {error}")),
/// };
/// assert!(buffer.is_contiguous_across_wrap());
/// // SAFETY: INV-ALLOC-1, INV-ALLOC-6: the byte is in the buffer, and so is its mirror.
/// let mirror = unsafe {
///     buffer.base().write(42);
///     buffer.base().add(size).read()
/// };
/// assert_eq!(mirror, 42);
/// // SAFETY: INV-ALLOC-7: allocated by the same allocator above, used by nobody from here on.
/// unsafe { MirroredAllocator.deallocate(buffer) };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MirroredAllocator;

// SAFETY: INV-ALLOC-1, INV-ALLOC-3, INV-ALLOC-5, INV-ALLOC-6: platform::map returns the base of 2 *
// size addresses that it reserved for itself, with both halves mapped to one object that has no
// other mapping. INV-ALLOC-2: check_layout allows no alignment above the granularity, which every
// base has. INV-ALLOC-4: a new object reads as zeroes. INV-ALLOC-7: base and size are all that
// platform::unmap needs. INV-ALLOC-8: check_layout, and every step is undone when a later one
// fails.
unsafe impl BufferAllocator for MirroredAllocator {
    fn granularity(&self) -> usize {
        platform::granularity()
    }

    fn allocate(&self, layout: Layout) -> Result<RawBuffer, AllocError> {
        check_layout(layout, self.granularity())
            .and_then(|()| platform::map(layout.size()))
            .map(|base| RawBuffer::new(base, layout, Memory::Mirrored))
            .map_err(|failure| failure.of(Memory::Mirrored, layout))
    }

    unsafe fn deallocate(&self, buffer: RawBuffer) {
        // SAFETY: INV-ALLOC-7: base and size are those of platform::map, and the caller gives them
        // up.
        unsafe { platform::unmap(buffer.base(), buffer.layout().size()) }
    }
}

fn check_layout(layout: Layout, granularity: usize) -> Result<(), Failure> {
    check_size(layout.size(), granularity)?;
    if layout.align() > granularity {
        return Err(Failure::invalid(
            "alignment",
            format!(
                "{} is above that of mirrored memory, {granularity} bytes",
                layout.align()
            ),
        ));
    }
    // Offsets from the base must fit isize over the mirror too (INV-ALLOC-6).
    if layout.size() > isize::MAX as usize / 2 {
        return Err(Failure::out_of_memory("address space"));
    }
    Ok(())
}

#[cfg(all(test, any(target_os = "linux", target_os = "macos", windows)))]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    fn allocate(size: usize) -> RawBuffer {
        MirroredAllocator
            .allocate(Layout::from_size_align(size, 64).unwrap())
            .unwrap()
    }

    #[test]
    fn each_half_is_the_mirror_of_the_other() {
        for pages in [1, 2, 3, 16, 17] {
            let size = pages * MirroredAllocator.granularity();
            let buffer = allocate(size);
            let base = buffer.base().as_ptr();
            // A value for each place in each round, so that no byte passes by what was left before.
            let value = |i: usize, round: usize| (i / 251 + i * 7 + round * 101) as u8;
            for (round, (from, to)) in [(0, size), (size, 0)].into_iter().enumerate() {
                for i in 0..size {
                    // SAFETY: INV-ALLOC-1, INV-ALLOC-6: within the buffer or its mirror.
                    unsafe { base.add(from + i).write(value(i, round)) };
                }
                for i in 0..size {
                    // SAFETY: INV-ALLOC-1, INV-ALLOC-6: within the buffer or its mirror.
                    let byte = unsafe { base.add(to + i).read() };
                    assert_eq!(byte, value(i, round), "{i} of {size}");
                }
            }
            // SAFETY: INV-ALLOC-7: allocated above, used by nobody from here on.
            unsafe { MirroredAllocator.deallocate(buffer) };
        }
    }

    #[test]
    fn a_run_over_the_wrap_is_one_slice() {
        let size = MirroredAllocator.granularity();
        let buffer = allocate(size);
        let base = buffer.base().as_ptr();
        let message: Vec<u8> = (0..size).map(|i| i as u8).collect();
        // SAFETY: INV-ALLOC-6: from size - 100 the whole size lies within the two halves.
        unsafe {
            base.add(size - 100)
                .copy_from_nonoverlapping(message.as_ptr(), size)
        };
        // SAFETY: INV-ALLOC-1, INV-ALLOC-4: within the buffer; nobody writes meanwhile.
        let start = unsafe { std::slice::from_raw_parts(base, size - 100) };
        assert_eq!(start, &message[100..]);
        // SAFETY: INV-ALLOC-7: allocated above, used by nobody from here on.
        unsafe { MirroredAllocator.deallocate(buffer) };
    }

    #[test]
    fn what_one_thread_writes_another_reads_in_the_mirror() {
        struct Shared(*mut u8);
        // SAFETY: INV-ALLOC-1: valid on any thread; the two threads take turns by spawn and join.
        unsafe impl Send for Shared {}

        let size = MirroredAllocator.granularity();
        let buffer = allocate(size);
        let shared = Shared(buffer.base().as_ptr());
        std::thread::spawn(move || {
            let Shared(base) = { shared };
            // SAFETY: INV-ALLOC-6: the last byte of the mirror.
            unsafe { base.add(2 * size - 1).write(9) };
        })
        .join()
        .unwrap();
        // SAFETY: INV-ALLOC-1: the last byte of the buffer.
        assert_eq!(unsafe { buffer.base().add(size - 1).read() }, 9);
        // SAFETY: INV-ALLOC-7: allocated above, used by nobody from here on.
        unsafe { MirroredAllocator.deallocate(buffer) };
    }

    #[test]
    fn two_buffers_share_nothing() {
        let size = MirroredAllocator.granularity();
        let (first, second) = (allocate(size), allocate(size));
        // SAFETY: INV-ALLOC-1: the first byte of each.
        unsafe { first.base().write(1) };
        // SAFETY: INV-ALLOC-1, INV-ALLOC-3: the first byte of each.
        assert_eq!(unsafe { second.base().read() }, 0);
        for buffer in [first, second] {
            // SAFETY: INV-ALLOC-7: allocated above, used by nobody from here on.
            unsafe { MirroredAllocator.deallocate(buffer) };
        }
    }

    #[test]
    fn a_layout_that_pages_cannot_serve_is_an_error() {
        let page = MirroredAllocator.granularity();
        for (size, align, step) in [
            (1, 1, "size"),
            (page + 1, 1, "size"),
            (page / 2, 1, "size"),
            (2 * page, 2 * page, "alignment"),
        ] {
            let error = MirroredAllocator
                .allocate(Layout::from_size_align(size, align).unwrap())
                .unwrap_err();
            assert_eq!(
                (error.step(), error.kind()),
                (step, ErrorKind::InvalidInput),
                "{error}"
            );
        }
    }

    #[test]
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    fn more_than_the_address_space_is_an_error_with_its_number() {
        use std::error::Error;

        let error = MirroredAllocator
            .allocate(Layout::from_size_align(1 << 46, 64).unwrap())
            .unwrap_err();
        let source = error
            .source()
            .unwrap()
            .downcast_ref::<std::io::Error>()
            .unwrap();
        assert_eq!(
            source.raw_os_error(),
            Some(rustix::io::Errno::NOMEM.raw_os_error())
        );
        assert_eq!(
            error.to_string(),
            "cannot allocate 70368744177664 bytes (alignment 64) of mirrored memory: \
             mmap (reserve both halves): Cannot allocate memory (os error 12)"
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn ten_thousand_buffers_leave_nothing_mapped_and_nothing_open() {
        let before = super::super::span::process::Footprint::now();
        for _ in 0..10_000 {
            let buffer = allocate(1 << 20);
            // SAFETY: INV-ALLOC-1: the first byte.
            unsafe { buffer.base().write(1) };
            // SAFETY: INV-ALLOC-7: allocated above, used by nobody from here on.
            unsafe { MirroredAllocator.deallocate(buffer) };
        }
        before.assert_not_exceeded();
    }
}
