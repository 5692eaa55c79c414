//! What lies in slots: numbers, and records of numbers.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{
    AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
};

use crate::abi::kind;

/// Something that lies in a record as JavaScript's schema of it says: a number, an array of numbers or records, a record.
///
/// # Safety
///
/// `INV-ABI-5`: `store` and `load` touch `size_of::<Self>()` bytes at most, atomically, and every combination of bits
/// there is a value. The layout is the one that the schema has: natural alignment of at most 8, fields in order, as
/// `#[repr(C)]`.
pub unsafe trait Field: Copy + Send + 'static {
    /// How deep records are nested in it.
    const DEPTH: u32;

    /// As `lib/kinds/record-schema.ts` writes it.
    fn schema() -> String;

    /// Writes it to a slot.
    ///
    /// # Safety
    ///
    /// `slot` is valid for the size of `Self`, aligned for it, and this end's own.
    unsafe fn store(self, slot: *mut u8);

    /// Reads it from a slot.
    ///
    /// # Safety
    ///
    /// As [`store`](Self::store).
    unsafe fn load(slot: *const u8) -> Self;
}

/// What a ring can be of, slot by slot: a number or a [`record!`](crate::record).
///
/// # Safety
///
/// `CODE` is the number of this kind in the package.
pub unsafe trait Element: Field {
    /// How the package knows the kind.
    #[doc(hidden)]
    const CODE: u32;
}

/// What arrays in a record are of: a number or a record.
///
/// # Safety
///
/// `INV-ABI-5`: `array` describes `n` of them, one after the other.
#[doc(hidden)]
pub unsafe trait Item: Field {
    fn array(n: usize) -> String {
        format!("array({},{n})", Self::schema())
    }
}

const _: () = assert!(
    align_of::<u64>() == 8 && align_of::<f64>() == 8,
    "records have natural alignment, which this target's #[repr(C)] does not give to 64 bits"
);
const _: () = assert!(
    cfg!(target_endian = "little"),
    "numbers in a ring are little-endian"
);

macro_rules! numbers {
    ($($number:ident as $atomic:ident, $code:ident, $into:expr, $from:expr;)*) => {$(
        // SAFETY: INV-ABI-5: one atomic access of its size, and any bits are a number.
        unsafe impl Field for $number {
            const DEPTH: u32 = 0;

            fn schema() -> String {
                stringify!($number).into()
            }

            #[inline(always)]
            unsafe fn store(self, slot: *mut u8) {
                // Partner: none. The publication orders it; the access is atomic because JavaScript could be writing.
                // SAFETY: INV-ABI-5: the caller's promise.
                unsafe { $atomic::from_ptr(slot.cast()) }.store($into(self), Relaxed);
            }

            #[inline(always)]
            unsafe fn load(slot: *const u8) -> Self {
                // Partner: as in `store`; the look at the cursor orders it.
                // SAFETY: INV-ABI-5: the caller's promise.
                $from(unsafe { $atomic::from_ptr(slot.cast_mut().cast()) }.load(Relaxed))
            }
        }

        // SAFETY: INV-ABI-5: the package's number of this kind.
        unsafe impl Element for $number {
            const CODE: u32 = kind::$code;
        }
    )*};
}

numbers! {
    u8 as AtomicU8, U8, |n| n, |n| n;
    i8 as AtomicI8, I8, |n| n, |n| n;
    u16 as AtomicU16, U16, |n| n, |n| n;
    i16 as AtomicI16, I16, |n| n, |n| n;
    u32 as AtomicU32, U32, |n| n, |n| n;
    i32 as AtomicI32, I32, |n| n, |n| n;
    f32 as AtomicU32, F32, f32::to_bits, f32::from_bits;
    f64 as AtomicU64, F64, f64::to_bits, f64::from_bits;
    i64 as AtomicI64, I64, |n| n, |n| n;
    u64 as AtomicU64, U64, |n| n, |n| n;
}

// SAFETY: INV-ABI-5: bytes in a row.
unsafe impl Item for u8 {
    fn array(n: usize) -> String {
        format!("bytes({n})")
    }
}

macro_rules! items {
    ($($number:ident)*) => {$(
        // SAFETY: INV-ABI-5: numbers in a row.
        unsafe impl Item for $number {}
    )*};
}

items! { i8 u16 i16 u32 i32 f32 f64 i64 u64 }

// SAFETY: INV-ABI-5: its items in a row, each as it is.
unsafe impl<T: Item, const N: usize> Field for [T; N] {
    const DEPTH: u32 = {
        assert!(N > 0, "an array in a record has at least one element");
        T::DEPTH
    };

    fn schema() -> String {
        T::array(N)
    }

    #[inline]
    unsafe fn store(self, slot: *mut u8) {
        for (i, item) in self.into_iter().enumerate() {
            // SAFETY: INV-ABI-5: within the array, which the caller has promised.
            unsafe { item.store(slot.add(i * size_of::<T>())) };
        }
    }

    #[inline]
    unsafe fn load(slot: *const u8) -> Self {
        // SAFETY: INV-ABI-5: as in `store`.
        std::array::from_fn(|i| unsafe { T::load(slot.add(i * size_of::<T>())) })
    }
}

/// What `record!` asserts about each field.
#[doc(hidden)]
pub const fn checked_offset<F: Field>(offset: usize) -> usize {
    assert!(align_of::<F>() <= 8 && offset.is_multiple_of(align_of::<F>()));
    offset
}
