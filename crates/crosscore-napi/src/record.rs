//! Records: structs that JavaScript knows by a schema.

/// Makes a struct whose values are the records of a ring.
///
/// The struct is `#[repr(C)]`, `Copy` and `Clone`, and an [`Element`](crate::Element). Its fields are numbers, arrays of
/// numbers (`[u8; n]` is `bytes(n)`), other records, and arrays of them. In JavaScript it is the `record({ … })` with the
/// same names and kinds in the same order; a claim that expects another one is refused, and the refusal names the first
/// field that differs.
///
/// ```
/// use crosscore_napi::{Field, record};
///
/// record! {
///     /// An offer.
///     #[derive(Debug, PartialEq)]
///     pub struct Level { pub px: f64, pub qty: u32 }
/// }
/// record! {
///     pub struct Book { pub id: u64, pub name: [u8; 16], pub best: Level, pub levels: [Level; 10], pub sums: [f64; 3] }
/// }
///
/// assert_eq!(
///     Book::schema(),
///     r#"{"id":u64,"name":bytes(16),"best":{"px":f64,"qty":u32},"levels":array({"px":f64,"qty":u32},10),"sums":array(f64,3)}"#
/// );
/// // As a C compiler, and record() in JavaScript, lay it out.
/// assert_eq!(size_of::<Book>(), 8 + 16 + 16 + 160 + 24);
/// ```
///
/// What JavaScript has no kind for does not compile:
///
/// ```compile_fail
/// crosscore_napi::record! { struct Flag { on: bool } }
/// ```
#[macro_export]
macro_rules! record {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy)]
        #[repr(C)]
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $type),+
        }

        // SAFETY: INV-ABI-5: its fields, each as it is, at the offsets of `#[repr(C)]`. What lies between them is not
        // touched.
        unsafe impl $crate::Field for $name {
            const DEPTH: u32 = {
                let mut deepest = 0;
                $(
                    if <$type as $crate::Field>::DEPTH > deepest {
                        deepest = <$type as $crate::Field>::DEPTH;
                    }
                )+
                deepest + 1
            };

            fn schema() -> ::std::string::String {
                let mut text = ::std::string::String::new();
                $(
                    text.push(if text.is_empty() { '{' } else { ',' });
                    let name = ::core::stringify!($field);
                    text.push('"');
                    text.push_str(name.strip_prefix("r#").unwrap_or(name));
                    text.push_str("\":");
                    text.push_str(&<$type as $crate::Field>::schema());
                )+
                text.push('}');
                text
            }

            #[inline]
            unsafe fn store(self, slot: *mut u8) {
                $(
                    // SAFETY: INV-ABI-5: within the record, which the caller has promised.
                    unsafe {
                        <$type as $crate::Field>::store(
                            self.$field,
                            slot.add(const { $crate::checked_offset::<$type>(::core::mem::offset_of!($name, $field)) }),
                        );
                    }
                )+
            }

            #[inline]
            unsafe fn load(slot: *const u8) -> Self {
                Self {
                    $(
                        // SAFETY: INV-ABI-5: as in `store`.
                        $field: unsafe {
                            <$type as $crate::Field>::load(slot.add(::core::mem::offset_of!($name, $field)))
                        }
                    ),+
                }
            }
        }

        // SAFETY: INV-ABI-5: the package's number of records.
        unsafe impl $crate::Element for $name {
            const CODE: u32 = 33;
        }

        // SAFETY: INV-ABI-5: records in a row.
        unsafe impl $crate::Item for $name {}
    };
}

const _: () = assert!(crate::abi::kind::RECORD == 33);

#[cfg(test)]
mod tests {
    use crate::Field;

    record! {
        #[derive(Debug, PartialEq)]
        struct Inner { a: u8, b: u32 }
    }
    record! {
        #[derive(Debug, PartialEq)]
        struct Outer { flag: u8, r#type: i16, wide: u64, small: i8, inner: [Inner; 2], text: [u8; 3], x: f32, y: f64 }
    }

    fn outer() -> Outer {
        Outer {
            flag: 1,
            r#type: -2,
            wide: u64::MAX - 2,
            small: -4,
            inner: [Inner { a: 5, b: 6 }, Inner { a: 7, b: 8 }],
            text: *b"abc",
            x: 0.5,
            y: -0.25,
        }
    }

    #[test]
    fn a_record_comes_back_and_what_lies_between_its_fields_stays() {
        #[repr(align(8))]
        struct Slot([u8; size_of::<Outer>()]);
        let mut slot = Slot([0xa5; size_of::<Outer>()]);
        // SAFETY: INV-ABI-5: a place of that size and alignment, nobody else's.
        let back = unsafe {
            outer().store(slot.0.as_mut_ptr());
            Outer::load(slot.0.as_ptr())
        };
        assert_eq!(back, outer());
        // Behind `flag`, behind `a` and at the end: padding.
        assert_eq!(slot.0[1], 0xa5);
        let a = std::mem::offset_of!(Outer, inner);
        assert_eq!(slot.0[a..a + 8], [5, 0xa5, 0xa5, 0xa5, 6, 0, 0, 0]);
    }

    #[test]
    fn the_schema_is_as_the_package_prints_it() {
        assert_eq!(
            Outer::schema(),
            r#"{"flag":u8,"type":i16,"wide":u64,"small":i8,"inner":array({"a":u8,"b":u32},2),"text":bytes(3),"x":f32,"y":f64}"#
        );
        assert_eq!(Outer::DEPTH, 2);
    }
}
