//! What is in the place of the heap without the feature `alloc`: the name, which is a default in the types of rings.

use core::alloc::Layout;

use super::{AllocError, BufferAllocator, Memory, RawBuffer};

/// The default, which needs the feature `alloc`. Without it no ring is made with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeapAllocator;

// SAFETY: INV-ALLOC-1 to INV-ALLOC-8: it returns no buffer.
unsafe impl BufferAllocator for HeapAllocator {
    fn granularity(&self) -> usize {
        1
    }

    fn allocate(&self, layout: Layout) -> Result<RawBuffer, AllocError> {
        Err(AllocError::out_of_memory(Memory::Heap, layout, "alloc"))
    }

    unsafe fn deallocate(&self, _buffer: RawBuffer) {}
}
