//! A `Uint8Array` as it lies on V8's heap.
//!
//! V8's own functions say where its bytes are, but three of them cost as much as copying 64 bytes in JavaScript. So the fields
//! are read, as those of strings are ([`heap`](super::heap)), by what V8 tells debuggers. One field it does not tell them (`buffer`), and
//! one number (`UINT8`): so [`is_seen`] makes an array by Node-API at the start, and compares all that is read of it with what
//! Node-API says.

use std::ffi::{CStr, c_int};
use std::ptr;

use napi::sys;

use super::heap::{Field, HEAP_OBJECT, INSTANCE_TYPE, MAP, TAG_MASK, Value};
use crate::bytes::Bytes;

/// In a map, behind the instance type: a byte of flags, then this one.
const BIT_FIELD2: usize = 15;
const KIND_MASK: u8 = 0xfc;
const KIND_SHIFT: u32 = 2;

const TYPED_ARRAY: u16 = 2061;
/// `UINT8_ELEMENTS` of V8's `src/objects/elements-kind.h`: those of a `Uint8Array` whose length is fixed.
const UINT8: u8 = 18;

/// In any object.
const ELEMENTS: usize = 16;
/// Where the bytes of an array begin that lie on the heap, as its elements: behind a map and a length.
const ON_HEAP: usize = 16;

/// Where the fields are, in V8s that are alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// In a typed array: what it is a view of.
    buffer: usize,
    byte_offset: usize,
    byte_length: usize,
    /// Where its bytes are is the sum of two fields. Outside of the heap the first has it all.
    external_pointer: usize,
    base_pointer: usize,
    /// In an ArrayBuffer. 0 once it is detached.
    buffer_byte_length: usize,
}

pub(super) const LAYOUTS: [Layout; 2] = [
    // V8 11.3 and 12.4.
    Layout {
        buffer: 24,
        byte_offset: 32,
        byte_length: 40,
        external_pointer: 64,
        base_pointer: 72,
        buffer_byte_length: 32,
    },
    // V8 13.6 to 14.6.
    Layout {
        buffer: 32,
        byte_offset: 48,
        byte_length: 56,
        external_pointer: 72,
        base_pointer: 80,
        buffer_byte_length: 40,
    },
];

impl Layout {
    /// What V8 tells debuggers if this is its layout. The last has changed its name.
    pub(super) fn told(&self) -> [(&'static [&'static CStr], c_int); 10] {
        [
            (&[c"v8dbg_class_Map__bit_field2__char"], BIT_FIELD2 as c_int),
            (&[c"v8dbg_bit_field2_elements_kind_mask"], KIND_MASK.into()),
            (
                &[c"v8dbg_bit_field2_elements_kind_shift"],
                KIND_SHIFT as c_int,
            ),
            (
                &[c"v8dbg_type_JSTypedArray__JS_TYPED_ARRAY_TYPE"],
                TYPED_ARRAY.into(),
            ),
            (
                &[c"v8dbg_class_JSObject__elements__Object"],
                ELEMENTS as c_int,
            ),
            (
                &[c"v8dbg_class_JSArrayBufferView__byte_offset__size_t"],
                self.byte_offset as c_int,
            ),
            (
                &[c"v8dbg_class_JSArrayBufferView__byte_length__size_t"],
                self.byte_length as c_int,
            ),
            (
                &[c"v8dbg_class_JSTypedArray__external_pointer__uintptr_t"],
                self.external_pointer as c_int,
            ),
            (
                &[c"v8dbg_class_JSArrayBuffer__byte_length__size_t"],
                self.buffer_byte_length as c_int,
            ),
            (
                &[
                    c"v8dbg_class_JSTypedArray__base_pointer__Tagged_Object_",
                    c"v8dbg_class_JSTypedArray__base_pointer__Object",
                ],
                self.base_pointer as c_int,
            ),
        ]
    }
}

impl Value {
    /// The bytes of a `Uint8Array`, of the one of [`LAYOUTS`] that V8 has. `None` for any other value, for one that is
    /// detached or may change its length, and for bytes that are left alone ([`Bytes::new`]).
    #[inline(always)]
    pub(crate) fn bytes<const LAYOUT: usize>(&self) -> Option<Bytes<'_>> {
        // SAFETY: INV-NODE-15: what the field leads to stays as it is for the length of the call, and the borrow ends with it.
        unsafe {
            let view = View::at(self.field()?, &const { LAYOUTS[LAYOUT] })?;
            Bytes::new(view.data()?, view.length())
        }
    }
}

/// Whether a `Uint8Array` is read, by the one of [`LAYOUTS`] that V8 tells, as Node-API has made it, until it is detached. `None` if
/// Node-API makes none.
///
/// # Safety
///
/// INV-NODE-1: a call of Node-API into this addon is under way on this thread.
pub(super) unsafe fn is_seen(env: sys::napi_env, layout: usize) -> Option<bool> {
    const BEFORE: usize = 8;
    const LENGTH: usize = 24;
    const WHOLE: usize = 64;
    let layout = &LAYOUTS[layout];
    let done = |status| (status == sys::Status::napi_ok).then_some(());
    let (mut data, mut buffer, mut array) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    let kind = sys::TypedarrayType::uint8_array;
    // SAFETY: INV-NODE-1: passed on. INV-NODE-15: each field is followed when it has been found to be what it should be.
    unsafe {
        done(sys::napi_create_arraybuffer(
            env,
            WHOLE,
            &mut data,
            &mut buffer,
        ))?;
        done(sys::napi_create_typedarray(
            env, kind, LENGTH, buffer, BEFORE, &mut array,
        ))?;
        let array = Value::of(array);
        let is_read = View::at(array.field()?, layout).is_some_and(|view| {
            let start = data.cast_const().cast::<u8>().wrapping_add(BEFORE);
            Some(view.field(layout.buffer)) == Value::of(buffer).field()
                && view.buffer_length() == WHOLE
                && view.length() == LENGTH
                && view.data() == Some(start)
        });
        done(sys::napi_detach_arraybuffer(env, buffer))?;
        let is_left = match View::at(array.field()?, layout) {
            Some(view) => view.data().is_none(),
            None => true,
        };
        Some(is_read && is_left)
    }
}

/// A `Uint8Array` on V8's heap.
#[derive(Clone, Copy, Debug)]
struct View {
    address: *const u8,
    layout: &'static Layout,
}

impl View {
    /// The one that a field has; `None` for any other value.
    ///
    /// # Safety
    ///
    /// INV-NODE-15: the field is one that V8 has filled, and what it leads to stays for as long as this is used.
    #[inline(always)]
    unsafe fn at(field: Field, layout: &'static Layout) -> Option<Self> {
        if field & TAG_MASK != HEAP_OBJECT {
            return None;
        }
        let view = Self {
            address: (field - HEAP_OBJECT) as *const u8,
            layout,
        };
        // SAFETY: INV-NODE-15: each object has a map, and each map these two.
        let (instance_type, kind) = unsafe {
            let map = (view.field(MAP) - HEAP_OBJECT) as *const u8;
            (
                map.add(INSTANCE_TYPE).cast::<u16>().read(),
                map.add(BIT_FIELD2).read(),
            )
        };
        (instance_type == TYPED_ARRAY && (kind & KIND_MASK) >> KIND_SHIFT == UINT8).then_some(view)
    }

    /// # Safety
    ///
    /// INV-NODE-15: as above. The object has a field there.
    #[inline(always)]
    unsafe fn field(self, offset: usize) -> Field {
        // SAFETY: INV-NODE-15: the caller's promise. All fields are aligned.
        unsafe { self.address.add(offset).cast::<Field>().read() }
    }

    /// # Safety
    ///
    /// INV-NODE-15: as above.
    #[inline(always)]
    unsafe fn length(self) -> usize {
        // SAFETY: INV-NODE-15: each view has one.
        unsafe { self.field(self.layout.byte_length) }
    }

    /// That of what it is a view of.
    ///
    /// # Safety
    ///
    /// INV-NODE-15: as above.
    #[inline(always)]
    unsafe fn buffer_length(self) -> usize {
        // SAFETY: INV-NODE-15: each view has a buffer, and each buffer a length.
        unsafe {
            let buffer = (self.field(self.layout.buffer) - HEAP_OBJECT) as *const u8;
            buffer
                .add(self.layout.buffer_byte_length)
                .cast::<Field>()
                .read()
        }
    }

    /// Where the bytes are, if they are there.
    ///
    /// # Safety
    ///
    /// INV-NODE-15: as above.
    #[inline(always)]
    unsafe fn data(self) -> Option<*const u8> {
        // SAFETY: INV-NODE-15: a typed array has these fields.
        let (external, base) = unsafe {
            (
                self.field(self.layout.external_pointer),
                self.field(self.layout.base_pointer),
            )
        };
        // SAFETY: INV-NODE-15: as above. No sum of two lengths comes near the end of what a word holds.
        let is_there = unsafe {
            if base == 0 {
                let end = self
                    .field(self.layout.byte_offset)
                    .wrapping_add(self.length());
                end <= self.buffer_length()
            } else {
                // Then nobody has asked for its ArrayBuffer, which is not made before.
                base == self.field(ELEMENTS) && external == ON_HEAP - HEAP_OBJECT
            }
        };
        is_there.then(|| external.wrapping_add(base) as *const u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An object, for ever.
    fn object(fields: &[Field]) -> Field {
        Box::leak(fields.to_vec().into_boxed_slice()).as_ptr() as Field + HEAP_OBJECT
    }

    fn map(instance_type: u16, kind: u8) -> Field {
        let kind = Field::from(kind) << KIND_SHIFT;
        object(&[0, Field::from(instance_type) << 32 | kind << 56])
    }

    /// An array of some kind, by a layout: bytes from an offset on of a buffer that has so many.
    struct Array<const LAYOUT: usize> {
        map: Field,
        byte_offset: usize,
        length: usize,
        of: usize,
        external: Field,
        base: Field,
        elements: Field,
    }

    impl<const LAYOUT: usize> Array<LAYOUT> {
        fn outside(data: &'static [u64], byte_offset: usize, length: usize) -> Self {
            Self {
                map: map(TYPED_ARRAY, UINT8),
                byte_offset,
                length,
                of: size_of_val(data),
                external: data.as_ptr() as Field + byte_offset,
                base: 0,
                elements: object(&[0]),
            }
        }

        fn inside(content: &[Field], length: usize) -> Self {
            let elements = object(&[&[0, 0], content].concat());
            Self {
                of: 0,
                external: ON_HEAP - HEAP_OBJECT,
                base: elements,
                elements,
                ..Self::outside(&[], 0, length)
            }
        }

        fn read(&self) -> Option<Vec<u8>> {
            let layout = &LAYOUTS[LAYOUT];
            let mut buffer = [0; 16];
            buffer[layout.buffer_byte_length / 8] = self.of;
            let mut array = [0xbad_bad; 16];
            array[MAP / 8] = self.map;
            array[ELEMENTS / 8] = self.elements;
            array[layout.buffer / 8] = object(&buffer);
            array[layout.byte_offset / 8] = self.byte_offset;
            array[layout.byte_length / 8] = self.length;
            array[layout.external_pointer / 8] = self.external;
            array[layout.base_pointer / 8] = self.base;
            read::<LAYOUT>(object(&array))
        }
    }

    fn read<const LAYOUT: usize>(field: Field) -> Option<Vec<u8>> {
        let value = Value::of((&raw const field).cast_mut().cast());
        let bytes = value.bytes::<LAYOUT>()?;
        let mut copy = vec![0; bytes.len()];
        // SAFETY: INV-NODE-4: so much room.
        unsafe { bytes.copy(copy.as_mut_ptr()) };
        Some(copy)
    }

    fn arrays_are_read_wherever_they_lie<const LAYOUT: usize>() {
        let data: &'static [u64] =
            Box::leak(Box::new([0x0807_0605_0403_0201, 0x100f_0e0d_0c0b_0a09]));
        for (offset, length) in [(0, 1), (0, 16), (8, 8), (8, 3)] {
            let expected: Vec<u8> = (1..=16).skip(offset).take(length).collect();
            let array = Array::<LAYOUT>::outside(data, offset, length);
            assert_eq!(array.read(), Some(expected));
        }
        let array = Array::<LAYOUT>::inside(&[0x0807_0605_0403_0201], 5);
        assert_eq!(array.read(), Some(vec![1, 2, 3, 4, 5]));
    }

    // INV-NODE-15
    #[test]
    fn bytes_are_read_wherever_they_lie() {
        arrays_are_read_wherever_they_lie::<0>();
        arrays_are_read_wherever_they_lie::<1>();
    }

    // INV-NODE-15
    #[test]
    fn what_is_no_array_of_fixed_length_or_not_there_is_left_alone() {
        let data: &'static [u64] = &[1, 2];
        let good = || Array::<1>::outside(data, 0, 16);
        let left = [
            Array {
                map: map(TYPED_ARRAY, UINT8 + 1),
                ..good()
            },
            Array {
                map: map(TYPED_ARRAY + 1, UINT8),
                ..good()
            },
            Array {
                map: map(TYPED_ARRAY - 1, UINT8),
                ..good()
            },
            // Detached, or shorter than it was.
            Array { of: 0, ..good() },
            Array { of: 15, ..good() },
            Array {
                byte_offset: 8,
                ..good()
            },
            Array {
                length: usize::MAX,
                ..good()
            },
            Array {
                length: 0,
                ..good()
            },
            // Neither inside nor outside as it is known.
            Array {
                base: object(&[0]),
                ..good()
            },
            Array {
                external: ON_HEAP,
                ..Array::inside(&[0], 8)
            },
            Array {
                elements: object(&[0]),
                ..Array::inside(&[0], 8)
            },
        ];
        assert!(good().read().is_some());
        for (which, array) in left.iter().enumerate() {
            assert_eq!(array.read(), None, "{which}");
        }
        assert_eq!(read::<1>(7 << 32), None, "a small integer");
        assert_eq!(read::<1>(0b11), None, "a weak reference");
    }
}
