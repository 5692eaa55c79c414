//! What an allocator promises about the memory that it hands out.

use core::alloc::Layout;

#[cfg(feature = "alloc")]
use liballoc::boxed::Box;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use liballoc::sync::Arc;

#[cfg(feature = "alloc")]
use super::Failure;
use super::{AllocError, RawBuffer};

/// Hands out the memory that a ring keeps its slots in.
///
/// The validity of the buffer is a promise of this trait, not of the ring.
///
/// # Safety
///
/// For every [`RawBuffer`] that [`allocate`](Self::allocate) returns, the implementation upholds:
///
/// 1. **`INV-ALLOC-1`, validity.** `base()` is valid for reads and writes of `layout().size()`
///    bytes, from any thread, until the buffer is given to [`deallocate`](Self::deallocate).
/// 2. **`INV-ALLOC-2`, alignment.** `base()` is a multiple of `layout().align()`.
/// 3. **`INV-ALLOC-3`, exclusivity.** The bytes belong to this buffer alone: no other buffer,
///    object, reference or mapping overlaps them, except the mirror of `INV-ALLOC-6`. The allocator
///    itself does not read or write them until `deallocate`.
/// 4. **`INV-ALLOC-4`, initialisation.** Every byte is initialised, and zero.
/// 5. **`INV-ALLOC-5`, fixed place.** `base()` does not change, even when the `RawBuffer`, the
///    allocator or whatever holds them is moved.
/// 6. **`INV-ALLOC-6`, mirror.** If `memory()` is [`Memory::Mirrored`](super::Memory::Mirrored), then `INV-ALLOC-1` and
///    `INV-ALLOC-3` hold for `2 * layout().size()` bytes, that number does not exceed `isize::MAX`,
///    and `base() + size + i` is the same byte as `base() + i` for every `i < size`.
/// 7. **`INV-ALLOC-7`, release.** `deallocate` may be called on any thread that can reach the
///    allocator, and after the allocator has been moved.
/// 8. **`INV-ALLOC-8`, all or nothing.** `granularity()` is a power of two and always the same.
///    `allocate` returns a buffer whose `layout()` is the layout that was asked for, or an `Err`;
///    it is a safe function, so a size of zero or between two multiples of the granularity is an
///    `Err` as well. After an `Err` no usable memory and no file descriptor is left behind.
///
/// # Examples
///
/// An allocator that counts what passes through it:
///
/// ```
/// use crosscore::{AllocError, BufferAllocator, HeapAllocator, RawBuffer};
/// use std::alloc::Layout;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// #[derive(Default)]
/// struct Counting {
///     live: AtomicUsize,
/// }
///
/// // SAFETY: INV-ALLOC-1 to INV-ALLOC-8: every call is passed on to HeapAllocator unchanged.
/// unsafe impl BufferAllocator for Counting {
///     fn granularity(&self) -> usize {
///         HeapAllocator.granularity()
///     }
///     fn allocate(&self, layout: Layout) -> Result<RawBuffer, AllocError> {
///         let buffer = HeapAllocator.allocate(layout)?;
///         self.live.fetch_add(1, Ordering::Relaxed);
///         Ok(buffer)
///     }
///     unsafe fn deallocate(&self, buffer: RawBuffer) {
///         self.live.fetch_sub(1, Ordering::Relaxed);
///         // SAFETY: INV-ALLOC-7: the buffer came from HeapAllocator, and the caller gives it up.
///         unsafe { HeapAllocator.deallocate(buffer) }
///     }
/// }
///
/// let counting = Counting::default();
/// let buffer = counting.allocate(Layout::array::<u64>(512)?)?;
/// assert_eq!(counting.live.load(Ordering::Relaxed), 1);
/// // SAFETY: INV-ALLOC-7: allocated just above, used by nobody.
/// unsafe { counting.deallocate(buffer) };
/// assert_eq!(counting.live.load(Ordering::Relaxed), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub unsafe trait BufferAllocator {
    /// The number of bytes, a power of two, that every size given to [`allocate`](Self::allocate)
    /// must be a multiple of: 1 for the heap, the page size for mirrored memory (64 KiB on
    /// Windows).
    ///
    /// ```
    /// use crosscore::{BufferAllocator, HeapAllocator, MirroredAllocator};
    ///
    /// assert_eq!(HeapAllocator.granularity(), 1);
    /// let page = MirroredAllocator.granularity();
    /// assert!(page.is_power_of_two());
    /// assert_eq!(100_usize.next_multiple_of(page), page);
    /// ```
    fn granularity(&self) -> usize;

    /// Allocates a zeroed buffer of exactly `layout.size()` bytes, aligned to at least
    /// `layout.align()`.
    ///
    /// `layout.size()` has to be greater than zero and a multiple of
    /// [`granularity`](Self::granularity).
    ///
    /// # Errors
    ///
    /// [`AllocError`], which says what was asked for, which step failed and what the operating
    /// system answered. A size that breaks the rule above is such an error, not undefined
    /// behaviour.
    ///
    /// ```
    /// use crosscore::{BufferAllocator, HeapAllocator};
    /// use std::alloc::Layout;
    ///
    /// let buffer = HeapAllocator.allocate(Layout::array::<f64>(1024)?)?;
    /// // SAFETY: INV-ALLOC-1, INV-ALLOC-2, INV-ALLOC-4: valid, aligned and zeroed for 1024 f64.
    /// assert_eq!(unsafe { buffer.base().cast::<f64>().add(1023).read() }, 0.0);
    /// // SAFETY: INV-ALLOC-7: allocated by the same allocator above, used by nobody from here on.
    /// unsafe { HeapAllocator.deallocate(buffer) };
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn allocate(&self, layout: Layout) -> Result<RawBuffer, AllocError>;

    /// Gives a buffer back. Does not fail and does not panic.
    ///
    /// # Safety
    ///
    /// `buffer` came from [`allocate`](Self::allocate) of this allocator (or of an equal one, where
    /// the allocator has no state, like those of this crate), and nobody uses its memory any more:
    /// no thread, no reference, no view of JavaScript.
    ///
    /// ```
    /// use crosscore::{BufferAllocator, HeapAllocator};
    /// use std::alloc::Layout;
    ///
    /// let buffer = HeapAllocator.allocate(Layout::new::<[u8; 64]>())?;
    /// // SAFETY: INV-ALLOC-7: allocated by the same allocator above, used by nobody.
    /// unsafe { HeapAllocator.deallocate(buffer) };
    /// # Ok::<(), crosscore::AllocError>(())
    /// ```
    unsafe fn deallocate(&self, buffer: RawBuffer);
}

/// Forwards to an allocator that lives elsewhere: to look at its counters afterwards, say.
// SAFETY: INV-ALLOC-1 to INV-ALLOC-8: every call reaches the one allocator behind the reference,
// which made these promises. A shared reference leads to the same allocator for as long as it
// lives, so what one call allocated the other can deallocate (INV-ALLOC-7).
unsafe impl<A: BufferAllocator + ?Sized> BufferAllocator for &A {
    fn granularity(&self) -> usize {
        (**self).granularity()
    }

    fn allocate(&self, layout: Layout) -> Result<RawBuffer, AllocError> {
        (**self).allocate(layout)
    }

    unsafe fn deallocate(&self, buffer: RawBuffer) {
        // SAFETY: INV-ALLOC-7: the caller's promise holds for the allocator behind the reference.
        unsafe { (**self).deallocate(buffer) }
    }
}

/// Lets the kind of memory be chosen at run time: `Box<dyn BufferAllocator + Send + Sync>`.
// SAFETY: INV-ALLOC-1 to INV-ALLOC-8: every call reaches the one allocator in the box, which made
// these promises; moving the box does not even move it (INV-ALLOC-5, INV-ALLOC-7).
#[cfg(feature = "alloc")]
unsafe impl<A: BufferAllocator + ?Sized> BufferAllocator for Box<A> {
    fn granularity(&self) -> usize {
        (**self).granularity()
    }

    fn allocate(&self, layout: Layout) -> Result<RawBuffer, AllocError> {
        (**self).allocate(layout)
    }

    unsafe fn deallocate(&self, buffer: RawBuffer) {
        // SAFETY: INV-ALLOC-7: the caller's promise holds for the allocator in the box.
        unsafe { (**self).deallocate(buffer) }
    }
}

/// Shares one allocator, with its limit or its counters, between rings that live on several
/// threads.
// SAFETY: INV-ALLOC-1 to INV-ALLOC-8: every call reaches the one allocator behind the counter,
// which made these promises and outlives every clone that could deallocate (INV-ALLOC-7).
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
unsafe impl<A: BufferAllocator + ?Sized> BufferAllocator for Arc<A> {
    fn granularity(&self) -> usize {
        (**self).granularity()
    }

    fn allocate(&self, layout: Layout) -> Result<RawBuffer, AllocError> {
        (**self).allocate(layout)
    }

    unsafe fn deallocate(&self, buffer: RawBuffer) {
        // SAFETY: INV-ALLOC-7: the caller's promise holds for the shared allocator.
        unsafe { (**self).deallocate(buffer) }
    }
}

/// The rule about sizes (`INV-ALLOC-8`), the same for every allocator.
#[cfg(feature = "alloc")]
pub(super) fn check_size(size: usize, granularity: usize) -> Result<(), Failure> {
    if size == 0 {
        return Err(Failure::invalid(
            "size",
            "a buffer has at least one byte".into(),
        ));
    }
    if !size.is_multiple_of(granularity) {
        return Err(Failure::invalid(
            "size",
            liballoc::format!("{size} is not a multiple of the granularity of {granularity} bytes"),
        ));
    }
    Ok(())
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::super::{HeapAllocator, HugePageAllocator, MirroredAllocator};
    use super::*;
    use std::io;

    /// Everything that is promised of every allocator, for one layout.
    fn check_contract(allocator: &dyn BufferAllocator, layout: Layout) {
        let buffer = allocator.allocate(layout).unwrap();
        assert_eq!(buffer.layout(), layout);
        let base = buffer.base().as_ptr();
        assert_eq!(
            base as usize % layout.align(),
            0,
            "INV-ALLOC-2 for {layout:?}"
        );
        for i in 0..layout.size() {
            // SAFETY: INV-ALLOC-1: i is below the size.
            let byte = unsafe { base.add(i).read() };
            assert_eq!(byte, 0, "INV-ALLOC-4 at {i} for {layout:?}");
        }
        for i in 0..layout.size() {
            // SAFETY: INV-ALLOC-1: i is below the size.
            unsafe { base.add(i).write(i as u8 ^ 0x5a) };
        }
        for i in 0..layout.size() {
            // SAFETY: INV-ALLOC-1: i is below the size.
            let byte = unsafe { base.add(i).read() };
            assert_eq!(byte, i as u8 ^ 0x5a, "INV-ALLOC-3 at {i}");
        }
        // SAFETY: INV-ALLOC-7: allocated above, used by nobody from here on.
        unsafe { allocator.deallocate(buffer) };
    }

    // INV-ALLOC-2, INV-ALLOC-3, INV-ALLOC-4
    #[test]
    fn every_allocator_keeps_the_contract() {
        let mirrored = MirroredAllocator.granularity();
        for align in [1, 8, 64, 128, 256, 4096] {
            for size in [1, 7, 128, 4096, 70_000, 3 << 20] {
                let layout = Layout::from_size_align(size, align).unwrap();
                check_contract(&HeapAllocator, layout);
                check_contract(&HugePageAllocator, layout);
                if cfg!(any(target_os = "linux", target_os = "macos", windows)) {
                    let layout =
                        Layout::from_size_align(size.next_multiple_of(mirrored), align).unwrap();
                    check_contract(&MirroredAllocator, layout);
                }
            }
        }
    }

    #[test]
    fn memory_that_was_used_before_comes_back_zeroed() {
        for _ in 0..100 {
            check_contract(&HeapAllocator, Layout::from_size_align(1000, 8).unwrap());
        }
    }

    #[test]
    fn pointers_to_allocators_are_allocators() {
        let layout = Layout::from_size_align(1024, 8).unwrap();
        check_contract(&&HeapAllocator, layout);
        check_contract(&Arc::new(HeapAllocator), layout);
        let chosen: Box<dyn BufferAllocator + Send + Sync> = Box::new(HeapAllocator);
        assert_eq!(chosen.granularity(), 1);
        check_contract(&chosen, layout);
    }

    #[test]
    fn a_size_of_zero_is_an_error() {
        let layout = Layout::from_size_align(0, 8).unwrap();
        let allocators: [&dyn BufferAllocator; 3] =
            [&HeapAllocator, &MirroredAllocator, &HugePageAllocator];
        for allocator in allocators {
            let error = allocator.allocate(layout).unwrap_err();
            if error.kind() != io::ErrorKind::Unsupported {
                assert_eq!(
                    (error.step(), error.kind()),
                    ("size", io::ErrorKind::InvalidInput)
                );
            }
        }
    }

    #[test]
    fn a_size_that_no_machine_has_is_an_error() {
        let allocators: [&dyn BufferAllocator; 3] =
            [&HeapAllocator, &MirroredAllocator, &HugePageAllocator];
        let largest = (isize::MAX as usize) & !0xffff;
        for allocator in allocators {
            for size in [1 << (usize::BITS - 18), largest / 4, largest / 2, largest] {
                let layout = Layout::from_size_align(size & !0xffff, 64).unwrap();
                let error = allocator.allocate(layout).unwrap_err();
                assert_eq!(error.layout(), layout);
                // Windows calls more than it has addresses for an invalid parameter.
                let refused = match error.kind() {
                    io::ErrorKind::OutOfMemory => true,
                    io::ErrorKind::InvalidInput => cfg!(windows),
                    _ => false,
                };
                assert!(refused, "{error}");
                assert!(
                    error.to_string().contains(&layout.size().to_string()),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn a_buffer_is_freed_on_another_thread_by_a_moved_allocator() {
        struct Sent(RawBuffer);
        // SAFETY: INV-ALLOC-1, INV-ALLOC-7: the buffer may be used and freed on any thread.
        unsafe impl Send for Sent {}

        let layout = Layout::from_size_align(MirroredAllocator.granularity(), 8).unwrap();
        let boxes: [Box<dyn BufferAllocator + Send>; 3] = [
            Box::new(HeapAllocator),
            Box::new(MirroredAllocator),
            Box::new(HugePageAllocator),
        ];
        for allocator in boxes {
            let sent = match allocator.allocate(layout) {
                Ok(buffer) => Sent(buffer),
                Err(error) if error.kind() == io::ErrorKind::Unsupported => continue,
                Err(error) => panic!("{error}"),
            };
            std::thread::spawn(move || {
                let Sent(buffer) = { sent };
                // SAFETY: INV-ALLOC-1, INV-ALLOC-5: valid here too.
                unsafe { buffer.base().write(1) };
                // SAFETY: INV-ALLOC-7: allocated above, used by nobody from here on.
                unsafe { allocator.deallocate(buffer) };
            })
            .join()
            .unwrap();
        }
    }
}
