//! The ring's memory as JavaScript sees it: twice its capacity, one ArrayBuffer.
//!
//! JavaScript always sees `2 * capacity` bytes, of which the second half continues the first, so
//! that every reservation and every message is one contiguous view. On mirrored memory the second
//! half is the first one, mapped again. On the heap it is memory of its own, and `lib/span.ts`
//! copies what runs across the wrap: the producer down from the second half before it publishes,
//! the consumer up into it before it shows a view. A byte of the second half is used by whoever
//! owns both the last slot of the first half and the slot that the byte stands for, so the edges
//! that hand over the slots hand it over too (INV-NODE-3).

use std::alloc::Layout;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use crosscore::{
    AllocError, BufferAllocator, HeapAllocator, Memory, MirroredAllocator, RawBuffer, Ring,
};
use napi::sys;

use crate::status::check;

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
            Self::Mirrored => MirroredAllocator.allocate(layout),
            Self::Heap => {
                let whole = HeapAllocator.allocate(twice(layout))?;
                Ok(RawBuffer::new(whole.base(), layout, Memory::Heap))
            }
        }
    }

    unsafe fn deallocate(&self, buffer: RawBuffer) {
        match self {
            // SAFETY: INV-ALLOC-7: the caller's promise, passed on.
            Self::Mirrored => unsafe { MirroredAllocator.deallocate(buffer) },
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
pub(crate) type SharedRing = Ring<u8, RingMemory>;

/// Makes an ArrayBuffer over both halves. It keeps the ring, and with it the memory, alive until
/// it and every view of it are gone.
///
/// At most one per ring and environment (`lib/memory.ts` keeps it): two ArrayBuffers of one isolate
/// over the same address are outside what V8 promises to handle.
pub(crate) fn array_buffer(
    env: sys::napi_env,
    ring: &Arc<SharedRing>,
) -> napi::Result<sys::napi_value> {
    let base = ring.base().as_ptr().cast::<c_void>();
    let owner = Arc::into_raw(Arc::clone(ring));
    let mut value = ptr::null_mut();
    // SAFETY: INV-NODE-1: `base` is valid for twice the capacity while `owner` is counted, and
    // `release_owner` uncounts it once, when V8 has let go of the memory.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(
            env,
            base,
            2 * ring.capacity(),
            Some(release_owner),
            owner.cast_mut().cast(),
            &mut value,
        )
    };
    check(status, "napi_create_external_arraybuffer").inspect_err(|_| {
        // SAFETY: INV-NODE-1: no ArrayBuffer was made, so its finalizer never runs and the count
        // is still ours.
        drop(unsafe { Arc::from_raw(owner) });
    })?;
    Ok(value)
}

/// Finalizer of the ArrayBuffer.
unsafe extern "C" fn release_owner(_env: sys::napi_env, _data: *mut c_void, owner: *mut c_void) {
    // SAFETY: INV-NODE-1: `owner` is the count that `array_buffer` gave away, once.
    drop(unsafe { Arc::from_raw(owner.cast::<SharedRing>().cast_const()) });
}
