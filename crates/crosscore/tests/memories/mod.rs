//! The kinds of memory that every test of behaviour runs on.

#![allow(
    dead_code,
    reason = "each test file is a crate of its own and uses some of this"
)]

#[cfg(feature = "std")]
use crosscore::MirroredAllocator;
use crosscore::{BufferAllocator, Consumer, HeapAllocator, Producer, Ring};

/// An allocator chosen at run time, so that one test body serves all of them.
pub(crate) type Chosen = Box<dyn BufferAllocator + Send + Sync>;

pub(crate) type Handles<T> = (Producer<T, Chosen>, Consumer<T, Chosen>);

/// Mirrored memory is verified on Linux, macOS and Windows; elsewhere it is refused. Miri has no
/// shared mappings, and without `std` there are none.
pub(crate) const MIRRORED: bool = cfg!(all(
    feature = "std",
    any(target_os = "linux", target_os = "macos", windows),
    not(miri)
));

/// Heap, and mirrored where the system has it.
pub(crate) fn all() -> Vec<Chosen> {
    #[cfg_attr(not(feature = "std"), allow(unused_mut))]
    let mut all: Vec<Chosen> = vec![Box::new(HeapAllocator)];
    #[cfg(feature = "std")]
    if MIRRORED {
        all.push(Box::new(MirroredAllocator));
    }
    all
}

/// Empty rings of at least `capacity` on each kind of memory.
pub(crate) fn rings<T>(capacity: usize) -> impl Iterator<Item = Handles<T>> {
    all()
        .into_iter()
        .map(move |allocator| Ring::with_capacity_in(capacity, allocator).unwrap())
}

/// Empty rings on each kind of memory whose cursors stand `before_end` slots before the end of the
/// buffer.
pub(crate) fn rings_near_wrap<T>(
    capacity: usize,
    before_end: usize,
) -> impl Iterator<Item = Handles<T>> {
    all().into_iter().map(move |allocator| {
        // 2^64 is a multiple of every capacity: this far before the end of the last lap.
        let start = 0u64.wrapping_sub(before_end as u64);
        Ring::starting_at(capacity, allocator, start).unwrap()
    })
}
