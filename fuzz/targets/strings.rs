//! Strings on their way from V8's heap into a ring, and out again, without V8.
//!
//! `express/heap.rs` and `text.rs` of `crosscore-node` are included as they are shipped. The heap is one that libFuzzer makes up:
//! strings in one piece and in many, of any shape and depth, with what is no string and what nobody knows among them. Each
//! object is an allocation of its own, exactly as large as it is, so that AddressSanitizer sees a read beyond it. What is read is
//! compared with a plain recursive reading of the same heap. Some objects lie about their length or contain themselves, as
//! none of V8's does: of those it is only asked that the reading ends and stays inside.
//!
//! Then the text goes into the ring, wherever the control block says, and comes out of it, whatever stands there. The ring's
//! memory is compared byte by byte with what std's conversions say, so that nothing is written anywhere else.

#![no_main]
#![allow(
    dead_code,
    reason = "the sources are whole, and this needs a part of them"
)]

// `text.rs` calls Node-API; what it calls is below.
extern crate self as napi;

#[path = "../../crates/crosscore-node/src/ahead.rs"]
mod ahead;
#[path = "../../crates/crosscore-node/src/consumer.rs"]
mod consumer;
#[path = "../../crates/crosscore-node/src/control.rs"]
mod control;
#[path = "../../crates/crosscore-node/src/drops.rs"]
mod drops;
#[path = "../../crates/crosscore-node/src/express/heap.rs"]
mod heap;
#[path = "../../crates/crosscore-node/src/memory.rs"]
mod memory;
#[path = "../../crates/crosscore-node/src/pacing.rs"]
mod pacing;
#[path = "../../crates/crosscore-node/src/producer.rs"]
mod producer;
#[path = "../../crates/crosscore-node/src/restraint.rs"]
mod restraint;
#[path = "../../crates/crosscore-node/src/shared.rs"]
mod shared;
#[path = "../../crates/crosscore-node/src/side.rs"]
mod side;
#[path = "../../crates/crosscore-node/src/text.rs"]
mod text;

use std::alloc::{self, Layout};
use std::collections::{HashMap, VecDeque};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arbitrary::{Arbitrary, Unstructured};
use crosscore::Ring;
use libfuzzer_sys::fuzz_target;

use consumer::ConsumerPort;
use control::{AT, BLOCK_BYTES, Control, DONE, FLAGS, PENDING_MESSAGES};
use heap::{Scratch, Value};
use memory::{RingMemory, SharedRing};
use producer::ProducerPort;
use shared::{Description, ends};
use side::Side;
use text::Text;

/// Node-API, as far as `text.rs` needs it.
#[allow(
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    reason = "as they are called there"
)]
pub mod sys {
    use std::ffi::{c_char, c_int};

    /// An environment: what strings it was asked to make, and whether it makes any.
    #[derive(Debug, Default)]
    pub struct Env {
        pub(crate) made: Vec<(bool, *const u8, Vec<u8>)>,
        pub(crate) refuses: bool,
    }

    pub type napi_env = *mut Env;
    pub type napi_value = *mut u8;

    pub mod Status {
        pub const napi_ok: i32 = 0;
    }

    /// # Safety
    ///
    /// As Node-API's: so many bytes are at `text`.
    pub unsafe fn napi_create_string_latin1(
        env: napi_env,
        text: *const c_char,
        length: isize,
        value: *mut napi_value,
    ) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { make(env, true, text, length, value) }
    }

    /// # Safety
    ///
    /// As above.
    pub unsafe fn napi_create_string_utf8(
        env: napi_env,
        text: *const c_char,
        length: isize,
        value: *mut napi_value,
    ) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { make(env, false, text, length, value) }
    }

    unsafe fn make(
        env: napi_env,
        latin1: bool,
        text: *const c_char,
        length: isize,
        value: *mut napi_value,
    ) -> c_int {
        let text = text.cast::<u8>();
        // SAFETY: INV-NODE-1: the environment is the one that the call came with; the bytes are the caller's promise.
        unsafe {
            let bytes = std::slice::from_raw_parts(text, length as usize).to_vec();
            (*env).made.push((latin1, text, bytes));
            if (*env).refuses {
                return 1;
            }
            *value = env.cast();
        }
        Status::napi_ok
    }
}

#[derive(Arbitrary, Debug)]
struct Program {
    mirrored: bool,
    capacity: u8,
    publish_every: bool,
    acts: Vec<Act>,
}

#[derive(Arbitrary, Debug)]
enum Act {
    /// Makes an object.
    Make(Object),
    /// Pushes a value that was made.
    Push {
        value: u8,
        publish: bool,
    },
    /// Pops a string as JavaScript does. Sometimes somebody has just written nonsense into its header: what it is, and a
    /// length that is so far from what there is.
    Pop {
        refused: bool,
        what: u8,
        more: i16,
    },
    Publish,
    Release,
    Look,
    /// Counts bytes as written or read, at most as many as there are.
    Count {
        consumer: bool,
        bytes: u16,
    },
    /// Writes nonsense into a control block.
    Nonsense {
        consumer: bool,
        word: u8,
        value: u32,
    },
    /// Writes nonsense into the ring's memory.
    Scribble {
        at: u16,
        value: u8,
    },
    Close {
        consumer: bool,
    },
}

/// An object of the heap. `bits` are those of its type that a string may have any of; sometimes they say whether it is one of
/// one byte a character, which otherwise follows from its parts. Others are named by how long ago they were made.
#[derive(Arbitrary, Debug)]
enum Object {
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
struct Characters(Vec<u16>);

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
}

/// A heap of objects as V8 has them.
#[derive(Default)]
struct Heap {
    allocations: Vec<(*mut u8, Layout)>,
    maps: HashMap<u16, usize>,
    made: Vec<Made>,
}

impl Heap {
    fn new() -> Self {
        let mut heap = Self::default();
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

    /// An object of that type: its map, then what else there is.
    fn object(&mut self, instance_type: u16, rest: &[&[u8]]) -> usize {
        let map = match self.maps.get(&instance_type) {
            Some(&map) => map,
            None => {
                let map = self.allocate(&[&[0; 12][..], &instance_type.to_ne_bytes()].concat());
                self.maps.insert(instance_type, map);
                map
            }
        };
        self.allocate(&[&map.to_ne_bytes(), &rest.concat()[..]].concat())
    }

    /// A string's object: hash and length, then the fields.
    fn string(&mut self, instance_type: u16, length: usize, rest: &[&[u8]]) -> usize {
        let head = [0x5a5a_5a5a, length as u32].map(u32::to_ne_bytes).concat();
        self.object(instance_type, &[&[&head[..]], rest].concat())
    }

    /// The one that was made so long ago.
    fn find(&self, ago: u8) -> usize {
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

    fn make(&mut self, object: &Object) {
        let nothing = Made {
            field: 0,
            shape: Shape::NoString,
            one_byte: false,
            length: 0,
            honest: true,
            parts: 1,
            waiting: 0,
            steps: None,
        };
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
                let field = self.object(instance_type | FIRST_NONSTRING, &[]);
                self.made.push(Made { field, ..nothing });
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
    /// Reads a value as a fast function does, and hands out its text if there is any.
    fn read(&self, index: usize, then: impl FnOnce(Text<'_>)) {
        let made = &self.made[index];
        // SAFETY: INV-NODE-14: transparent, and the address of a field.
        let value: Value = unsafe { std::mem::transmute(&raw const made.field) };
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
        if let Some(text) = text {
            then(text);
        }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        for &(address, layout) in &self.allocations {
            // SAFETY: each is one of `allocate`'s.
            unsafe { alloc::dealloc(address, layout) };
        }
    }
}

fn units(text: Text<'_>) -> Vec<u16> {
    match text {
        Text::Latin1(text) => text.iter().map(|&byte| byte.into()).collect(),
        Text::Utf16(text) => text.to_vec(),
    }
}

/// What the bytes of a message are, as in `lib/layout/text.ts`.
const ASCII: u32 = 1;
const UTF8: u32 = 2;
const UTF16: u32 = 3;
const HEADER: usize = 8;

fn size_of_message(length: usize) -> usize {
    (HEADER + length).next_multiple_of(8)
}

/// How a text is to lie in the ring, by std's conversions.
fn stored(text: Text<'_>) -> (Vec<u8>, u32) {
    let converted = match text {
        Text::Latin1(text) => Ok(text.iter().map(|&byte| char::from(byte)).collect()),
        Text::Utf16(text) => String::from_utf16(text),
    };
    match (converted, text) {
        (Ok(text), _) => {
            let what = if text.is_ascii() { ASCII } else { UTF8 };
            (text.into_bytes(), what)
        }
        (Err(_), text) => (
            units(text)
                .iter()
                .flat_map(|unit| unit.to_ne_bytes())
                .collect(),
            UTF16,
        ),
    }
}

/// The ring's memory, and what should stand in it.
struct Shadow {
    ring: Arc<SharedRing>,
    bytes: Vec<u8>,
    mirrored: bool,
}

impl Shadow {
    fn write(&mut self, at: usize, bytes: &[u8]) {
        let whole = self.bytes.len();
        for (i, &byte) in bytes.iter().enumerate() {
            self.bytes[at + i] = byte;
            if self.mirrored {
                self.bytes[(at + i + whole / 2) % whole] = byte;
            }
        }
    }

    /// A program writes there itself.
    fn scribble(&mut self, at: usize, bytes: &[u8]) {
        self.write(at, bytes);
        // SAFETY: INV-NODE-3 does not hold, which is the point; both halves are memory all the same.
        unsafe {
            let to = self.ring.base().as_ptr().add(at);
            ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
        }
    }

    fn check(&self) {
        // SAFETY: INV-ALLOC-4: both halves are initialised, and this thread is the only one.
        let seen =
            unsafe { std::slice::from_raw_parts(self.ring.base().as_ptr(), self.bytes.len()) };
        if seen != self.bytes {
            let at = (0..seen.len()).find(|&at| seen[at] != self.bytes[at]);
            panic!("something else stands at {at:?}");
        }
    }
}

fn word(control: &Control, index: usize) -> &AtomicU32 {
    // SAFETY: INV-NODE-2: a block is its words, and the index is within it.
    unsafe { &*ptr::from_ref(control).cast::<AtomicU32>().add(index) }
}

fn read(control: &Control, index: usize) -> u32 {
    word(control, index).load(Ordering::Relaxed)
}

/// Both ends of a ring under test.
struct Ends {
    producer: Option<ProducerPort>,
    consumer: Option<ConsumerPort>,
    writes: Control,
    reads: Control,
    memory: Shadow,
    /// Nobody has broken a rule: then this is what comes out next.
    queue: Option<VecDeque<(Vec<u8>, u32)>>,
}

impl Ends {
    /// Bytes that are free; none once the consumer has gone.
    fn free(&self) -> usize {
        let (Some(producer), Some(consumer)) = (&self.producer, &self.consumer) else {
            return 0;
        };
        self.memory.ring.capacity() - (producer.cursor() - consumer.cursor()) as usize
    }

    fn push(&mut self, text: Text<'_>, publish: bool) {
        let closed = self.consumer.is_none();
        let free = self.free();
        let control = &self.writes;
        let Some(port) = &mut self.producer else {
            return;
        };
        let position = port.producer.position();
        let (at, flags) = (read(control, AT), read(control, FLAGS));
        let messages = read(control, PENDING_MESSAGES);
        let pending = at.wrapping_sub(position as u32) as usize;
        let offset = at as usize & (self.memory.ring.capacity() - 1);
        let payload = offset + HEADER;
        let has_room = |length| !closed && pending + size_of_message(length) <= free;

        let (bytes, what) = stored(text);
        let size = match text {
            // What does not fit widened is written as it is before that is known.
            Text::Latin1(text) if has_room(text.len()) => {
                self.memory.write(payload, text);
                has_room(bytes.len()).then(|| size_of_message(bytes.len()))
            }
            Text::Utf16(text) if has_room(3 * text.len()) => {
                // So far it was written before the surrogate was found.
                let before = char::decode_utf16(text.iter().copied()).map_while(Result::ok);
                let before: String = before.collect();
                self.memory.write(payload, before.as_bytes());
                Some(size_of_message(bytes.len()))
            }
            _ => None,
        };
        if let Some(size) = size {
            let memory = &mut self.memory;
            let header = [bytes.len() as u32, what].map(u32::to_ne_bytes).concat();
            memory.write(offset, &header);
            memory.write(payload, &bytes);
            let capacity = memory.ring.capacity();
            if !memory.mirrored && offset + size > capacity {
                memory.bytes.copy_within(capacity..offset + size, 0);
            }
            if let Some(queue) = &mut self.queue {
                queue.push_back((bytes, what));
            }
        }

        let taken = port.push_text(control, text, publish);
        self.memory.check();
        assert_eq!(taken as usize, size.unwrap_or(0), "{free} free");
        assert_eq!(read(control, FLAGS), flags);
        assert_eq!(read(control, AT), at.wrapping_add(taken));
        let publishes = publish && port.end.shared().description.publish_every == 1;
        match size {
            Some(size) if publishes => {
                let published = position + (pending + size) as u64;
                assert_eq!(port.producer.position(), published);
                assert_eq!(read(control, DONE), published as u32);
                assert_eq!(read(control, PENDING_MESSAGES), 0);
            }
            _ => {
                assert_eq!(port.producer.position(), position);
                let more = u32::from(size.is_some());
                assert_eq!(
                    read(control, PENDING_MESSAGES),
                    messages.saturating_add(more)
                );
            }
        }
    }

    /// Writes nonsense where the consumer reads next.
    fn scribble_header(&mut self, what: u8, more: i16) {
        let Some(port) = &self.consumer else {
            return;
        };
        self.queue = None;
        let length = (port.consumer.cached_available() as u32).wrapping_add_signed(more.into());
        let at = read(&self.reads, AT) as usize & (self.memory.ring.capacity() - 1);
        let header = [length, what.into()].map(u32::to_ne_bytes).concat();
        self.memory.scribble(at, &header);
    }

    fn pop(&mut self, refused: bool) {
        let control = &self.reads;
        let Some(port) = &mut self.consumer else {
            return;
        };
        let Shadow {
            ring,
            bytes: memory,
            mirrored,
        } = &self.memory;
        let at = read(control, AT);
        let offset = at as usize & (ring.capacity() - 1);
        let number = |at: usize| {
            let bytes = memory[at..at + 4].try_into().expect("four bytes");
            u32::from_ne_bytes(bytes)
        };
        let pending = at.wrapping_sub(port.consumer.position() as u32) as usize;
        let available = port.consumer.cached_available().checked_sub(pending);
        let expected = available
            .filter(|&available| available >= HEADER && offset.is_multiple_of(4))
            .and_then(|available| {
                let (length, what) = (number(offset) as usize, number(offset + 4));
                let is_there = length.checked_add(HEADER + 7)? & !7 <= available;
                let whole = *mirrored || offset + HEADER + length <= ring.capacity();
                (is_there && whole && [ASCII, UTF8].contains(&what)).then_some((length, what))
            });

        let mut env = sys::Env {
            refuses: refused,
            ..sys::Env::default()
        };
        let answer = port.text(&raw mut env, control);
        let length = answer.map(|(value, length)| {
            assert_eq!(value, (&raw mut env).cast(), "what was made");
            length as usize
        });
        let start = ring
            .base()
            .as_ptr()
            .wrapping_add(offset + HEADER)
            .cast_const();
        let bytes = expected.map(|(length, _)| &memory[offset + HEADER..][..length]);
        let made = expected.map(|(_, what)| (what == ASCII, start, bytes.unwrap().to_vec()));
        assert_eq!(env.made.into_iter().next(), made);
        assert_eq!(
            length,
            expected.filter(|_| !refused).map(|(length, _)| length)
        );

        // JavaScript goes on behind it, or reads it by itself.
        let Some(queue) = &mut self.queue else {
            if let Some(length) = length {
                control.advance(size_of_message(length) as u32);
            }
            return;
        };
        if available.is_none_or(|available| available == 0) {
            return;
        }
        let (oldest, what) = queue.pop_front().expect("it was pushed");
        if let Some(bytes) = bytes {
            assert_eq!((bytes, expected.unwrap().1), (&*oldest, what));
        } else {
            let wraps = !mirrored && offset + HEADER + oldest.len() > ring.capacity();
            assert!(what == UTF16 || wraps, "it is there");
        }
        control.advance(size_of_message(oldest.len()) as u32);
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Publish => {
                if let Some(port) = &mut self.producer {
                    port.publish(&self.writes, 0);
                }
            }
            Act::Release => {
                if let Some(port) = &mut self.consumer {
                    port.publish(&self.reads, 0);
                }
            }
            Act::Look => {
                if let Some(port) = &mut self.consumer {
                    port.look(&self.reads);
                }
            }
            Act::Count { consumer, bytes } => {
                self.queue = None;
                let free = self.free();
                let (control, cursor, most) = match (&self.producer, &self.consumer) {
                    (_, Some(port)) if consumer => {
                        (&self.reads, port.cursor(), port.consumer.cached_available())
                    }
                    (Some(port), Some(_)) => (&self.writes, port.cursor(), free),
                    _ => return,
                };
                let bytes = usize::from(bytes).min(most);
                control.set_at((cursor as u32).wrapping_add(bytes as u32));
            }
            Act::Nonsense {
                consumer,
                word: index,
                value,
            } => {
                self.queue = None;
                let control = if consumer { &self.reads } else { &self.writes };
                let index = usize::from(index) % (BLOCK_BYTES / 4);
                word(control, index).store(value, Ordering::Relaxed);
            }
            Act::Scribble { at, value } => {
                self.queue = None;
                let at = usize::from(at) % self.memory.bytes.len();
                self.memory.scribble(at, &[value]);
            }
            Act::Close { consumer: true } => self.consumer = None,
            Act::Close { consumer: false } => self.producer = None,
            Act::Make(_) | Act::Push { .. } | Act::Pop { .. } => {}
        }
    }
}

fuzz_target!(|program: Program| {
    let kind = if program.mirrored {
        RingMemory::Mirrored
    } else {
        RingMemory::Heap
    };
    let least = 8 << (program.capacity % 12);
    let (producer, consumer) = Ring::<u8, _>::with_capacity_in(least, kind).expect("a small ring");
    let memory = Shadow {
        ring: Arc::clone(producer.ring()),
        bytes: vec![0; 2 * producer.capacity()],
        mirrored: program.mirrored,
    };
    let description = Description {
        publish_every: if program.publish_every { 1 } else { 8 },
        ..Description::default()
    };
    let (this, that) = ends(producer.ring(), description);
    // Nobody gives the pages back while the memory is looked at.
    this.shared().show();
    let mut ends = Ends {
        producer: Some(ProducerPort::new(producer, this)),
        consumer: Some(ConsumerPort::new(consumer, that)),
        writes: Control::new(),
        reads: Control::new(),
        memory,
        queue: Some(VecDeque::new()),
    };
    let mut heap = Heap::new();
    for act in &program.acts {
        match *act {
            Act::Make(ref object) => {
                heap.make(object);
                heap.read(heap.made.len() - 1, |_| {});
            }
            Act::Push { value, publish } => {
                heap.read(heap.find(value), |text| ends.push(text, publish));
            }
            Act::Pop {
                refused,
                what,
                more,
            } => {
                if what < 16 {
                    ends.scribble_header(what % 5, more >> 8);
                } else if what < 32 {
                    ends.scribble_header(what % 5, more);
                }
                ends.pop(refused);
            }
            ref other => ends.act(other),
        }
    }
    ends.memory.check();
});
