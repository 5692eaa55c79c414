//! Strings as they lie on V8's heap.
//!
//! What a program adds together V8 leaves in pieces until somebody asks for a character, and puts it together then, in new
//! memory. Who only wants to have it elsewhere need not wait for that: the pieces are read where they lie.
//!
//! The layout is what V8 tells debuggers, which read a heap from outside: constants that Node exports by the names of
//! [`LAYOUT`] (V8's `tools/gen-postmortem-metadata.py` makes them of its sources). Each is compared with what is written
//! here before any string is read. A build of V8 with another layout, such as one with compressed pointers, differs in the
//! first.

use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;
use std::{ptr, slice};

use napi::sys;

use crate::text::Text;

/// A field of an object: a small integer, or the address of another object with a tag in its lowest bits.
pub(super) type Field = usize;

pub(super) const HEAP_OBJECT: Field = 0b01;
pub(super) const TAG_MASK: Field = 0b11;
/// A small integer is in the upper half of a field.
const SMI_SHIFT: u32 = 32;

/// Offsets in any object, in a map, in any string, and in the four kinds of strings that are known here.
pub(super) const MAP: usize = 0;
pub(super) const INSTANCE_TYPE: usize = 12;
const LENGTH: usize = 12;
const CHARACTERS: usize = 16;
const FIRST: usize = 16;
const SECOND: usize = 24;
const PARENT: usize = 16;
const OFFSET: usize = 24;
const ACTUAL: usize = 16;

/// An instance type below it is that of a string: representation, encoding, and bits that are of no interest.
const FIRST_NONSTRING: u16 = 0x80;
const REPRESENTATION: u16 = 7;
const SEQUENTIAL: u16 = 0;
const CONS: u16 = 1;
const SLICED: u16 = 3;
const THIN: u16 = 5;
const ONE_BYTE: u16 = 8;

/// What V8 tells debuggers, and what is relied on.
pub(super) const LAYOUT: [(&CStr, c_int); 23] = [
    (c"v8dbg_TaggedSize", size_of::<Field>() as c_int),
    (c"v8dbg_HeapObjectTag", HEAP_OBJECT as c_int),
    (c"v8dbg_HeapObjectTagMask", TAG_MASK as c_int),
    (c"v8dbg_SmiTag", 0),
    (c"v8dbg_SmiShiftSize", SMI_SHIFT as c_int - 1),
    (c"v8dbg_class_HeapObject__map__Map", MAP as c_int),
    (
        c"v8dbg_class_Map__instance_type__uint16_t",
        INSTANCE_TYPE as c_int,
    ),
    (c"v8dbg_class_String__length__int32_t", LENGTH as c_int),
    (
        c"v8dbg_class_SeqOneByteString__chars__char",
        CHARACTERS as c_int,
    ),
    (
        c"v8dbg_class_SeqTwoByteString__chars__char",
        CHARACTERS as c_int,
    ),
    (c"v8dbg_class_ConsString__first__String", FIRST as c_int),
    (c"v8dbg_class_ConsString__second__String", SECOND as c_int),
    (c"v8dbg_class_SlicedString__parent__String", PARENT as c_int),
    (c"v8dbg_class_SlicedString__offset__SMI", OFFSET as c_int),
    (c"v8dbg_class_ThinString__actual__String", ACTUAL as c_int),
    (c"v8dbg_FirstNonstringType", FIRST_NONSTRING as c_int),
    (c"v8dbg_StringRepresentationMask", REPRESENTATION as c_int),
    (c"v8dbg_SeqStringTag", SEQUENTIAL as c_int),
    (c"v8dbg_ConsStringTag", CONS as c_int),
    (c"v8dbg_SlicedStringTag", SLICED as c_int),
    (c"v8dbg_ThinStringTag", THIN as c_int),
    (c"v8dbg_StringEncodingMask", ONE_BYTE as c_int),
    (c"v8dbg_OneByteStringTag", ONE_BYTE as c_int),
];

/// Any value of JavaScript, as `Local<Value>` without direct handles: the address of a field, for the length of the call.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Value(*const Field);

impl Value {
    /// The characters of a string that lies in one piece of its own, as most do; `None` for any other value.
    #[inline]
    pub(crate) fn flat(&self) -> Option<Text<'_>> {
        // SAFETY: INV-NODE-14: what the field leads to stays as it is for the length of the call, and the borrow ends with it.
        unsafe { StringObject::at(self.field()?)?.characters() }
    }

    /// The characters of any string: of one that lies in pieces put together in `scratch`. `None` for any other value, and
    /// for a string that is too long to be put together or in too many pieces.
    pub(crate) fn text<'a>(&'a self, scratch: &'a mut Scratch) -> Option<Text<'a>> {
        // SAFETY: INV-NODE-14: as in `flat`.
        unsafe {
            let whole = StringObject::at(self.field()?)?;
            if let Some(text) = whole.shared_characters() {
                return Some(text);
            }
            let length = whole.length();
            if whole.is_one_byte() {
                fill(whole, scratch.room(length)?).map(Text::Latin1)
            } else {
                fill(whole, scratch.room(length)?).map(Text::Utf16)
            }
        }
    }

    /// A handle of Node-API, which is a `Local<Value>` (Node's `src/js_native_api_v8.h`, `V8LocalValueFromJsValue`).
    pub(super) fn of(value: sys::napi_value) -> Self {
        Self(value.cast_const().cast())
    }

    #[inline]
    pub(super) fn field(&self) -> Option<Field> {
        // A direct handle would be the tagged address itself.
        if self.0.is_null() || !self.0.is_aligned() {
            return None;
        }
        // SAFETY: INV-NODE-14: V8 passes the address of a field of its own.
        Some(unsafe { self.0.read() })
    }
}

/// Room for the characters of a string that lies in pieces.
#[derive(Debug)]
#[repr(align(8))]
pub(crate) struct Scratch(MaybeUninit<[u8; Self::BYTES]>);

impl Scratch {
    /// To put longer ones together is the least of their cost: V8 does it.
    const BYTES: usize = 4000;

    #[inline]
    pub(crate) const fn new() -> Self {
        Self(MaybeUninit::uninit())
    }

    /// Room for so many characters.
    fn room<T>(&mut self, length: usize) -> Option<&mut [MaybeUninit<T>]> {
        if length > Self::BYTES / size_of::<T>() {
            return None;
        }
        // SAFETY: INV-NODE-14: inside the array, which is aligned for characters and borrowed for as long as the slice is.
        Some(unsafe { slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), length) })
    }
}

/// A string on V8's heap.
#[derive(Clone, Copy, Debug)]
struct StringObject {
    address: *const u8,
    instance_type: u16,
}

impl StringObject {
    /// The string that a field has; `None` for any other value.
    ///
    /// # Safety
    ///
    /// INV-NODE-14: the field is one that V8 has filled, and what it leads to stays for as long as this is used.
    #[inline]
    unsafe fn at(field: Field) -> Option<Self> {
        if field & TAG_MASK != HEAP_OBJECT {
            return None;
        }
        let address = (field - HEAP_OBJECT) as *const u8;
        // SAFETY: INV-NODE-14: each object has a map, and each map an instance type.
        let instance_type = unsafe {
            let map = address.add(MAP).cast::<Field>().read() - HEAP_OBJECT;
            (map as *const u8).add(INSTANCE_TYPE).cast::<u16>().read()
        };
        (instance_type < FIRST_NONSTRING).then_some(Self {
            address,
            instance_type,
        })
    }

    #[inline]
    fn is_one_byte(self) -> bool {
        self.instance_type & ONE_BYTE != 0
    }

    #[inline]
    fn length(self) -> usize {
        // SAFETY: INV-NODE-14: each string has one. It is never negative.
        unsafe { self.address.add(LENGTH).cast::<u32>().read() as usize }
    }

    /// # Safety
    ///
    /// INV-NODE-14: a string of this representation has the field there.
    #[inline]
    unsafe fn field(self, offset: usize) -> Field {
        // SAFETY: INV-NODE-14: the caller's promise.
        unsafe { self.address.add(offset).cast::<Field>().read() }
    }
}

/// Steps from a string to the one that has its characters. More than V8 ever makes.
const MOST_STEPS: usize = 8;

impl StringObject {
    /// The characters, if they lie in the string itself.
    ///
    /// # Safety
    ///
    /// INV-NODE-14: the string stays as it is for as long as they are borrowed.
    #[inline]
    unsafe fn characters<'a>(self) -> Option<Text<'a>> {
        (self.instance_type & REPRESENTATION == SEQUENTIAL)
            // SAFETY: INV-NODE-14: passed on.
            .then(|| unsafe { self.slice(0, self.length()) })
    }

    /// Some of the characters.
    ///
    /// # Safety
    ///
    /// INV-NODE-14: as above, and so many characters are there.
    #[inline]
    unsafe fn slice<'a>(self, from: usize, length: usize) -> Text<'a> {
        // SAFETY: INV-NODE-14: the caller's promise. They are aligned, as all objects are.
        unsafe {
            let start = self.address.add(CHARACTERS);
            if self.is_one_byte() {
                Text::Latin1(slice::from_raw_parts(start.add(from), length))
            } else {
                Text::Utf16(slice::from_raw_parts(start.cast::<u16>().add(from), length))
            }
        }
    }

    /// The characters, if they lie in one piece anywhere on the heap.
    ///
    /// # Safety
    ///
    /// INV-NODE-14: as above.
    unsafe fn shared_characters<'a>(self) -> Option<Text<'a>> {
        let length = self.length();
        let mut string = self;
        let mut from = 0;
        for _ in 0..MOST_STEPS {
            // SAFETY: INV-NODE-14: passed on. Each representation has its fields, and they lead to strings.
            unsafe {
                match string.instance_type & REPRESENTATION {
                    SEQUENTIAL => {
                        let is_within = from + length <= string.length();
                        return is_within.then(|| string.slice(from, length));
                    }
                    // Once V8 has put it together the first part is the whole.
                    CONS if string.part(SECOND)?.length() == 0 => string = string.part(FIRST)?,
                    SLICED => {
                        from += string.field(OFFSET) >> SMI_SHIFT;
                        string = string.part(PARENT)?;
                    }
                    THIN => string = string.part(ACTUAL)?,
                    _ => return None,
                }
            }
        }
        None
    }

    /// # Safety
    ///
    /// INV-NODE-14: a string of this representation has a field there.
    #[inline]
    unsafe fn part(self, offset: usize) -> Option<Self> {
        // SAFETY: INV-NODE-14: passed on.
        unsafe { Self::at(self.field(offset)) }
    }
}

/// Parts that may wait until those behind them are copied. None does in what is made by adding to its end.
const MOST_WAITING: usize = 8;
/// Bounds the time.
const MOST_PARTS: usize = 1024;

/// Fills a slice, which is as long as the string, from its end.
///
/// # Safety
///
/// INV-NODE-14: the string stays as it is meanwhile.
unsafe fn fill<T: Unit>(whole: StringObject, to: &mut [MaybeUninit<T>]) -> Option<&[T]> {
    let mut waiting = [whole; MOST_WAITING];
    let mut count = 0;
    let mut rest = to.len();
    let mut string = whole;
    for _ in 0..MOST_PARTS {
        // SAFETY: INV-NODE-14: passed on.
        unsafe {
            let characters = match string.instance_type & REPRESENTATION {
                SEQUENTIAL => string.slice(0, string.length()),
                CONS => {
                    *waiting.get_mut(count)? = string.part(FIRST)?;
                    count += 1;
                    string = string.part(SECOND)?;
                    continue;
                }
                _ => string.shared_characters()?,
            };
            rest = rest.checked_sub(units(characters))?;
            T::copy(characters, to.as_mut_ptr().add(rest))?;
        }
        let Some(next) = count.checked_sub(1) else {
            // SAFETY: INV-NODE-14: all of it is filled then.
            return (rest == 0)
                .then(|| unsafe { slice::from_raw_parts(to.as_ptr().cast(), to.len()) });
        };
        count = next;
        string = waiting[next];
    }
    None
}

/// How long it is, as JavaScript counts.
#[inline]
fn units(text: Text<'_>) -> usize {
    match text {
        Text::Latin1(text) => text.len(),
        Text::Utf16(text) => text.len(),
    }
}

/// What strings are copied into.
trait Unit: Sized {
    /// Copies a text; `None` if it does not go into such units.
    ///
    /// # Safety
    ///
    /// INV-NODE-14: there is room for it.
    unsafe fn copy(text: Text<'_>, to: *mut MaybeUninit<Self>) -> Option<()>;
}

impl Unit for u8 {
    #[inline]
    unsafe fn copy(text: Text<'_>, to: *mut MaybeUninit<u8>) -> Option<()> {
        let Text::Latin1(text) = text else {
            return None;
        };
        // SAFETY: INV-NODE-14: passed on.
        unsafe { copy_bytes(text.as_ptr(), to.cast(), text.len()) };
        Some(())
    }
}

impl Unit for u16 {
    #[inline]
    unsafe fn copy(text: Text<'_>, to: *mut MaybeUninit<u16>) -> Option<()> {
        match text {
            Text::Latin1(text) => {
                for (i, &byte) in text.iter().enumerate() {
                    // SAFETY: INV-NODE-14: the caller's promise.
                    unsafe { (*to.add(i)).write(byte.into()) };
                }
            }
            // SAFETY: INV-NODE-14: passed on.
            Text::Utf16(text) => unsafe {
                copy_bytes(text.as_ptr().cast(), to.cast(), 2 * text.len());
            },
        }
        Some(())
    }
}

const WORD: usize = size_of::<u64>();
/// From here on a call of the system's routine pays.
const LONG: usize = 16 * WORD;

/// Copies bytes by words, of which the last two may overlap: short pieces take a fraction of a call of the system's routine.
///
/// # Safety
///
/// INV-NODE-14: so many bytes are at both, and they do not overlap.
#[inline]
unsafe fn copy_bytes(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: INV-NODE-14: the caller's promise; no word goes beyond the bytes.
    unsafe {
        if length > LONG {
            return ptr::copy_nonoverlapping(from, to, length);
        }
        let Some(last) = length.checked_sub(WORD) else {
            for at in 0..length {
                to.add(at).write(from.add(at).read());
            }
            return;
        };
        let copy_word = |at| {
            let word = from.add(at).cast::<u64>().read_unaligned();
            to.add(at).cast::<u64>().write_unaligned(word);
        };
        (0..last).step_by(WORD).for_each(copy_word);
        copy_word(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A heap of strings, for ever: objects as `LAYOUT` says that V8's are.
    fn object(fields: &[u64]) -> Field {
        Box::leak(fields.to_vec().into_boxed_slice()).as_ptr() as Field + HEAP_OBJECT
    }

    fn string(representation: u16, one_byte: bool, length: usize, content: &[u64]) -> Field {
        let encoding = if one_byte { ONE_BYTE } else { 0 };
        let map = object(&[0, u64::from(representation | encoding) << 32]);
        object(&[&[map as u64, (length as u64) << 32], content].concat())
    }

    fn latin1(text: &str) -> Field {
        let mut content = vec![0; text.len().div_ceil(8)];
        for (i, byte) in text.bytes().enumerate() {
            content[i / 8] |= u64::from(byte) << (i % 8 * 8);
        }
        string(SEQUENTIAL, true, text.len(), &content)
    }

    fn utf16(text: &str) -> Field {
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut content = vec![0; units.len().div_ceil(4)];
        for (i, &unit) in units.iter().enumerate() {
            content[i / 4] |= u64::from(unit) << (i % 4 * 16);
        }
        string(SEQUENTIAL, false, units.len(), &content)
    }

    fn at(field: Field) -> StringObject {
        // SAFETY: INV-NODE-14: made above.
        unsafe { StringObject::at(field) }.unwrap()
    }

    fn cons(first: Field, second: Field) -> Field {
        let one_byte = at(first).is_one_byte() && at(second).is_one_byte();
        let length = at(first).length() + at(second).length();
        string(CONS, one_byte, length, &[first as u64, second as u64])
    }

    fn slice(parent: Field, from: usize, length: usize) -> Field {
        let one_byte = at(parent).is_one_byte();
        let offset = (from as u64) << SMI_SHIFT;
        string(SLICED, one_byte, length, &[parent as u64, offset])
    }

    fn thin(actual: Field) -> Field {
        let (one_byte, length) = (at(actual).is_one_byte(), at(actual).length());
        string(THIN, one_byte, length, &[actual as u64])
    }

    /// What a fast function would read.
    fn read(field: Field) -> Option<String> {
        let value = Value(&raw const field);
        let flat = value.flat().map(owned);
        let all = value.text(&mut Scratch::new()).map(owned);
        assert!(flat.is_none() || flat == all);
        all
    }

    fn owned(text: Text<'_>) -> String {
        match text {
            Text::Latin1(text) => text.iter().map(|&byte| char::from(byte)).collect(),
            Text::Utf16(text) => String::from_utf16(text).unwrap(),
        }
    }

    // INV-NODE-14
    #[test]
    fn strings_are_read_wherever_they_lie() {
        let long = "0123456789 abcdefghijklmnopqrstuvwxyz".repeat(5);
        let (a, b) = (latin1("hello, "), latin1(&long));
        let wide = utf16("wide: \u{6f22}\u{1f600}");
        assert_eq!(read(latin1("")).unwrap(), "");
        assert_eq!(read(a).unwrap(), "hello, ");
        assert_eq!(read(wide).unwrap(), "wide: \u{6f22}\u{1f600}");
        assert_eq!(read(cons(a, b)).unwrap(), format!("hello, {long}"));
        assert_eq!(read(cons(b, a)).unwrap(), format!("{long}hello, "));
        let mixed = cons(cons(a, wide), cons(slice(b, 3, 20), thin(a)));
        assert_eq!(
            read(mixed).unwrap(),
            format!("hello, wide: \u{6f22}\u{1f600}{}hello, ", &long[3..23]),
        );
        assert_eq!(read(slice(b, 11, 26)).unwrap(), &long[11..37]);
        assert_eq!(read(slice(slice(b, 11, 26), 2, 5)).unwrap(), &long[13..18]);
        assert_eq!(read(slice(thin(b), 1, 2)).unwrap(), "12");
        assert_eq!(read(thin(cons(a, latin1("")))).unwrap(), "hello, ");
    }

    // INV-NODE-14
    #[test]
    fn any_lengths_of_parts_fit_together() {
        let text = "The quick brown fox jumps over the lazy dog. ".repeat(9);
        for first in 0..text.len() {
            for second in [first, first + 1, first + 7, first + 130, text.len()] {
                let second = second.min(text.len());
                let parts = cons(
                    cons(latin1(&text[..first]), latin1(&text[first..second])),
                    latin1(&text[second..]),
                );
                assert_eq!(read(parts).unwrap(), text);
            }
        }
    }

    // INV-NODE-14
    #[test]
    fn what_is_too_much_or_unknown_is_left_alone() {
        let (x, long) = (latin1("x"), latin1(&"y".repeat(3000)));
        let added = |count| (0..count).fold(latin1("start"), |text, _| cons(text, x));
        assert_eq!(read(added(500)).unwrap().len(), 505);
        assert_eq!(read(added(MOST_PARTS)), None, "too many parts");
        let prefixed = |count| (0..count).fold(latin1("end"), |text, _| cons(x, text));
        assert_eq!(read(prefixed(MOST_WAITING)).unwrap(), "xxxxxxxxend");
        assert_eq!(read(prefixed(MOST_WAITING + 1)), None, "too many that wait");
        assert_eq!(read(cons(long, x)).unwrap().len(), 3001);
        assert_eq!(read(cons(long, long)), None, "too long");
        assert_eq!(read(cons(long, utf16("\u{6f22}"))), None, "too long, wide");

        assert_eq!(read(42 << SMI_SHIFT), None, "a number");
        assert_eq!(
            read(string(2, true, 5, &[0, 0])),
            None,
            "outside of the heap"
        );
        assert_eq!(read(cons(x, string(2, true, 5, &[0, 0]))), None);
        let no_string = object(&[object(&[0, 0x81 << 32]) as u64, 0]);
        assert_eq!(read(no_string), None);
        assert_eq!(read(slice(x, 1, 1)), None, "more than there is");
        let liar = string(CONS, true, 3, &[long as u64, x as u64]);
        assert_eq!(read(liar), None, "longer than it says");
        let liar = string(CONS, true, 9, &[x as u64, x as u64]);
        assert_eq!(read(liar), None, "shorter than it says");
        let liar = string(CONS, true, 2, &[x as u64, utf16("\u{6f22}") as u64]);
        assert_eq!(read(liar), None, "wide in one that is not");
        assert!(Value(ptr::null()).flat().is_none());
        assert!(Value(ptr::without_provenance(9)).flat().is_none());
    }
}
