//! What an allocator hands out, and the kinds of memory that there are.

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

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
    /// [`BufferAllocator::allocate`](super::BufferAllocator::allocate) when it returns one.
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
/// assert_eq!(Memory::Static.to_string(), "static");
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
    /// That of a `static`: [`StaticRing`](crate::StaticRing).
    Static,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Heap => "heap",
            Self::Mirrored => "mirrored",
            Self::HugePages => "huge-page",
            Self::Static => "static",
        })
    }
}
