//! Elements that nobody took, and the buffer, at the end.

use super::Ring;
use crate::alloc::{BufferAllocator, RawBuffer};
use crate::cursors::Grant;

impl<T, A: BufferAllocator> Ring<T, A> {
    /// Drops the elements of a grant, oldest first. A destructor that panics does not keep the others
    /// from being dropped, whichever side of the buffer's end they are on (INV-DROP-2).
    ///
    /// # Safety
    ///
    /// INV-INIT-1 and INV-DROP-1: the elements are initialised, and nobody drops them again.
    pub(crate) unsafe fn drop_elements(&self, grant: Grant) {
        struct DropRun<T>(*mut [T]);
        impl<T> Drop for DropRun<T> {
            fn drop(&mut self) {
                // SAFETY: INV-INIT-1 and INV-DROP-1: the caller's promise. INV-MEM-2: the run is
                // contiguous.
                unsafe { self.0.drop_in_place() };
            }
        }

        if !core::mem::needs_drop::<T>() {
            return;
        }
        let first = self.contiguous(grant);
        let wrapped = grant.position.wrapping_add(first as u64);
        let run = |position, len| {
            DropRun(core::ptr::slice_from_raw_parts_mut(
                self.slot(position),
                len,
            ))
        };
        // Declared last, dropped first, and the other one follows also when that unwinds.
        let _second = run(wrapped, grant.count as usize - first);
        let _first = run(grant.position, first);
    }
}

impl<T, A: BufferAllocator> Drop for Ring<T, A> {
    fn drop(&mut self) {
        /// Gives the buffer back, also when an element's destructor panics.
        struct Deallocate<'a, A: BufferAllocator>(&'a A, Option<RawBuffer>);
        impl<A: BufferAllocator> Drop for Deallocate<'_, A> {
            fn drop(&mut self) {
                if let Some(buffer) = self.1.take() {
                    // SAFETY: INV-ALLOC-7: it came from this allocator, and `&mut` on the ring
                    // proves that nobody uses it any more.
                    unsafe { self.0.deallocate(buffer) };
                }
            }
        }

        let unread = self.cursors.unread();
        let _deallocate = Deallocate(&self.allocator, self.buffer.take());
        self.shadow.writes(unread.position, unread.count as usize);
        // SAFETY: INV-INIT-1: slots in `[head, tail)` are initialised, and INV-DROP-1: both handles
        // are gone, so nobody else drops these.
        unsafe { self.drop_elements(unread) };
    }
}
