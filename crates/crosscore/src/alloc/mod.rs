//! Where the slots live: the allocator contract and the allocators that come with the crate.
//!
//! The ring never asks whether its buffer is valid. That is promised here, once, by whoever writes
//! `unsafe impl BufferAllocator`, and cited everywhere else by the ids in the contract of
//! [`BufferAllocator`], `INV-ALLOC-1` to `INV-ALLOC-8`.
//!
//! Zeroed memory (`INV-ALLOC-4`) costs nothing where it matters, since fresh pages come zeroed from
//! the kernel, and it is what makes it lawful to show the bytes to JavaScript before any slot was
//! written: no uninitialised memory, and nothing of what another part of the process left there.
//!
//! What the ring relies on beyond that is its own affair: the bytes are reached through the raw
//! base pointer only, never through a reference to the whole buffer.

mod buffer;
mod contract;
mod error;
#[cfg(feature = "alloc")]
mod heap;
#[cfg(feature = "std")]
mod huge_page;
#[cfg(feature = "std")]
mod mirrored;
#[cfg(not(feature = "alloc"))]
mod no_heap;
#[cfg(all(
    feature = "std",
    any(target_os = "linux", target_os = "android", target_os = "macos")
))]
mod span;

pub use self::buffer::{Memory, RawBuffer};
pub use self::contract::BufferAllocator;
pub use self::error::AllocError;
#[cfg(feature = "alloc")]
pub use self::heap::HeapAllocator;
#[cfg(feature = "std")]
pub use self::huge_page::HugePageAllocator;
#[cfg(feature = "std")]
pub use self::mirrored::MirroredAllocator;
#[cfg(not(feature = "alloc"))]
pub use self::no_heap::HeapAllocator;

#[cfg(feature = "alloc")]
use self::contract::check_size;
#[cfg(feature = "alloc")]
use self::error::Failure;
