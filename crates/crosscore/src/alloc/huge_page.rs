//! Ordinary memory on huge pages, where Linux gives them on advice.

use std::alloc::Layout;

use super::{AllocError, BufferAllocator, HeapAllocator, RawBuffer};

/// Memory on transparent huge pages (Linux), to spare a large ring the misses in the TLB.
///
/// The buffer is aligned to 2 MiB and the kernel is advised to back it with pages of that size. It
/// falls back to [`HeapAllocator`] for less than 2 MiB, on other systems, and where the kernel does
/// not take the advice; [`RawBuffer::memory`] tells which it was. Sizes can be anything above zero
/// ([`granularity`](BufferAllocator::granularity) is 1).
///
/// [`Memory::HugePages`](super::Memory::HugePages) means that the policy in force allows 2 MiB
/// pages for advised memory and that the advice was accepted. It is not a promise for each page:
/// with physical memory in fragments the kernel can still put small pages here and there
/// (`AnonHugePages` in `/proc/self/smaps` has the last word).
///
/// # Examples
///
/// ```
/// use crosscore::{BufferAllocator, HugePageAllocator, Memory};
/// use std::alloc::Layout;
///
/// let buffer = HugePageAllocator.allocate(Layout::array::<u64>(1 << 20)?)?;
/// match buffer.memory() {
///     Memory::HugePages => assert_eq!(buffer.base().as_ptr() as usize % (2 << 20), 0),
///     fallback => assert_eq!(fallback, Memory::Heap),
/// }
/// // SAFETY: INV-ALLOC-7: allocated by the same allocator above, used by nobody.
/// unsafe { HugePageAllocator.deallocate(buffer) };
///
/// let small = HugePageAllocator.allocate(Layout::array::<u64>(1024)?)?;
/// assert_eq!(small.memory(), Memory::Heap);
/// // SAFETY: INV-ALLOC-7: allocated by the same allocator above, used by nobody.
/// unsafe { HugePageAllocator.deallocate(small) };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HugePageAllocator;

// SAFETY: INV-ALLOC-1 to INV-ALLOC-5: a private anonymous mapping, which is ours alone, zeroed, and
// cut to the alignment; it stays where it is until unmapped; or else a buffer of HeapAllocator,
// which promises the same. INV-ALLOC-6: never says Mirrored. INV-ALLOC-7: memory() tells which of
// the two it is, and base and size give the mapping. INV-ALLOC-8: HeapAllocator checks the size;
// spans unmap themselves on error.
unsafe impl BufferAllocator for HugePageAllocator {
    fn granularity(&self) -> usize {
        1
    }

    #[cfg(target_os = "linux")]
    fn allocate(&self, layout: Layout) -> Result<RawBuffer, AllocError> {
        linux::allocate(layout)
    }

    #[cfg(not(target_os = "linux"))]
    fn allocate(&self, layout: Layout) -> Result<RawBuffer, AllocError> {
        HeapAllocator.allocate(layout)
    }

    unsafe fn deallocate(&self, buffer: RawBuffer) {
        #[cfg(target_os = "linux")]
        if buffer.memory() == super::Memory::HugePages {
            // SAFETY: INV-ALLOC-7: memory() says that it came from the mapping, and the caller
            // gives it up.
            return unsafe { linux::deallocate(buffer) };
        }
        // SAFETY: INV-ALLOC-7: every other buffer came from HeapAllocator, and the caller gives it
        // up.
        unsafe { HeapAllocator.deallocate(buffer) }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::alloc::Layout;
    use std::fs;
    use std::ptr::NonNull;

    use rustix::mm::{Advice, ProtFlags, madvise};

    use super::super::span::Span;
    use super::super::{AllocError, BufferAllocator, Failure, HeapAllocator, Memory, RawBuffer};

    pub(super) const HUGE_PAGE: usize = 2 << 20;

    pub(super) fn allocate(layout: Layout) -> Result<RawBuffer, AllocError> {
        if layout.size() < HUGE_PAGE || !policy_gives_huge_pages() {
            return HeapAllocator.allocate(layout);
        }
        match map(layout) {
            Ok(base) => Ok(RawBuffer::new(base, layout, Memory::HugePages)),
            // The heap may manage with less where huge pages ask for too much; if it does not, the
            // first refusal is the one that says more.
            Err(failure) => HeapAllocator
                .allocate(layout)
                .map_err(|_| failure.of(Memory::HugePages, layout)),
        }
    }

    /// # Safety
    ///
    /// `buffer` came from [`allocate`] and says `HugePages`; nobody uses its memory any more.
    pub(super) unsafe fn deallocate(buffer: RawBuffer) {
        let len = buffer.layout().size().next_multiple_of(HUGE_PAGE);
        // SAFETY: INV-ALLOC-7: map() let go of a span of this very base and length.
        drop(unsafe { Span::from_base(buffer.base(), len) });
    }

    fn map(layout: Layout) -> Result<NonNull<u8>, Failure> {
        let align = layout.align().max(HUGE_PAGE);
        let too_much = || Failure::out_of_memory("mmap");
        let len = layout
            .size()
            .checked_next_multiple_of(HUGE_PAGE)
            .ok_or_else(too_much)?;
        // mmap aligns to the small page: take more, and give back what lies before and after.
        let taken = len.checked_add(align).ok_or_else(too_much)?;
        let mut before = Span::anonymous(taken, ProtFlags::READ | ProtFlags::WRITE)
            .map_err(|errno| Failure::new("mmap", errno))?;
        let start = before.base().addr().get();
        let mut span = before.split_off(start.next_multiple_of(align) - start);
        drop(span.split_off(len));
        drop(before);
        // SAFETY: INV-ALLOC-3: the pages are ours alone; this advice changes none of their bytes.
        unsafe { madvise(span.base().as_ptr().cast(), len, Advice::LinuxHugepage) }
            .map_err(|errno| Failure::new("madvise", errno))?;
        Ok(span.into_base())
    }

    /// `madvise(MADV_HUGEPAGE)` succeeds whatever the policy is, so that has to be asked for by
    /// itself (Linux `Documentation/admin-guide/mm/transhuge.rst`; `THP_enabled` in
    /// proc_pid_status(5)).
    fn policy_gives_huge_pages() -> bool {
        let read = |name: &str| {
            fs::read_to_string(format!("/sys/kernel/mm/transparent_hugepage/{name}")).ok()
        };
        let forbidden_to_this_process =
            fs::read_to_string("/proc/self/status").is_ok_and(|status| {
                status
                    .lines()
                    .any(|line| line.replace(char::is_whitespace, "") == "THP_enabled:0")
            });
        !forbidden_to_this_process
            && policy_allows(
                read("enabled").as_deref(),
                read("hugepages-2048kB/enabled").as_deref(),
                read("hpage_pmd_size").as_deref(),
            )
    }

    /// The policy for all sizes, the one for 2 MiB (since Linux 6.8, where it prevails), and the
    /// one size that older kernels know: 2 MiB on x86-64 and on AArch64 with pages of 4 KiB.
    pub(super) fn policy_allows(
        all: Option<&str>,
        of_2_mib: Option<&str>,
        pmd_size: Option<&str>,
    ) -> bool {
        let allowed = |policy| matches!(chosen(policy), Some("always" | "madvise"));
        match of_2_mib.map(chosen) {
            Some(Some("inherit")) => all.is_some_and(allowed),
            Some(_) => of_2_mib.is_some_and(allowed),
            None => {
                all.is_some_and(allowed) && pmd_size.is_some_and(|size| size.trim() == "2097152")
            }
        }
    }

    /// The word in brackets: `always [madvise] never`.
    fn chosen(policy: &str) -> Option<&str> {
        policy
            .split_whitespace()
            .find_map(|word| word.strip_prefix('[')?.strip_suffix(']'))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::super::Memory;
    use super::super::span::process::{Footprint, under_qemu};
    use super::linux::{HUGE_PAGE, policy_allows};
    use super::*;

    fn allocate(size: usize) -> RawBuffer {
        HugePageAllocator
            .allocate(Layout::from_size_align(size, 64).unwrap())
            .unwrap()
    }

    #[test]
    fn the_policy_is_read_as_the_kernel_means_it() {
        let pmd = Some("2097152\n");
        assert!(policy_allows(Some("always [madvise] never\n"), None, pmd));
        assert!(policy_allows(Some("[always] madvise never\n"), None, pmd));
        assert!(!policy_allows(Some("always madvise [never]\n"), None, pmd));
        assert!(!policy_allows(
            Some("[always] madvise never\n"),
            None,
            Some("536870912\n")
        ));
        assert!(!policy_allows(None, None, None));
        let inherit = Some("always [inherit] madvise never\n");
        assert!(policy_allows(
            Some("always [madvise] never\n"),
            inherit,
            pmd
        ));
        assert!(!policy_allows(
            Some("always madvise [never]\n"),
            inherit,
            pmd
        ));
        assert!(policy_allows(
            Some("always madvise [never]\n"),
            Some("always inherit [madvise] never\n"),
            pmd
        ));
        assert!(!policy_allows(
            Some("[always] madvise never\n"),
            Some("always inherit madvise [never]\n"),
            pmd
        ));
    }

    #[test]
    fn less_than_a_huge_page_comes_from_the_heap() {
        let buffer = allocate(HUGE_PAGE - 1);
        assert_eq!(buffer.memory(), Memory::Heap);
        // SAFETY: INV-ALLOC-7: allocated above, used by nobody.
        unsafe { HugePageAllocator.deallocate(buffer) };
    }

    #[test]
    fn what_is_reported_is_what_the_kernel_did() {
        if under_qemu() {
            return;
        }
        let size = 4 * HUGE_PAGE;
        let buffer = allocate(size);
        let base = buffer.base().as_ptr();
        for i in (0..size).step_by(4096) {
            // SAFETY: INV-ALLOC-1: i is below the size.
            unsafe { base.add(i).write(1) };
        }
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut in_buffer = false;
        let mut flags = None;
        for line in smaps.lines() {
            let range = line
                .split(' ')
                .next()
                .and_then(|range| range.split_once('-'));
            if let Some((Ok(from), Ok(to))) = range.map(|(from, to)| {
                (
                    usize::from_str_radix(from, 16),
                    usize::from_str_radix(to, 16),
                )
            }) {
                in_buffer = (from..to).contains(&(base as usize));
            }
            if in_buffer && let Some(rest) = line.strip_prefix("VmFlags:") {
                flags = Some(rest.to_owned());
            }
        }
        let advised = flags
            .expect("the buffer is mapped")
            .split_whitespace()
            .any(|flag| flag == "hg");
        match buffer.memory() {
            Memory::HugePages => {
                assert!(advised);
                assert_eq!(base as usize % HUGE_PAGE, 0);
            }
            memory => assert_eq!((memory, advised), (Memory::Heap, false)),
        }
        // SAFETY: INV-ALLOC-7: allocated above, used by nobody from here on.
        unsafe { HugePageAllocator.deallocate(buffer) };
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn more_than_the_machine_has_is_an_error_with_its_number() {
        let error = HugePageAllocator
            .allocate(Layout::from_size_align(1 << 46, 64).unwrap())
            .unwrap_err();
        let source = std::error::Error::source(&error)
            .unwrap()
            .downcast_ref::<std::io::Error>()
            .unwrap();
        if error.memory() == Memory::HugePages {
            assert_eq!(
                source.raw_os_error(),
                Some(rustix::io::Errno::NOMEM.raw_os_error()),
                "{error}"
            );
        }
    }

    #[test]
    fn ten_thousand_buffers_leave_nothing_mapped() {
        let before = Footprint::now();
        for i in 0..10_000 {
            let buffer = allocate(HUGE_PAGE + i * 16);
            // SAFETY: INV-ALLOC-7: allocated above, used by nobody.
            unsafe { HugePageAllocator.deallocate(buffer) };
        }
        before.assert_not_exceeded();
    }
}
