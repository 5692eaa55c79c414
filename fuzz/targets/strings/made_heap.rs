//! A heap that libFuzzer makes up, of objects as V8 has them, and a plain recursive reading of it.
//!
//! There are strings in one piece and in many, of any shape and depth, and arrays of bytes inside and outside of the heap, with
//! what is neither and what nobody knows among them. Each object is an allocation of its own, exactly as large as it is, so that
//! AddressSanitizer sees a read beyond it. Some lie about their length or contain themselves, as none of V8's does: of those it
//! is only asked that the reading ends and stays inside.
//!
//! The constants are V8's, written down a second time: a wrong one in the addon then shows.

use std::alloc::{self, Layout};
use std::collections::HashMap;
use std::ptr;

use arbitrary::{Arbitrary, Unstructured};

use crate::bytes::Bytes;
use crate::heap::{Scratch, Value};
use crate::text::Text;

/// An object of the heap. `bits` are those of its type that a string may have any of; sometimes they say whether it is one of
/// one byte a character, which otherwise follows from its parts. Others are named by how long ago they were made.
#[derive(Arbitrary, Debug)]
pub(crate) enum Object {
    Sequential {
        bits: u8,
        characters: Characters,
        times: u16,
    },
    Cons {
        bits: u8,
        first: u8,
        second: u8,
    },
    /// What a program makes that adds a piece many times.
    Chain {
        bits: u8,
        start: u8,
        piece: u8,
        at_end: bool,
        times: u16,
    },
    Sliced {
        bits: u8,
        parent: u8,
        from: u16,
        length: u16,
    },
    Thin {
        bits: u8,
        actual: u8,
    },
    /// A string of a representation that is not known.
    Unknown {
        bits: u8,
        length: u16,
    },
    NoString {
        instance_type: u16,
    },
    /// A small integer, or a field that has been cleared.
    Immediate {
        value: u32,
        weak: bool,
    },
    /// A `Uint8Array`, or what is almost one.
    Array {
        form: u8,
        from: u8,
        length: u16,
        more: u8,
    },
    /// One that says what is not so. Its parts may be any, itself included.
    Liar {
        instance_type: u8,
        length: u32,
        first: u8,
        second: u8,
        number: u32,
    },
}

/// Two bytes for a character, so that each kind of them is likely.
#[derive(Debug)]
pub(crate) struct Characters(Vec<u16>);

impl<'a> Arbitrary<'a> for Characters {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let length = bytes.int_in_range(0..=40usize)?;
        let mut units = Vec::new();
        for _ in 0..length {
            let bits: u16 = bytes.arbitrary()?;
            let (high, low) = (0xd800 | bits & 0x3ff, 0xdc00 | bits >> 3 & 0x3ff);
            match bits >> 13 {
                0 | 1 => units.push(bits & 0x7f),
                2 => units.push(bits & 0xff),
                3 => units.push(bits & 0x7ff),
                4 => units.push(bits.wrapping_mul(7)),
                5 => units.push(high),
                6 => units.push(low),
                _ => units.extend([high, low]),
            }
        }
        Ok(Self(units))
    }
}

const ONE_BYTE: u16 = 8;
/// Of a string's type: its encoding, and those that `heap.rs` has no interest in.
const FREE_BITS: u16 = 0x78;
const SEQUENTIAL: u16 = 0;
const CONS: u16 = 1;
const SLICED: u16 = 3;
const THIN: u16 = 5;
/// Strings that lie outside of the heap, and those that there are none of.
const UNKNOWN: [u16; 4] = [2, 4, 6, 7];
const FIRST_NONSTRING: u16 = 0x80;

/// `String::kMaxLength`
const LONGEST: usize = (1 << 29) - 24;
/// Of a string in one piece, so that the fuzzer is quick.
const LONGEST_PIECE: usize = 5000;

/// What is too much for `heap.rs`: bytes that are put together, parts, parts that wait, and steps.
const ROOM: usize = 4000;
const MOST_PARTS: usize = 1024;
const MOST_WAITING: usize = 8;
const MOST_STEPS: usize = 8;

/// The bits of a type besides the representation.
fn type_bits(bits: u8, one_byte: bool) -> u16 {
    let encoding = if one_byte { ONE_BYTE } else { 0 };
    match bits {
        0..0xe0 => u16::from(bits) & FREE_BITS & !ONE_BYTE | encoding,
        _ => u16::from(bits) & FREE_BITS,
    }
}

/// What an object is, for the model.
#[derive(Debug)]
enum Shape {
    Sequential(Vec<u16>),
    Cons(usize, usize),
    Sliced(usize, usize),
    Thin(usize),
    Unknown,
    NoString,
}

#[derive(Debug)]
struct Made {
    /// The field that leads to it.
    field: usize,
    shape: Shape,
    one_byte: bool,
    length: usize,
    /// Nothing in it lies.
    honest: bool,
    /// Strings that are visited when it is put together, and how many of them wait at most.
    parts: usize,
    waiting: usize,
    /// Steps to the one that has the characters, if one has them all.
    steps: Option<usize>,
    /// Of an array that is to be read: what is in it.
    bytes: Option<Vec<u8>>,
}

impl Made {
    fn no_string(field: usize) -> Self {
        Self {
            field,
            shape: Shape::NoString,
            one_byte: false,
            length: 0,
            honest: true,
            parts: 1,
            waiting: 0,
            steps: None,
            bytes: None,
        }
    }
}

/// Where the fields of an array are, by V8's layout, and that of its buffer.
struct Layouts {
    buffer: usize,
    byte_offset: usize,
    byte_length: usize,
    external_pointer: usize,
    base_pointer: usize,
    buffer_byte_length: usize,
}

const LAYOUTS: [Layouts; 2] = [
    Layouts {
        buffer: 24,
        byte_offset: 32,
        byte_length: 40,
        external_pointer: 64,
        base_pointer: 72,
        buffer_byte_length: 32,
    },
    Layouts {
        buffer: 32,
        byte_offset: 48,
        byte_length: 56,
        external_pointer: 72,
        base_pointer: 80,
        buffer_byte_length: 40,
    },
];
const ELEMENTS: usize = 16;
const TYPED_ARRAY: u16 = 2061;
const UINT8: u8 = 18;
/// Bytes that the lane copies.
const MOST_BYTES: usize = 192;

/// A heap of objects as V8 has them.
#[derive(Default)]
pub(crate) struct Heap {
    allocations: Vec<(*mut u8, Layout)>,
    maps: HashMap<(u16, u8), usize>,
    made: Vec<Made>,
    layout: usize,
}

impl Heap {
    pub(crate) fn new(layout: bool) -> Self {
        let mut heap = Self::default();
        heap.layout = layout.into();
        // What to begin with, so that a program comes to the point.
        for text in [
            "",
            "x",
            "some of ASCII",
            "caf\u{e9}",
            "\u{e4}\u{f6}\u{fc}\u{df}\u{c4}\u{d6}\u{dc}\u{e9}",
        ] {
            heap.sequential(ONE_BYTE, text.chars().map(|char| char as u16).collect());
        }
        heap.sequential(
            0,
            "\u{6f22}\u{5b57} \u{1f600}, \u{e9}"
                .encode_utf16()
                .collect(),
        );
        heap.sequential(0, vec![0x78, 0xdc00, 0xdc00]);
        heap.sequential(0, vec![0xd83d, 0xd83d, 0xde00]);
        heap
    }

    /// An allocation that is exactly as large, filled; with the tag of an object.
    fn allocate(&mut self, bytes: &[u8]) -> usize {
        let layout = Layout::from_size_align(bytes.len(), 8).expect("an object");
        // SAFETY: no object is empty, and so many bytes are there.
        let address = unsafe {
            let address = alloc::alloc(layout);
            assert!(!address.is_null());
            ptr::copy_nonoverlapping(bytes.as_ptr(), address, bytes.len());
            address
        };
        self.allocations.push((address, layout));
        address.expose_provenance() + 1
    }

    /// An object of that type, with elements of that kind: its map, then what else there is.
    fn object(&mut self, instance_type: u16, kind: u8, rest: &[&[u8]]) -> usize {
        let map = match self.maps.get(&(instance_type, kind)) {
            Some(&map) => map,
            None => {
                // Both bits below the kind say something else.
                let rest = [0xff, kind << 2 | kind & 3];
                let map = [&[0; 12][..], &instance_type.to_ne_bytes(), &rest].concat();
                let map = self.allocate(&map);
                self.maps.insert((instance_type, kind), map);
                map
            }
        };
        self.allocate(&[&map.to_ne_bytes(), &rest.concat()[..]].concat())
    }

    /// A string's object: hash and length, then the fields.
    fn string(&mut self, instance_type: u16, length: usize, rest: &[&[u8]]) -> usize {
        let head = [0x5a5a_5a5a, length as u32].map(u32::to_ne_bytes).concat();
        self.object(instance_type, 0, &[&[&head[..]], rest].concat())
    }

    /// An array: some form of it, so many bytes of a buffer with some more.
    fn array(&mut self, form: u8, from: usize, length: usize, more: usize) {
        let layout = &LAYOUTS[self.layout];
        let content: Vec<u8> = (from..from + length).map(|i| (i * 37 + 11) as u8).collect();
        let is_inside = matches!(form, 8..16 | 48..52);
        let (external, base, elements, of, start);
        if is_inside {
            // A map and a length, then the bytes.
            let array = [&[0; 16][..], &content].concat();
            elements = self.allocate(&array);
            start = elements - 1 + 16;
            base = if form == 48 {
                self.object(1, 0, &[])
            } else {
                elements
            };
            external = if form == 49 { 16 } else { 15 };
            // Whoever asks for its buffer moves it outside.
            of = 0;
        } else {
            let whole = [&vec![0xbb; from][..], &content, &vec![0xcc; more + 1]].concat();
            start = self.allocate(&whole) - 1 + from;
            elements = self.object(1, 0, &[]);
            base = if form == 50 { elements } else { 0 };
            (external, of) = match form {
                // Detached: nothing is there.
                32..36 => (16, 0),
                // Shorter than it was.
                36..40 => (start, (from + length).saturating_sub(1 + more)),
                _ => (start, from + length + more),
            };
        }
        let (from, in_view) = match form {
            40..44 => (from, usize::MAX),
            44..48 => (from + more + 1, length),
            _ => (if is_inside { 0 } else { from }, length),
        };
        let mut buffer = vec![0xab; layout.buffer_byte_length - 8];
        buffer.extend(of.to_ne_bytes());
        let buffer = self.object(2060, 0, &[&buffer]);
        // Behind the map.
        let mut fields = vec![0xab; layout.base_pointer];
        for (at, value) in [
            (ELEMENTS, elements),
            (layout.buffer, buffer),
            (layout.byte_offset, from),
            (layout.byte_length, in_view),
            (layout.external_pointer, external),
            (layout.base_pointer, base),
        ] {
            fields[at - 8..at].copy_from_slice(&value.to_ne_bytes());
        }
        let (instance_type, kind) = match form {
            16..24 => (TYPED_ARRAY, more as u8 & 63),
            24..32 => (TYPED_ARRAY - 4 + (more & 7) as u16, UINT8),
            _ => (TYPED_ARRAY, UINT8),
        };
        let is_array = (instance_type, kind) == (TYPED_ARRAY, UINT8);
        let is_there = if is_inside {
            base == elements && external == 15
        } else {
            base == 0 && from.checked_add(in_view).is_some_and(|end| end <= of)
        };
        let is_little = (1..=MOST_BYTES).contains(&in_view) && start.is_multiple_of(8);
        let field = self.object(instance_type, kind, &[&fields]);
        self.made.push(Made {
            bytes: (is_array && is_there && is_little).then_some(content),
            ..Made::no_string(field)
        });
    }

    /// The one that was made so long ago.
    pub(crate) fn find(&self, ago: u8) -> usize {
        self.made.len() - 1 - usize::from(ago) % self.made.len()
    }

    fn is_string(&self, index: usize) -> bool {
        !matches!(self.made[index].shape, Shape::NoString)
    }

    fn sequential(&mut self, bits: u16, mut units: Vec<u16>) {
        let one_byte = bits & ONE_BYTE != 0;
        let bytes: Vec<u8> = if one_byte {
            units.iter_mut().for_each(|unit| *unit &= 0xff);
            units.iter().map(|&unit| unit as u8).collect()
        } else {
            units.iter().flat_map(|unit| unit.to_ne_bytes()).collect()
        };
        let field = self.string(SEQUENTIAL | bits, units.len(), &[&bytes]);
        self.made.push(Made {
            field,
            length: units.len(),
            shape: Shape::Sequential(units),
            one_byte,
            honest: true,
            parts: 1,
            waiting: 0,
            steps: Some(0),
            bytes: None,
        });
    }

    fn cons(&mut self, bits: u8, first: usize, second: usize) {
        let (a, b) = (&self.made[first], &self.made[second]);
        let bits = type_bits(bits, a.one_byte && b.one_byte);
        let length = a.length + b.length;
        if !self.is_string(first) || !self.is_string(second) || length > LONGEST {
            return;
        }
        let (fields, made) = (
            [a.field, b.field].map(usize::to_ne_bytes),
            Made {
                field: 0,
                shape: Shape::Cons(first, second),
                one_byte: bits & ONE_BYTE != 0,
                length,
                honest: a.honest && b.honest,
                parts: (a.parts + b.parts + 1).min(MOST_PARTS + 1),
                waiting: a.waiting.max(b.waiting + 1),
                steps: a.steps.filter(|_| b.length == 0).map(|steps| steps + 1),
                bytes: None,
            },
        );
        let field = self.string(CONS | bits, length, &[&fields[0], &fields[1]]);
        self.made.push(Made { field, ..made });
    }

    /// One that has its characters in another.
    fn indirect(&mut self, bits: u8, of: usize, slice: Option<(usize, usize)>) {
        if !self.is_string(of) {
            return;
        }
        let target = &self.made[of];
        let bits = type_bits(bits, target.one_byte);
        let made = Made {
            field: 0,
            shape: slice.map_or(Shape::Thin(of), |(from, _)| Shape::Sliced(of, from)),
            one_byte: bits & ONE_BYTE != 0,
            length: slice.map_or(target.length, |(_, length)| length),
            honest: target.honest,
            parts: 1,
            waiting: 0,
            steps: target.steps.map(|steps| steps + 1),
            bytes: None,
        };
        let target = target.field.to_ne_bytes();
        let field = match slice {
            Some((from, length)) => {
                let from = (from << 32).to_ne_bytes();
                self.string(SLICED | bits, length, &[&target, &from])
            }
            None => self.string(THIN | bits, made.length, &[&target]),
        };
        self.made.push(Made { field, ..made });
    }

    pub(crate) fn make(&mut self, object: &Object) {
        let nothing = Made::no_string(0);
        match *object {
            Object::Sequential {
                bits,
                ref characters,
                times,
            } => {
                // Most are short.
                let times = if times < 0x4000 { 1 } else { times & 0x3ff };
                let mut units = characters.0.repeat(times.into());
                units.truncate(LONGEST_PIECE);
                self.sequential(u16::from(bits) & FREE_BITS, units);
            }
            Object::Cons {
                bits,
                first,
                second,
            } => self.cons(bits, self.find(first), self.find(second)),
            Object::Chain {
                bits,
                start,
                piece,
                at_end,
                times,
            } => {
                let (mut last, piece) = (self.find(start), self.find(piece));
                // More parts than may be, and more that wait.
                let times = if times < 0x8000 {
                    times % 12
                } else {
                    times % 1100
                };
                for _ in 0..times {
                    let before = self.made.len();
                    let (first, second) = if at_end { (last, piece) } else { (piece, last) };
                    self.cons(bits, first, second);
                    if self.made.len() == before {
                        break;
                    }
                    last = before;
                }
            }
            Object::Sliced {
                bits,
                parent,
                from,
                length,
            } => {
                let parent = self.find(parent);
                let whole = self.made[parent].length;
                let from = usize::from(from) % (whole + 1);
                let length = usize::from(length) % (whole - from + 1);
                self.indirect(bits, parent, Some((from, length)));
            }
            Object::Thin { bits, actual } => {
                self.indirect(bits, self.find(actual), None);
            }
            Object::Unknown { bits, length } => {
                let representation = UNKNOWN[usize::from(bits) % UNKNOWN.len()];
                let bits = u16::from(bits) & FREE_BITS;
                let field = self.string(representation | bits, length.into(), &[]);
                self.made.push(Made {
                    field,
                    shape: Shape::Unknown,
                    one_byte: bits & ONE_BYTE != 0,
                    length: length.into(),
                    ..nothing
                });
            }
            Object::NoString { instance_type } => {
                // An array would have fields, and is made elsewhere.
                let instance_type = match instance_type | FIRST_NONSTRING {
                    TYPED_ARRAY => FIRST_NONSTRING,
                    other => other,
                };
                let field = self.object(instance_type, UINT8, &[]);
                self.made.push(Made { field, ..nothing });
            }
            Object::Array {
                form,
                from,
                length,
                more,
            } => {
                // Most begin at a word.
                let from = usize::from(if from < 224 { from & 0xf8 } else { from });
                self.array(form, from, usize::from(length) % 201, more.into());
            }
            Object::Immediate { value, weak } => {
                // A weak field is tagged in both bits.
                let field = (value as usize) << 32 | if weak { 0b11 } else { 0 };
                self.made.push(Made { field, ..nothing });
            }
            Object::Liar {
                instance_type,
                length,
                first,
                second,
                number,
            } => {
                let instance_type = match u16::from(instance_type) & 0x7f {
                    // There it would be no lie that anybody could see.
                    sequential if sequential & 7 == SEQUENTIAL => sequential | CONS,
                    other => other,
                };
                let length = if length < 0x8000_0000 {
                    length % 64
                } else {
                    length & 0x7fff_ffff
                } as usize;
                let (first, second) = (self.find(first), self.find(second));
                let fields = [self.made[first].field, self.made[second].field];
                let fields = fields.map(usize::to_ne_bytes);
                let field = self.string(instance_type, length, &[&fields[0], &fields[1]]);
                let at = ptr::with_exposed_provenance_mut::<u8>(field - 1);
                // SAFETY: both fields are in the object.
                unsafe {
                    if number & 1 != 0 {
                        at.add(16).cast::<usize>().write(field);
                    }
                    if instance_type & 7 == SLICED {
                        at.add(24).cast::<usize>().write((number as usize) << 32);
                    } else if number & 2 != 0 {
                        at.add(24).cast::<usize>().write(field);
                    }
                }
                self.made.push(Made {
                    field,
                    shape: Shape::Unknown,
                    one_byte: instance_type & ONE_BYTE != 0,
                    length,
                    honest: false,
                    ..nothing
                });
            }
        }
    }

    /// The characters from `from` on, `length` of them, by plain recursion; `None` if a part is not known.
    fn characters(
        &self,
        index: usize,
        from: usize,
        length: usize,
        to: &mut Vec<u16>,
    ) -> Option<()> {
        if length == 0 {
            return Some(());
        }
        match self.made[index].shape {
            Shape::Sequential(ref units) => to.extend(&units[from..from + length]),
            Shape::Cons(first, second) => {
                let whole = self.made[first].length;
                let before = whole.saturating_sub(from).min(length);
                self.characters(first, from.min(whole), before, to)?;
                self.characters(second, from.saturating_sub(whole), length - before, to)?;
            }
            Shape::Sliced(parent, offset) => self.characters(parent, offset + from, length, to)?,
            Shape::Thin(actual) => self.characters(actual, from, length, to)?,
            Shape::Unknown | Shape::NoString => return None,
        }
        Some(())
    }

    /// Whether the string that has the characters is one of two bytes each.
    fn is_wide(&self, index: usize) -> bool {
        match self.made[index].shape {
            Shape::Sequential(_) => !self.made[index].one_byte,
            Shape::Cons(of, _) | Shape::Sliced(of, _) | Shape::Thin(of) => self.is_wide(of),
            Shape::Unknown | Shape::NoString => false,
        }
    }

    fn is_shared(&self, index: usize) -> bool {
        self.made[index]
            .steps
            .is_some_and(|steps| steps < MOST_STEPS)
    }

    /// Whether all parts can be read, and any is of two bytes each.
    fn parts(&self, index: usize) -> (bool, bool) {
        match self.made[index].shape {
            Shape::Cons(first, second) => {
                let ((known, wide), (also_known, also_wide)) =
                    (self.parts(first), self.parts(second));
                (known && also_known, wide || also_wide)
            }
            _ => (self.is_shared(index), self.is_wide(index)),
        }
    }

    /// What is to be read of a value in which nothing lies: its characters, and whether as two bytes each.
    fn expected(&self, index: usize) -> Option<(Vec<u16>, bool)> {
        let made = &self.made[index];
        let wide = if self.is_shared(index) {
            self.is_wide(index)
        } else {
            let room = if made.one_byte { ROOM } else { ROOM / 2 };
            if made.length > room || made.parts > MOST_PARTS || made.waiting > MOST_WAITING {
                return None;
            }
            let (known, any_wide) = self.parts(index);
            if !known || made.one_byte && any_wide {
                return None;
            }
            !made.one_byte
        };
        let mut units = Vec::new();
        self.characters(index, 0, made.length, &mut units)?;
        Some((units, wide))
    }
}

impl Heap {
    /// Reads a value as fast functions do, and hands out what it is.
    pub(crate) fn read(&self, index: usize, then: impl FnOnce(Content<'_>)) {
        let made = &self.made[index];
        let value = Value::of((&raw const made.field).cast_mut().cast());
        let mut scratch = Scratch::new();
        let flat = value.flat();
        let text = value.text(&mut scratch);
        if made.honest {
            let found = text.map(|text| (units(text), matches!(text, Text::Utf16(_))));
            assert_eq!(found, self.expected(index));
            let is_flat = matches!(made.shape, Shape::Sequential(_));
            assert_eq!(flat.is_some(), is_flat);
        } else if let Some(text) = text {
            assert_eq!(units(text).len(), made.length);
        }
        if let (Some(flat), Some(text)) = (flat, text) {
            assert_eq!(units(flat), units(text));
        }
        let bytes = match self.layout {
            0 => value.bytes::<0>(),
            _ => value.bytes::<1>(),
        };
        assert_eq!(bytes.is_some(), made.bytes.is_some());
        match (text, bytes, &made.bytes) {
            (Some(text), None, _) => then(Content::Text(text)),
            (None, Some(bytes), Some(expected)) => then(Content::Bytes(bytes, expected)),
            _ => {}
        }
    }
}

/// What was read of a value. Of bytes, what they should be.
#[derive(Clone, Copy)]
pub(crate) enum Content<'a> {
    Text(Text<'a>),
    Bytes(Bytes<'a>, &'a [u8]),
}

impl Drop for Heap {
    fn drop(&mut self) {
        for &(address, layout) in &self.allocations {
            // SAFETY: each is one of `allocate`'s.
            unsafe { alloc::dealloc(address, layout) };
        }
    }
}

pub(crate) fn units(text: Text<'_>) -> Vec<u16> {
    match text {
        Text::Latin1(text) => text.iter().map(|&byte| byte.into()).collect(),
        Text::Utf16(text) => text.to_vec(),
    }
}
