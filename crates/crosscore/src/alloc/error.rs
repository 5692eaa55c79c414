//! Why a buffer could not be had.

use core::alloc::Layout;
use core::error::Error;
use core::fmt;

#[cfg(feature = "alloc")]
use liballoc::string::String;
#[cfg(feature = "std")]
use std::io::{self, Error as Cause};

#[cfg(not(feature = "std"))]
use self::bare::Cause;
use super::Memory;

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
    source: Cause,
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
    #[cfg(feature = "std")]
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

    /// Says that there is no memory left: `step` is what was tried. For allocators that do without
    /// `std`, and so without [`new`](Self::new).
    ///
    /// ```
    /// use crosscore::{AllocError, Memory};
    /// use std::alloc::Layout;
    ///
    /// let error = AllocError::out_of_memory(Memory::Heap, Layout::new::<u64>(), "pool");
    /// assert!(error.is_out_of_memory());
    /// assert_eq!(
    ///     error.to_string(),
    ///     "cannot allocate 8 bytes (alignment 8) of heap memory: pool: out of memory",
    /// );
    /// ```
    pub fn out_of_memory(memory: Memory, layout: Layout, step: &'static str) -> Self {
        Failure::out_of_memory(step).of(memory, layout)
    }

    /// Whether there was not enough memory. Otherwise the layout cannot be served, or the system
    /// lacks what is needed.
    ///
    /// ```
    /// use crosscore::{BufferAllocator, HeapAllocator};
    /// use std::alloc::Layout;
    ///
    /// let error = HeapAllocator.allocate(Layout::new::<()>()).unwrap_err();
    /// assert!(!error.is_out_of_memory());
    /// ```
    pub fn is_out_of_memory(&self) -> bool {
        #[cfg(feature = "std")]
        return self.kind() == io::ErrorKind::OutOfMemory;
        #[cfg(not(feature = "std"))]
        matches!(self.source, Cause::OutOfMemory)
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
    /// [`BufferAllocator::allocate`](super::BufferAllocator::allocate), `Unsupported` where the system lacks what is needed,
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
    #[cfg(feature = "std")]
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
pub(super) struct Failure {
    pub(super) step: &'static str,
    pub(super) source: Cause,
}

impl Failure {
    pub(super) fn new(step: &'static str, source: impl Into<Cause>) -> Self {
        Self {
            step,
            source: source.into(),
        }
    }

    #[cfg(feature = "std")]
    pub(super) fn invalid(step: &'static str, reason: String) -> Self {
        Self::new(step, io::Error::new(io::ErrorKind::InvalidInput, reason))
    }

    #[cfg(all(feature = "alloc", not(feature = "std")))]
    pub(super) fn invalid(step: &'static str, reason: String) -> Self {
        Self::new(step, Cause::InvalidInput(reason))
    }

    #[cfg(feature = "std")]
    pub(super) fn out_of_memory(step: &'static str) -> Self {
        Self::new(step, io::ErrorKind::OutOfMemory)
    }

    #[cfg(not(feature = "std"))]
    pub(super) fn out_of_memory(step: &'static str) -> Self {
        Self::new(step, Cause::OutOfMemory)
    }

    pub(super) fn of(self, memory: Memory, layout: Layout) -> AllocError {
        AllocError {
            memory,
            layout,
            step: self.step,
            source: self.source,
        }
    }
}

/// What stands for `std::io::Error` where there is no `std`: the same words for the same reasons.
#[cfg(not(feature = "std"))]
mod bare {
    use core::error::Error;
    use core::fmt;

    #[cfg(feature = "alloc")]
    use liballoc::string::String;

    #[derive(Debug)]
    pub(in super::super) enum Cause {
        #[cfg(feature = "alloc")]
        InvalidInput(String),
        OutOfMemory,
    }

    impl fmt::Display for Cause {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(match self {
                #[cfg(feature = "alloc")]
                Self::InvalidInput(reason) => reason,
                Self::OutOfMemory => "out of memory",
            })
        }
    }

    impl Error for Cause {}
}
