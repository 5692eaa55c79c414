//! The ring's memory: twice its capacity, so that JavaScript can see it as one piece.
//!
//! JavaScript always sees `2 * capacity` bytes, of which the second half continues the first, so
//! that every reservation and every message is one contiguous view. On mirrored memory the second
//! half is the first one, mapped again. On the heap it is memory of its own, and `lib/`'s heap rings
//! copies what runs across the wrap: the producer down from the second half before it publishes,
//! the consumer up into it before it shows a view. A byte of the second half is used by whoever
//! owns both the last slot of the first half and the slot that the byte stands for, so the edges
//! that hand over the slots hand it over too (INV-NODE-3).

use std::alloc::Layout;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crosscore::{
    AllocError, BufferAllocator, HeapAllocator, Memory, MirroredAllocator, RawBuffer, RingRef,
};

/// Which memory a ring for JavaScript is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RingMemory {
    Mirrored,
    /// On the heap, with a second half to continue into.
    Heap,
}

// SAFETY: INV-ALLOC-1 to INV-ALLOC-8: mirrored buffers are passed through. A heap buffer is the
// first half of an allocation of twice the size: valid, aligned, exclusive, zeroed and fixed as the
// whole is. Both halves go back together, since the size of the whole follows from the layout.
unsafe impl BufferAllocator for RingMemory {
    fn granularity(&self) -> usize {
        match self {
            Self::Mirrored => MirroredAllocator.granularity(),
            Self::Heap => HeapAllocator.granularity(),
        }
    }

    fn allocate(&self, layout: Layout) -> Result<RawBuffer, AllocError> {
        match self {
            Self::Mirrored => {
                if MAPPED.fetch_add(1, Ordering::Relaxed) >= most_mapped() {
                    MAPPED.fetch_sub(1, Ordering::Relaxed);
                    return Err(too_many_mappings(layout));
                }
                MirroredAllocator.allocate(layout).inspect_err(|_| {
                    MAPPED.fetch_sub(1, Ordering::Relaxed);
                })
            }
            Self::Heap => {
                let whole = HeapAllocator.allocate(twice(layout))?;
                Ok(RawBuffer::new(whole.base(), layout, Memory::Heap))
            }
        }
    }

    unsafe fn deallocate(&self, buffer: RawBuffer) {
        match self {
            // SAFETY: INV-ALLOC-7: the caller's promise, passed on.
            Self::Mirrored => unsafe {
                MirroredAllocator.deallocate(buffer);
                MAPPED.fetch_sub(1, Ordering::Relaxed);
            },
            Self::Heap => {
                let layout = twice(buffer.layout());
                // SAFETY: INV-ALLOC-7: base and layout are those of the whole in `allocate`.
                unsafe {
                    HeapAllocator.deallocate(RawBuffer::new(buffer.base(), layout, Memory::Heap));
                }
            }
        }
    }
}

/// The layout of both halves. `create.rs` keeps capacities at 2^30 bytes or less.
fn twice(layout: Layout) -> Layout {
    Layout::from_size_align(layout.size().saturating_mul(2), layout.align()).unwrap_or(layout)
}

/// A ring whose memory JavaScript can see.
pub(crate) type SharedRing = RingRef<u8, RingMemory>;

/// Mirrored rings that exist. Partner: itself; it orders nothing.
static MAPPED: AtomicU32 = AtomicU32::new(0);

/// How many mirrored rings there may be. Each takes two of the mappings that the system allows a process, and V8 ends the
/// process when it does not get the next one; so it is left a quarter.
fn most_mapped() -> u32 {
    static MOST: OnceLock<u32> = OnceLock::new();
    *MOST.get_or_init(|| {
        std::fs::read_to_string("/proc/sys/vm/max_map_count")
            .ok()
            .and_then(|text| text.trim().parse::<u32>().ok())
            .map_or(u32::MAX, |mappings| mappings / 8 * 3)
    })
}

fn too_many_mappings(layout: Layout) -> AllocError {
    AllocError::new(
        Memory::Mirrored,
        layout,
        "mmap (there are as many mirrored rings as vm.max_map_count allows; close some and let them be collected, or take `memory: 'heap'`)",
        std::io::Error::from(std::io::ErrorKind::OutOfMemory),
    )
}

/// Gives the pages of a ring back, whose content nobody needs any more. Its addresses stay valid and read as zeroes.
///
/// On Linux; elsewhere the pages go with the ring.
pub(crate) fn discard(ring: &SharedRing) {
    // Nobody else has it: it is about to go as a whole.
    if ring.is_only() {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::mm::{Advice, madvise};
        let page = rustix::param::page_size();
        let base = ring.base().as_ptr();
        let (from, to, advice) = match ring.memory() {
            // The hole is punched into the one object that is mapped twice.
            Memory::Mirrored => (0, ring.capacity(), Advice::LinuxRemove),
            // Whole pages of the allocation; its other bytes are on pages that others may use too.
            _ => {
                let address = base.addr();
                let end = (address + 2 * ring.capacity()) / page * page;
                let start = address.next_multiple_of(page);
                (
                    start - address,
                    end.saturating_sub(address),
                    Advice::LinuxDontNeed,
                )
            }
        };
        if to > from {
            // SAFETY: INV-NODE-11: the range lies in the ring's memory, which `ring` keeps; both ends are closed and no
            // program has a view, so nobody relies on what is in it.
            let _kept = unsafe { madvise(base.add(from).cast(), to - from, advice) };
            // Where the system refuses, the pages go with the ring.
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // INV-NODE-11
    #[cfg(target_os = "linux")]
    #[test]
    fn pages_that_are_discarded_read_as_zeroes() {
        for memory in [RingMemory::Mirrored, RingMemory::Heap] {
            let (producer, _consumer) =
                crosscore::Ring::<u8, _>::with_capacity_in(1 << 20, memory).unwrap();
            let base = producer.ring().base().as_ptr();
            // SAFETY: INV-NODE-1: in the ring, which is alive; nobody else uses it.
            unsafe { base.add(5 * 4096).write(7) };
            discard(producer.ring());
            // SAFETY: INV-NODE-1: as above.
            assert_eq!(unsafe { base.add(5 * 4096).read() }, 0, "{memory:?}");
            // SAFETY: INV-NODE-1: as above; it can be used again.
            unsafe { base.add(5 * 4096).write(8) };
        }
    }
}
