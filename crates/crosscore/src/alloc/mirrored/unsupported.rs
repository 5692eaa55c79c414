//! Systems on which nobody has mirrored memory yet.

use std::io;
use std::ptr::NonNull;

use super::super::Failure;

/// A page of the usual size: there has to be an answer, and nothing is ever allocated by it.
pub(super) fn granularity() -> usize {
    4096
}

pub(super) fn map(_size: usize) -> Result<NonNull<u8>, Failure> {
    Err(Failure::new(
        "mirrored memory",
        io::Error::new(
            io::ErrorKind::Unsupported,
            "unsupported on this operating system",
        ),
    ))
}

/// # Safety
///
/// Never called: [`map`] returns nothing that could be unmapped.
pub(super) unsafe fn unmap(_base: NonNull<u8>, _size: usize) {
    unreachable!("map never succeeds here")
}
