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
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
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

/// An ArrayBuffer over a ring's memory, as this environment must know it to end.
///
/// When an environment ends, Node detaches its external ArrayBuffers and runs their finalizers: nobody in
/// there can reach the memory any more. But a program may have taken the memory out of its ArrayBuffer (a
/// byte stream does so with the views that it is given) and sent it to another thread, and then the
/// finalizer comes too soon. So a second ArrayBuffer, the sentinel, is made right after the first and never
/// let go: Node ends the younger first, and its finalizer finds out whether the memory is still where it
/// was put. Memory that is not is never freed (INV-NODE-6).
struct Window {
    env: sys::napi_env,
    /// One count, which the finalizer gives back.
    ring: *const SharedRing,
    /// The ArrayBuffer, weakly.
    buffer: Cell<sys::napi_ref>,
    /// The sentinel, strongly.
    sentinel: Cell<sys::napi_ref>,
    /// Its finalizer has run.
    ended: Cell<bool>,
    /// The memory was found to be somewhere else.
    escaped: Cell<bool>,
}

/// Makes an ArrayBuffer over both halves. It keeps the ring, and with it the memory, alive until
/// it and every view of it are gone.
///
/// At most one per ring and environment (`lib/memory.ts` keeps it): two ArrayBuffers of one isolate
/// over the same address are outside what V8 promises to handle.
pub(crate) fn array_buffer(
    env: sys::napi_env,
    ring: &Arc<SharedRing>,
) -> napi::Result<sys::napi_value> {
    let window = Rc::new(Window {
        env,
        ring: Arc::into_raw(Arc::clone(ring)),
        buffer: Cell::new(ptr::null_mut()),
        sentinel: Cell::new(ptr::null_mut()),
        ended: Cell::new(false),
        escaped: Cell::new(false),
    });
    let base = ring.base().as_ptr().cast::<c_void>();
    // SAFETY: INV-NODE-1: `base` is valid for twice the capacity while the ring is counted, and
    // `window_ended` uncounts it once, when V8 has let go of the memory.
    let buffer = unsafe { external(env, base, 2 * ring.capacity(), window_ended, &window) }
        .inspect_err(|_| {
            // SAFETY: INV-NODE-1: no ArrayBuffer was made, so its finalizer never runs and the count
            // is still ours.
            drop(unsafe { Arc::from_raw(window.ring) });
        })?;
    let mut reference = ptr::null_mut();
    // SAFETY: INV-NODE-1: a value of the call that is under way.
    let status = unsafe { sys::napi_create_reference(env, buffer, 0, &mut reference) };
    check(status, "napi_create_reference")?;
    window.buffer.set(reference);

    // An ArrayBuffer of its own address, of which nobody reads or writes a byte.
    let address = Rc::as_ptr(&window).cast_mut().cast::<c_void>();
    // SAFETY: INV-NODE-1: the window is valid while the sentinel counts it.
    let sentinel = unsafe { external(env, address, 1, sentinel_ended, &window)? };
    let mut reference = ptr::null_mut();
    // SAFETY: INV-NODE-1: a value of the call that is under way.
    let status = unsafe { sys::napi_create_reference(env, sentinel, 1, &mut reference) };
    check(status, "napi_create_reference")?;
    window.sentinel.set(reference);
    Ok(buffer)
}

/// Makes an ArrayBuffer over foreign memory, whose finalizer gets a count of the window.
///
/// # Safety
///
/// The memory is valid until the finalizer runs, and that gives the count back.
unsafe fn external(
    env: sys::napi_env,
    address: *mut c_void,
    bytes: usize,
    finalizer: unsafe extern "C" fn(sys::napi_env, *mut c_void, *mut c_void),
    window: &Rc<Window>,
) -> napi::Result<sys::napi_value> {
    let hint = Rc::into_raw(Rc::clone(window));
    let mut value = ptr::null_mut();
    // SAFETY: INV-NODE-1: the caller's promise.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(
            env,
            address,
            bytes,
            Some(finalizer),
            hint.cast_mut().cast(),
            &mut value,
        )
    };
    check(status, "napi_create_external_arraybuffer").inspect_err(|_| {
        // SAFETY: INV-NODE-1: nothing was made, so its finalizer never runs and the count is ours.
        drop(unsafe { Rc::from_raw(hint) });
    })?;
    Ok(value)
}

/// Finalizer of the sentinel: the environment ends, or the ArrayBuffer has ended before it.
unsafe extern "C" fn sentinel_ended(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: INV-NODE-1: the count that `external` gave to the sentinel.
    let window = unsafe { Rc::from_raw(hint.cast::<Window>().cast_const()) };
    if !window.ended.get() {
        window.escaped.set(!window.is_in_place());
    }
}

/// Finalizer of the ArrayBuffer.
unsafe extern "C" fn window_ended(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: INV-NODE-1: the count that `external` gave to the ArrayBuffer.
    let window = unsafe { Rc::from_raw(hint.cast::<Window>().cast_const()) };
    window.ended.set(true);
    for reference in [&window.buffer, &window.sentinel] {
        let reference = reference.replace(ptr::null_mut());
        if !reference.is_null() {
            // SAFETY: INV-NODE-1: made in `array_buffer` and deleted here only. A failure means that the
            // environment deletes it itself.
            let _status = unsafe { sys::napi_delete_reference(window.env, reference) };
        }
    }
    // INV-NODE-6: somebody else may use memory that has escaped, for as long as the process lives.
    if !window.escaped.get() {
        // SAFETY: INV-NODE-1: the count that `array_buffer` gave away, once.
        drop(unsafe { Arc::from_raw(window.ring) });
    }
}

impl Window {
    /// Whether the memory is where it was put: its ArrayBuffer exists and is not detached. One that has
    /// been collected although its finalizer has not run has lost its memory before, or its finalizer waits
    /// for a turn of the event loop that will not come; the two look alike, and then, as where nothing can
    /// be asked, the answer is no. To keep what could be freed is the lesser evil.
    fn is_in_place(&self) -> bool {
        let mut scope = ptr::null_mut();
        let mut buffer = ptr::null_mut();
        let mut detached = true;
        // SAFETY: INV-NODE-2: finalizers run on the environment's thread; INV-NODE-1: out-values, and the
        // reference is deleted only after `ended` was set.
        unsafe {
            if sys::napi_open_handle_scope(self.env, &mut scope) != sys::Status::napi_ok {
                return false;
            }
            let found = sys::napi_get_reference_value(self.env, self.buffer.get(), &mut buffer);
            if found == sys::Status::napi_ok && !buffer.is_null() {
                let asked = sys::napi_is_detached_arraybuffer(self.env, buffer, &mut detached);
                detached |= asked != sys::Status::napi_ok;
            }
            sys::napi_close_handle_scope(self.env, scope);
        }
        !detached
    }
}
