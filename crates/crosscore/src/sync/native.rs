//! The seam on real hardware: the standard library's types, and nothing else.

pub(crate) use core::sync::atomic::{Ordering as Site, compiler_fence, fence};
#[cfg(feature = "std")]
pub(crate) use std::thread;

#[cfg(all(not(target_has_atomic = "64"), feature = "alloc"))]
pub(crate) use super::absent::Arc;
#[cfg(not(target_has_atomic = "64"))]
pub(crate) use super::absent::{AtomicU32, AtomicU64};
#[cfg(target_has_atomic = "64")]
pub(crate) use core::sync::atomic::{AtomicU32, AtomicU64};
#[cfg(all(target_has_atomic = "64", feature = "alloc"))]
pub(crate) use liballoc::sync::Arc;

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
