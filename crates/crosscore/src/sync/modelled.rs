//! The seam under Loom: its types, and a shadow of the slots.

/// A memory ordering, chosen in `ordering.rs`.
pub(crate) use std::sync::atomic::Ordering as Site;

pub(crate) use loom::cell::UnsafeCell;
pub(crate) use loom::sync::Arc;
pub(crate) use loom::sync::atomic::fence;
pub(crate) use loom::thread;

macro_rules! modelled_atomic {
    ($name:ident, $value:ty) => {
        /// Loom's atomic.
        #[derive(Debug)]
        pub(crate) struct $name(loom::sync::atomic::$name);

        impl $name {
            pub(crate) fn new(value: $value) -> Self {
                Self(loom::sync::atomic::$name::new(value))
            }

            pub(crate) fn load(&self, site: Site) -> $value {
                self.0.load(site)
            }

            #[allow(dead_code, reason = "each atomic uses some of the operations")]
            pub(crate) fn store(&self, value: $value, site: Site) {
                self.0.store(value, site);
            }

            #[allow(dead_code, reason = "each atomic uses some of the operations")]
            pub(crate) fn fetch_or(&self, value: $value, site: Site) -> $value {
                self.0.fetch_or(value, site)
            }

            #[allow(dead_code, reason = "each atomic uses some of the operations")]
            pub(crate) fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Site,
                failure: Site,
            ) -> Result<$value, $value> {
                self.0.compare_exchange(current, new, success, failure)
            }
        }
    };
}

modelled_atomic!(AtomicU32, u32);
modelled_atomic!(AtomicU64, u64);

/// Loom does not reorder what a compiler would.
pub(crate) fn compiler_fence(_site: Site) {}

/// One Loom cell for each slot: a touch that no happens-before edge orders makes the model fail.
#[derive(Debug)]
pub(crate) struct SlotShadow(Box<[UnsafeCell<()>]>);

impl SlotShadow {
    pub(crate) fn new(capacity: usize) -> Self {
        Self((0..capacity).map(|_| UnsafeCell::new(())).collect())
    }

    fn slot(&self, position: u64) -> &UnsafeCell<()> {
        &self.0[position as usize & (self.0.len() - 1)]
    }

    pub(crate) fn reads(&self, position: u64, count: usize) {
        (0..count as u64).for_each(|i| self.slot(position.wrapping_add(i)).with(|_| ()));
    }

    pub(crate) fn writes(&self, position: u64, count: usize) {
        (0..count as u64).for_each(|i| self.slot(position.wrapping_add(i)).with_mut(|_| ()));
    }
}
