//! Whole pages of address space with one owner.
//!
//! Every step of a mapping can fail. Each piece of it is a [`Span`] from the moment the kernel
//! hands it over, so that giving up half-way is nothing more than returning.

use std::mem::ManuallyDrop;
use std::os::fd::AsFd;
use std::ptr::{self, NonNull};

use rustix::io::{self, Errno};
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};

/// A run of whole pages that this value alone is responsible for; dropping it unmaps them.
#[derive(Debug)]
pub(super) struct Span {
    base: NonNull<u8>,
    len: usize,
}

impl Span {
    /// New private pages, zeroed, at a place of the kernel's choice. `ProtFlags::empty()` only
    /// reserves the addresses.
    pub(super) fn anonymous(len: usize, protection: ProtFlags) -> io::Result<Self> {
        // SAFETY: INV-ALLOC-3: no address is asked for, so the kernel picks one where nothing is.
        let base = unsafe { mmap_anonymous(ptr::null_mut(), len, protection, MapFlags::PRIVATE)? };
        // Linux gives out address 0 to a privileged process that asks for it, never unasked.
        let base = NonNull::new(base.cast()).ok_or(Errno::NOMEM)?;
        Ok(Self { base, len })
    }

    /// Takes back what [`into_base`](Self::into_base) let go.
    ///
    /// # Safety
    ///
    /// `base` and `len` are those of a span that was let go, and nobody uses its memory any more.
    pub(super) unsafe fn from_base(base: NonNull<u8>, len: usize) -> Self {
        Self { base, len }
    }

    /// Lets the pages go without unmapping them.
    pub(super) fn into_base(self) -> NonNull<u8> {
        ManuallyDrop::new(self).base
    }

    pub(super) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Keeps the first `at` bytes, a multiple of the page size and at most the length, and returns
    /// the rest.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        assert!(at <= self.len, "split at {at} of {}", self.len);
        // SAFETY: INV-ALLOC-3: at is within the span, or its end.
        let base = unsafe { self.base.add(at) };
        let rest = Self {
            base,
            len: self.len - at,
        };
        self.len = at;
        rest
    }

    /// Puts the beginning of a file in the place of what is mapped here now, readable, writable and
    /// shared.
    ///
    /// On failure the span is given up, not unmapped. POSIX lets a failed `MAP_FIXED` leave the
    /// range partly unmapped (mmap, "some of the mappings in the address range … may have been
    /// unmapped"); XNU's `pshm_mmap` does so, and Linux did when it ran out of memory for its own
    /// tables. In such a hole another thread may have got a mapping by now, which unmapping "our"
    /// range would take away from it. What stays behind costs addresses and no memory.
    pub(super) fn replace_with(self, file: impl AsFd) -> io::Result<Self> {
        let span = ManuallyDrop::new(self);
        // SAFETY: INV-ALLOC-3: the range is ours alone, and no reference points into it yet.
        let base = unsafe {
            mmap(
                span.base.as_ptr().cast(),
                span.len,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED | MapFlags::FIXED,
                file,
                0,
            )?
        };
        debug_assert_eq!(
            base,
            span.base.as_ptr().cast(),
            "MAP_FIXED maps where it is told"
        );
        Ok(Self {
            base: span.base,
            len: span.len,
        })
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if self.len == 0 {
            return;
        }
        // SAFETY: INV-ALLOC-3, INV-ALLOC-7: the pages are ours alone, and whoever drops the span is
        // done with them.
        let unmapped = unsafe { munmap(self.base.as_ptr().cast(), self.len) };
        // INV-ALLOC-7. The one honest reason to fail is that the kernel merged these pages with
        // neighbours and may not split them, being at vm.max_map_count. They stay mapped then, which
        // harms nobody.
        debug_assert!(
            matches!(unmapped, Ok(()) | Err(Errno::NOMEM)),
            "munmap: {unmapped:?}"
        );
    }
}

/// What tests have to know about the process they run in.
#[cfg(all(test, target_os = "linux"))]
pub(super) mod process {
    use std::fs;

    /// qemu's user emulation drops the advice for huge pages, writes smaps itself, and (7.2) visits
    /// every page of a reservation, however large.
    pub(in super::super) fn under_qemu() -> bool {
        fs::read_to_string("/proc/self/comm").is_ok_and(|name| name.starts_with("qemu-"))
    }

    /// What is open and mapped, to find what a test left behind.
    #[derive(Debug)]
    pub(in super::super) struct Footprint {
        maps: usize,
        descriptors: usize,
        /// Reservations next to each other are merged into one line of `maps`; their size tells.
        mapped_kib: usize,
    }

    impl Footprint {
        pub(in super::super) fn now() -> Self {
            let status = fs::read_to_string("/proc/self/status").unwrap();
            let size = status
                .lines()
                .find_map(|line| line.strip_prefix("VmSize:"))
                .unwrap();
            Self {
                maps: fs::read_to_string("/proc/self/maps")
                    .unwrap()
                    .lines()
                    .count(),
                descriptors: fs::read_dir("/proc/self/fd").unwrap().count(),
                mapped_kib: size.split_whitespace().next().unwrap().parse().unwrap(),
            }
        }

        /// Other tests map and open a little beside this one, so a little is allowed: far less than
        /// one per buffer, had each of thousands left something.
        pub(in super::super) fn assert_not_exceeded(&self) {
            let now = Self::now();
            assert!(now.maps < self.maps + 500, "{self:?} before, {now:?} after");
            assert!(
                now.descriptors < self.descriptors + 100,
                "{self:?} before, {now:?} after"
            );
            assert!(
                now.mapped_kib < self.mapped_kib + (8 << 20),
                "{self:?} before, {now:?} after"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_span_are_unmapped_apart() {
        let page = rustix::param::page_size();
        let mut first = Span::anonymous(3 * page, ProtFlags::READ | ProtFlags::WRITE).unwrap();
        let mut second = first.split_off(page);
        let third = second.split_off(page);
        drop(first);
        drop(third);
        // SAFETY: INV-ALLOC-1: the middle page is still mapped.
        unsafe { second.base().write(7) };
        // SAFETY: INV-ALLOC-1: as above.
        assert_eq!(unsafe { second.base().read() }, 7);
        drop(second.split_off(page));
    }
}
