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

#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
mod span;

mod heap;
mod huge_page;
mod mirrored;

use std::alloc::Layout;
use std::error::Error;
use std::fmt;
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;

pub use self::heap::HeapAllocator;
pub use self::huge_page::HugePageAllocator;
pub use self::mirrored::MirroredAllocator;

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
/// 6. **`INV-ALLOC-6`, mirror.** If `memory()` is [`Memory::Mirrored`], then `INV-ALLOC-1` and
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

/// What an allocator hands out: a base pointer, the layout that was asked for, and the kind of
/// memory.
///
/// It is a raw pointer on purpose. A reference over the whole buffer would claim slots that the
/// other side is writing at that moment; references are formed over granted slots only.
///
/// It owns nothing by itself: dropping a `RawBuffer` leaks the memory, as only its allocator knows
/// how to free it. It is neither `Clone` nor `Copy`, so that it can be given back once, and neither
/// `Send` nor `Sync`: what holds it decides that, with the proof beside it.
///
/// # Examples
///
/// ```
/// use crosscore::{BufferAllocator, HeapAllocator, Memory};
/// use std::alloc::Layout;
///
/// let layout = Layout::array::<u32>(256)?;
/// let buffer = HeapAllocator.allocate(layout)?;
/// assert_eq!(buffer.layout(), layout);
/// assert_eq!(buffer.memory(), Memory::Heap);
/// assert!(!buffer.is_contiguous_across_wrap());
/// // SAFETY: INV-ALLOC-7: allocated by the same allocator above, used by nobody.
/// unsafe { HeapAllocator.deallocate(buffer) };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping a RawBuffer leaks it: give it back to its allocator"]
pub struct RawBuffer {
    base: NonNull<u8>,
    layout: Layout,
    memory: Memory,
}

impl RawBuffer {
    /// Describes a buffer.
    ///
    /// Safe, because a description promises nothing. The promise is made by
    /// [`BufferAllocator::allocate`] when it returns one.
    ///
    /// ```
    /// use crosscore::{Memory, RawBuffer};
    /// use std::alloc::Layout;
    /// use std::ptr::NonNull;
    ///
    /// let layout = Layout::new::<[u64; 16]>();
    /// let buffer = RawBuffer::new(NonNull::<u64>::dangling().cast(), layout, Memory::Heap);
    /// assert_eq!(buffer.layout().size(), 128);
    /// ```
    pub const fn new(base: NonNull<u8>, layout: Layout, memory: Memory) -> Self {
        Self {
            base,
            layout,
            memory,
        }
    }

    /// The address of the first byte. Reads and writes go through it as `INV-ALLOC-1` to
    /// `INV-ALLOC-6` allow; it keeps its provenance over the mirror too.
    ///
    /// ```
    /// use crosscore::{BufferAllocator, HeapAllocator};
    /// use std::alloc::Layout;
    ///
    /// let buffer = HeapAllocator.allocate(Layout::new::<[u64; 8]>())?;
    /// assert_eq!(buffer.base().as_ptr() as usize % align_of::<u64>(), 0);
    /// // SAFETY: INV-ALLOC-7: allocated by the same allocator above, used by nobody.
    /// unsafe { HeapAllocator.deallocate(buffer) };
    /// # Ok::<(), crosscore::AllocError>(())
    /// ```
    #[inline]
    pub const fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// The layout that was asked for, whatever the allocator had to round it to.
    ///
    /// ```
    /// # use crosscore::{Memory, RawBuffer};
    /// # use std::{alloc::Layout, ptr::NonNull};
    /// let layout = Layout::new::<u64>();
    /// let buffer = RawBuffer::new(NonNull::<u64>::dangling().cast(), layout, Memory::Heap);
    /// assert_eq!(buffer.layout(), layout);
    /// ```
    #[inline]
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// Which kind of memory this is: what was obtained, not what was hoped for.
    ///
    /// ```
    /// # use crosscore::{Memory, RawBuffer};
    /// # use std::{alloc::Layout, ptr::NonNull};
    /// let layout = Layout::new::<u64>();
    /// let buffer = RawBuffer::new(NonNull::<u64>::dangling().cast(), layout, Memory::HugePages);
    /// assert_eq!(buffer.memory(), Memory::HugePages);
    /// ```
    #[inline]
    pub const fn memory(&self) -> Memory {
        self.memory
    }

    /// Whether a run of slots that passes the end of the buffer is contiguous all the same
    /// (`INV-ALLOC-6`).
    ///
    /// ```
    /// # use crosscore::{Memory, RawBuffer};
    /// # use std::{alloc::Layout, ptr::NonNull};
    /// let layout = Layout::new::<u64>();
    /// let mirrored = RawBuffer::new(NonNull::<u64>::dangling().cast(), layout, Memory::Mirrored);
    /// assert!(mirrored.is_contiguous_across_wrap());
    /// ```
    #[inline]
    pub const fn is_contiguous_across_wrap(&self) -> bool {
        matches!(self.memory, Memory::Mirrored)
    }
}

/// The kinds of memory that a ring can live in.
///
/// ```
/// use crosscore::Memory;
///
/// assert_eq!(Memory::Heap.to_string(), "heap");
/// assert_eq!(Memory::Mirrored.to_string(), "mirrored");
/// assert_eq!(Memory::HugePages.to_string(), "huge-page");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Memory {
    /// Ordinary memory, once in the address space: what passes its end is split in two.
    Heap,
    /// The same pages mapped twice, back to back: what passes the end goes on in the mirror.
    Mirrored,
    /// Ordinary memory for which the kernel has taken the advice to use huge pages.
    HugePages,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Heap => "heap",
            Self::Mirrored => "mirrored",
            Self::HugePages => "huge-page",
        })
    }
}

/// A buffer could not be had: what was asked for, which step failed, and why.
///
/// # Examples
///
/// ```
/// use crosscore::{BufferAllocator, MirroredAllocator};
/// use std::{alloc::Layout, error::Error};
///
/// let layout = Layout::from_size_align(MirroredAllocator.granularity() + 1, 1)?;
/// let error = MirroredAllocator.allocate(layout).unwrap_err();
/// assert_eq!(error.layout(), layout);
/// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
/// assert!(error.to_string().contains("not a multiple of"));
/// assert!(error.source().is_some());
/// # Ok::<(), Box<dyn Error>>(())
/// ```
#[derive(Debug)]
pub struct AllocError {
    memory: Memory,
    layout: Layout,
    step: &'static str,
    source: io::Error,
}

impl AllocError {
    /// Describes a failure: `memory` and `layout` as asked for, `step` the call that failed (its
    /// name in the system's manual), `source` what it answered.
    ///
    /// ```
    /// use crosscore::{AllocError, Memory};
    /// use std::{alloc::Layout, io};
    ///
    /// let error = AllocError::new(
    ///     Memory::Mirrored,
    ///     Layout::new::<[u8; 4096]>(),
    ///     "memfd_create",
    ///     io::Error::from(io::ErrorKind::PermissionDenied),
    /// );
    /// assert_eq!(
    ///     error.to_string(),
    ///     "cannot allocate 4096 bytes (alignment 1) of mirrored memory: \
    ///      memfd_create: permission denied",
    /// );
    /// ```
    pub const fn new(
        memory: Memory,
        layout: Layout,
        step: &'static str,
        source: io::Error,
    ) -> Self {
        Self {
            memory,
            layout,
            step,
            source,
        }
    }

    /// The kind of memory that was asked for.
    ///
    /// ```
    /// use crosscore::{BufferAllocator, HeapAllocator, Memory};
    /// use std::alloc::Layout;
    ///
    /// let error = HeapAllocator.allocate(Layout::new::<()>()).unwrap_err();
    /// assert_eq!(error.memory(), Memory::Heap);
    /// ```
    pub const fn memory(&self) -> Memory {
        self.memory
    }

    /// The layout that was asked for.
    ///
    /// ```
    /// use crosscore::{BufferAllocator, HeapAllocator};
    /// use std::alloc::Layout;
    ///
    /// let error = HeapAllocator.allocate(Layout::new::<()>()).unwrap_err();
    /// assert_eq!(error.layout().size(), 0);
    /// ```
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// The step that failed: the name of a system call, or what was being checked.
    ///
    /// ```
    /// use crosscore::{BufferAllocator, HeapAllocator};
    /// use std::alloc::Layout;
    ///
    /// let error = HeapAllocator.allocate(Layout::new::<()>()).unwrap_err();
    /// assert_eq!(error.step(), "size");
    /// ```
    pub const fn step(&self) -> &'static str {
        self.step
    }

    /// Why it failed, in the words of `std`: `InvalidInput` for a layout that breaks the rules of
    /// [`BufferAllocator::allocate`], `Unsupported` where the system lacks what is needed,
    /// `OutOfMemory` when it is exhausted. The operating system's own number is in
    /// [`source`](Error::source), an [`io::Error`].
    ///
    /// ```
    /// use crosscore::{BufferAllocator, HeapAllocator};
    /// use std::{alloc::Layout, io::ErrorKind};
    ///
    /// let error = HeapAllocator.allocate(Layout::new::<()>()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    /// ```
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot allocate {} bytes (alignment {}) of {} memory: {}: {}",
            self.layout.size(),
            self.layout.align(),
            self.memory,
            self.step,
            self.source
        )
    }
}

impl Error for AllocError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// A step that failed, before it is known on whose behalf: the platform code knows nothing of
/// layouts.
#[derive(Debug)]
struct Failure {
    step: &'static str,
    source: io::Error,
}

impl Failure {
    fn new(step: &'static str, source: impl Into<io::Error>) -> Self {
        Self {
            step,
            source: source.into(),
        }
    }

    fn invalid(step: &'static str, reason: String) -> Self {
        Self::new(step, io::Error::new(io::ErrorKind::InvalidInput, reason))
    }

    fn out_of_memory(step: &'static str) -> Self {
        Self::new(step, io::ErrorKind::OutOfMemory)
    }

    fn of(self, memory: Memory, layout: Layout) -> AllocError {
        AllocError::new(memory, layout, self.step, self.source)
    }
}

/// The rule about sizes (`INV-ALLOC-8`), the same for every allocator.
fn check_size(size: usize, granularity: usize) -> Result<(), Failure> {
    if size == 0 {
        return Err(Failure::invalid(
            "size",
            "a buffer has at least one byte".to_owned(),
        ));
    }
    if !size.is_multiple_of(granularity) {
        return Err(Failure::invalid(
            "size",
            format!("{size} is not a multiple of the granularity of {granularity} bytes"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
