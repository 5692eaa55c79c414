//! macOS: the object is POSIX shared memory, which loses its name as soon as it is open.
//!
//! The other way would be `mach_vm_remap` of the first half over the second. It needs no name and
//! works in the App Sandbox, which allows `shm_open` only for names that begin with an application
//! group (Apple, App Sandbox Design Guide, "IPC and POSIX Semaphores and Shared Memory"); a program
//! in that sandbox gets an error here and takes the heap. `shm_open` was chosen all the same: the
//! mapping is then the code that Linux runs, and this file, down to the system calls, is run by the
//! tests on Linux too, whereas a Mach version would be a second mechanism with declarations of its
//! own that nothing here can even compile.
//!
//! What it relies on, read in XNU `bsd/kern/posix_shm.c`: a new object has no length and takes one
//! once (`pshm_truncate`); `MAP_FIXED` becomes `VM_FLAGS_FIXED | VM_FLAGS_OVERWRITE`, so the
//! reservation is replaced and not freed first, and one object can be mapped any number of times
//! (`pshm_mmap`); after the unlinking the object lives on in its mappings, each of which holds its
//! memory entry.

use std::os::fd::OwnedFd;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{Mode, ftruncate};
use rustix::io::Errno;
use rustix::shm;

use super::super::Failure;

/// How many names are tried. One is taken only if a process with the same number was killed between
/// the two calls below and left it behind.
const ATTEMPTS: usize = 64;

pub(super) fn open_object(size: usize) -> Result<OwnedFd, Failure> {
    let object = open_unlinked()?;
    ftruncate(&object, size as u64).map_err(|errno| Failure::new("ftruncate", errno))?;
    Ok(object)
}

fn open_unlinked() -> Result<OwnedFd, Failure> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut taken = Errno::EXIST;
    for _ in 0..ATTEMPTS {
        // Relaxed: the number only has to differ from the others; nothing is published with it.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // At most 21 bytes of the 31 that macOS allows (PSHMNAMLEN).
        let name = format!("/cc.{:x}.{number:x}", process::id());
        // O_EXCL: the object is new, zeroed and nobody else's. The descriptor is closed on exec.
        match shm::open(
            name.as_str(),
            shm::OFlags::CREATE | shm::OFlags::EXCL | shm::OFlags::RDWR,
            Mode::RUSR | Mode::WUSR,
        ) {
            Ok(object) => {
                shm::unlink(name.as_str()).map_err(|errno| Failure::new("shm_unlink", errno))?;
                return Ok(object);
            }
            Err(Errno::EXIST) => taken = Errno::EXIST,
            Err(errno) => return Err(Failure::new("shm_open", errno)),
        }
    }
    Err(Failure::new("shm_open", taken))
}
