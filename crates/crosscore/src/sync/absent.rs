//! What a target without atomics of 64 bits has instead: types for the compiler to check the rest of the crate
//! against, so that the error of lib.rs comes alone. No program is ever built with them.

use core::sync::atomic::Ordering;

#[cfg(feature = "alloc")]
pub(crate) use liballoc::rc::Rc as Arc;

macro_rules! absent_atomic {
    ($name:ident, $value:ty) => {
        #[derive(Debug)]
        pub(crate) struct $name($value);

        #[allow(dead_code, reason = "each atomic uses some of the operations")]
        impl $name {
            pub(crate) const fn new(value: $value) -> Self {
                Self(value)
            }

            pub(crate) fn load(&self, _: Ordering) -> $value {
                self.0
            }

            pub(crate) fn store(&self, _: $value, _: Ordering) {}

            pub(crate) fn fetch_or(&self, _: $value, _: Ordering) -> $value {
                unreachable!()
            }

            pub(crate) fn compare_exchange(
                &self,
                _: $value,
                _: $value,
                _: Ordering,
                _: Ordering,
            ) -> Result<$value, $value> {
                unreachable!()
            }
        }
    };
}

absent_atomic!(AtomicU32, u32);
absent_atomic!(AtomicU64, u64);
