//! Reserve once, map twice: the part that Linux and macOS share.

use std::os::fd::OwnedFd;
use std::ptr::NonNull;

use rustix::mm::{MprotectFlags, ProtFlags, mprotect};
use rustix::process::{Pid, getpid};

use super::super::Failure;
use super::super::span::Span;

#[cfg(any(target_os = "linux", target_os = "android"))]
use super::linux::open_object;
#[cfg(target_os = "macos")]
use super::macos::open_object;

pub(super) fn granularity() -> usize {
    rustix::param::page_size()
}

/// Maps `size` new zeroed bytes twice, back to back, and returns the base. `size` is a multiple of
/// the granularity, above zero and at most `isize::MAX / 2`.
pub(super) fn map(size: usize) -> Result<NonNull<u8>, Failure> {
    map_object(size, open_object)
}

/// # Safety
///
/// `base` came from [`map`] with the same `size`, once, and nobody uses the memory any more.
pub(super) unsafe fn unmap(base: NonNull<u8>, size: usize) {
    // SAFETY: INV-ALLOC-7: map let go of three spans that lie back to back: both halves and the page behind
    // them.
    let (halves, behind) = unsafe {
        (
            Span::from_base(base, 2 * size),
            Span::from_base(base.add(2 * size), granularity()),
        )
    };
    // SAFETY: INV-ALLOC-1: map has written it there, and a forked child has a copy.
    let owner = unsafe { behind.base().cast::<Pid>().read() };
    if owner != getpid() {
        // A forked child does not have the halves, and may have mapped something else in their place.
        halves.into_base();
    }
}

fn map_object(
    size: usize,
    open: impl FnOnce(usize) -> Result<OwnedFd, Failure>,
) -> Result<NonNull<u8>, Failure> {
    // First, as it is the cheapest way to learn that there is no room.
    let mut first = Span::anonymous(2 * size + granularity(), ProtFlags::empty())
        .map_err(|errno| Failure::new("mmap (reserve both halves)", errno))?;
    let mut second = first.split_off(size);
    let behind = second.split_off(size);
    note_owner(&behind)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    super::linux::ask_for_memory(&first, size)?;
    let object = open(size)?;
    let first = first
        .replace_with(&object)
        .map_err(|errno| Failure::new("mmap (first half)", errno))?;
    let second = second
        .replace_with(&object)
        .map_err(|errno| Failure::new("mmap (second half)", errno))?;
    for half in [&first, &second] {
        keep_from_children(half, size)?;
    }
    behind.into_base();
    second.into_base();
    Ok(first.into_base())
    // The descriptor closes here: the two mappings keep the object, and go with the last of them.
}

/// Writes into the page behind the halves whose they are: the process that may unmap them.
fn note_owner(behind: &Span) -> Result<(), Failure> {
    let page = behind.base();
    // SAFETY: INV-ALLOC-3: the page is reserved by us and used by nobody yet.
    unsafe {
        mprotect(
            page.as_ptr().cast(),
            granularity(),
            MprotectFlags::READ | MprotectFlags::WRITE,
        )
        .map_err(|errno| Failure::new("mprotect (page of the owner)", errno))?;
    }
    // SAFETY: INV-ALLOC-1: a page that was just made writable, and is ours alone.
    unsafe { page.cast::<Pid>().write(getpid()) };
    Ok(())
}

/// A mapping that is shared with a child would let its writes reach the parent's ring.
fn keep_from_children(half: &Span, size: usize) -> Result<(), Failure> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: INV-ALLOC-3: the pages are ours; nothing changes for this process.
    unsafe {
        rustix::mm::madvise(
            half.base().as_ptr().cast(),
            size,
            rustix::mm::Advice::LinuxDontFork,
        )
        .map_err(|errno| Failure::new("madvise (not for forked children)", errno))?;
    }
    let _ = (half, size);
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::alloc::span::process::Footprint;

    fn check_mirror(open: impl FnOnce(usize) -> Result<OwnedFd, Failure>) {
        let size = 4 * granularity();
        let base = map_object(size, open).unwrap();
        // SAFETY: INV-ALLOC-1, INV-ALLOC-6: the last byte of each half.
        unsafe {
            assert_eq!(base.add(size - 1).read(), 0);
            base.add(2 * size - 1).write(3);
            assert_eq!(base.add(size - 1).read(), 3);
        }
        // SAFETY: INV-ALLOC-7: mapped above, used by nobody from here on.
        unsafe { unmap(base, size) };
    }

    #[test]
    fn every_kind_of_object_can_be_mirrored() {
        check_mirror(super::super::linux::open_object);
        check_mirror(super::super::macos::open_object);
    }

    #[test]
    fn objects_without_a_name_stay_behind_nowhere() {
        let before = Footprint::now();
        for _ in 0..1_000 {
            check_mirror(super::super::macos::open_object);
        }
        before.assert_not_exceeded();
        let ours = format!("cc.{:x}.", std::process::id());
        let left = std::fs::read_dir("/dev/shm").unwrap().filter(|entry| {
            entry
                .as_ref()
                .is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with(&ours))
        });
        // One may be between its opening and its unlinking in the test beside this one.
        assert!(left.count() <= 1);
    }

    #[test]
    fn a_failure_on_the_way_names_its_step_and_leaves_nothing() {
        let before = Footprint::now();
        let size = 1 << 20;
        for _ in 0..10_000 {
            let refused = Err(Failure::new("memfd_create", rustix::io::Errno::MFILE));
            assert_eq!(
                map_object(size, |_| refused).unwrap_err().step,
                "memfd_create"
            );
        }
        before.assert_not_exceeded();

        // A descriptor that cannot be mapped for writing.
        let read_only = |_| {
            Ok(OwnedFd::from(
                std::fs::File::open("/proc/self/exe").unwrap(),
            ))
        };
        let failure = map_object(size, read_only).unwrap_err();
        assert_eq!(failure.step, "mmap (first half)");
        assert_eq!(failure.source.kind(), std::io::ErrorKind::PermissionDenied);
        // The failed half stays reserved (see Span::replace_with), the other one does not.
        before.assert_not_exceeded();
    }
}
