//! Linux: the object is a memfd, which has no name and no place in a file system.

use std::os::fd::OwnedFd;

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::io::Errno;
use rustix::mm::{MprotectFlags, mprotect};

use super::super::Failure;
use super::super::span::Span;

pub(super) fn open_object(size: usize) -> Result<OwnedFd, Failure> {
    // A system can demand that memfds cannot be made executable (vm.memfd_noexec = 2), and logs a
    // warning of those that do not say; kernels before 6.3 do not know the flag (memfd_create(2)).
    let object = match memfd_create("crosscore", MemfdFlags::CLOEXEC | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => memfd_create("crosscore", MemfdFlags::CLOEXEC),
        result => result,
    }
    .map_err(|errno| Failure::new("memfd_create", errno))?;
    // Above RLIMIT_FSIZE this raises SIGXFSZ as well, which Node ignores (node.cc,
    // ResetSignalHandlers).
    ftruncate(&object, size as u64).map_err(|errno| Failure::new("ftruncate", errno))?;
    Ok(object)
}

/// Asks the kernel whether it would give as much as `size` bytes of memory.
///
/// Pages of a memfd are accounted for one by one when they are touched, so that a terabyte would be
/// mapped without a word and the process killed on the way through it. Private writable pages are
/// accounted for when they are made writable, and refused if they exceed what the overcommit policy
/// allows (Documentation/mm/overcommit-accounting.rst). The memfd takes their place right
/// afterwards, and the account is settled.
pub(super) fn ask_for_memory(reserved: &Span, size: usize) -> Result<(), Failure> {
    // SAFETY: INV-ALLOC-3: the pages are reserved by us and used by nobody yet.
    unsafe {
        mprotect(
            reserved.base().as_ptr().cast(),
            size,
            MprotectFlags::READ | MprotectFlags::WRITE,
        )
    }
    .map_err(|errno| Failure::new("mprotect (ask for the memory)", errno))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::mm::ProtFlags;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn more_than_the_machine_has_is_refused_before_it_is_used() {
        // 0 and 2 set a limit, 1 sets none.
        let policy = std::fs::read_to_string("/proc/sys/vm/overcommit_memory").unwrap();
        if policy.trim() == "1" || crate::alloc::span::process::under_qemu() {
            return;
        }
        let size = 1 << 44;
        let reserved = Span::anonymous(size, ProtFlags::empty()).unwrap();
        let failure = ask_for_memory(&reserved, size).unwrap_err();
        assert_eq!(failure.source.kind(), std::io::ErrorKind::OutOfMemory);
    }

    #[test]
    fn the_object_is_closed_on_exec() {
        let object = open_object(4096).unwrap();
        assert!(
            rustix::io::fcntl_getfd(&object)
                .unwrap()
                .contains(rustix::io::FdFlags::CLOEXEC)
        );
    }
}
