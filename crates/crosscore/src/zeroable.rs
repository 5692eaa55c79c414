//! Elements that zeroed memory is a value of.

/// An element for which memory of zeroes is a value, so that slots which were never written can be shown as
/// `&mut [T]`.
///
/// A ring's memory is zeroed when it is made, and from then on only elements are written into it: a free slot holds
/// zeroes or an element of an earlier lap. [`Reservation::spare_slice`](crate::Reservation::spare_slice) is what
/// rests on that.
///
/// It is there for numbers, `bool`, `char`, and arrays of such.
///
/// ```
/// use crosscore::{Ring, Zeroable};
///
/// #[derive(Clone, Copy)]
/// #[repr(C)]
/// struct Sample {
///     left: f32,
///     right: f32,
/// }
///
/// // SAFETY: both fields are numbers, for which zeroes are a value.
/// unsafe impl Zeroable for Sample {}
///
/// let (mut producer, mut consumer) = Ring::with_capacity(8)?;
/// let mut reservation = producer.reserve(2).unwrap();
/// reservation.spare_slice()[1] = Sample { left: 0.5, right: -0.5 };
/// reservation.advance(2);
/// reservation.commit();
/// assert_eq!(consumer.pop().unwrap().left, 0.0);
/// assert_eq!(consumer.pop().unwrap().right, -0.5);
/// # Ok::<(), crosscore::RingError>(())
/// ```
///
/// # Safety
///
/// `size_of::<Self>()` bytes of zero are a valid value.
pub unsafe trait Zeroable: Copy {}

macro_rules! zeroable {
    ($($number:ty)*) => {
        $(
            // SAFETY: INV-INIT-2: zeroes are 0, 0.0, `false` or `'\0'`.
            unsafe impl Zeroable for $number {}
        )*
    };
}

zeroable! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char }

// SAFETY: INV-INIT-2: an array is its elements, for each of which zeroes are a value.
unsafe impl<T: Zeroable, const N: usize> Zeroable for [T; N] {}
