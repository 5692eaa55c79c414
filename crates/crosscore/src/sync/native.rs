//! The seam on real hardware: `std`'s types, and nothing else.

pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering as Site, compiler_fence, fence};
pub(crate) use std::thread;

/// `core::cell::UnsafeCell` with Loom's closure interface.
#[derive(Debug, Default)]
#[repr(transparent)]
pub(crate) struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(core::cell::UnsafeCell::new(value))
    }

    /// Calls `f` with a pointer that is good for reading.
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    /// Calls `f` with a pointer that is good for writing.
    #[inline(always)]
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// Tells Loom which slots are touched; on real hardware there is nobody to tell.
#[derive(Debug)]
pub(crate) struct SlotShadow;

impl SlotShadow {
    pub(crate) fn new(_capacity: usize) -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) fn reads(&self, _position: u64, _count: usize) {}

    #[inline(always)]
    pub(crate) fn writes(&self, _position: u64, _count: usize) {}
}
