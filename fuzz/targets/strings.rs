//! Strings and bytes on their way from V8's heap into a ring, and strings out of it again, without V8.
//!
//! `express/heap.rs`, `express/views.rs`, `text.rs`, `bytes.rs` and `messages.rs` of `crosscore-node` are included as they are
//! shipped. The heap is one that libFuzzer makes up (`strings/made_heap.rs`), and what is read of it is compared with what was
//! put there.
//!
//! Then what was read goes into the ring, wherever the control block says, and comes out of it, whatever stands there. The ring's
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
#[path = "../../crates/crosscore-node/src/bytes.rs"]
mod bytes;
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
#[path = "../../crates/crosscore-node/src/messages.rs"]
mod messages;
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
#[path = "../../crates/crosscore-node/src/express/views.rs"]
mod views;

#[path = "strings/made_heap.rs"]
mod made_heap;

use std::collections::VecDeque;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use arbitrary::Arbitrary;
use crosscore::Ring;
use libfuzzer_sys::fuzz_target;

use consumer::ConsumerPort;
use control::{AT, BLOCK_BYTES, Control, DONE, FLAGS, OWING, PENDING_MESSAGES};
use made_heap::{Content, Heap, Object, units};
use memory::{RingMemory, SharedRing};
use producer::ProducerPort;
use shared::{Description, ends};
use side::Side;
use text::Text;

/// Node-API, as far as the sources need it.
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

    pub mod TypedarrayType {
        pub const uint8_array: i32 = 1;
    }

    /// Nobody asks here how V8's own arrays lie.
    pub fn napi_create_arraybuffer(
        _: napi_env,
        _: usize,
        _: *mut *mut std::ffi::c_void,
        _: *mut napi_value,
    ) -> c_int {
        1
    }

    pub fn napi_create_typedarray(
        _: napi_env,
        _: i32,
        _: usize,
        _: napi_value,
        _: usize,
        _: *mut napi_value,
    ) -> c_int {
        1
    }

    pub fn napi_detach_arraybuffer(_: napi_env, _: napi_value) -> c_int {
        1
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
    publish_every: u8,
    /// The producer is on the list of those that owe a publication.
    owes: bool,
    /// How arrays lie in this V8.
    layout: bool,
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

/// What the bytes of a message are, as in `lib/layout/text.ts`.
const BYTES: u32 = 0;
const ASCII: u32 = 1;
const UTF8: u32 = 2;
const UTF16: u32 = 3;
const HEADER: usize = 8;

fn size_of_message(length: usize) -> usize {
    (HEADER + length).next_multiple_of(8)
}

/// How it is to lie in the ring; a text by std's conversions.
fn stored(content: Content<'_>) -> (Vec<u8>, u32) {
    let text = match content {
        Content::Text(text) => text,
        Content::Bytes(_, bytes) => return (bytes.to_vec(), BYTES),
    };
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
    ring: SharedRing,
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

    fn push(&mut self, content: Content<'_>, publish: bool) {
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
        // The first of a turn goes the long way.
        let every = port.end.shared().description.publish_every;
        let left = closed || every != 1 && read(control, OWING) == 0;
        let has_room = |length| !left && pending + size_of_message(length) <= free;

        let (bytes, what) = stored(content);
        let size = match content {
            // What does not fit widened is written as it is before that is known.
            Content::Text(Text::Latin1(text)) if has_room(text.len()) => {
                self.memory.write(payload, text);
                has_room(bytes.len()).then(|| size_of_message(bytes.len()))
            }
            Content::Text(Text::Utf16(text)) if has_room(3 * text.len()) => {
                // So far it was written before the surrogate was found.
                let before = char::decode_utf16(text.iter().copied()).map_while(Result::ok);
                let before: String = before.collect();
                self.memory.write(payload, before.as_bytes());
                Some(size_of_message(bytes.len()))
            }
            Content::Bytes(..) if has_room(bytes.len()) => Some(size_of_message(bytes.len())),
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

        let taken = match content {
            Content::Text(text) => port.push_text(control, text, publish),
            Content::Bytes(bytes, _) => port.push_bytes(control, bytes),
        };
        self.memory.check();
        assert_eq!(taken as usize, size.unwrap_or(0), "{free} free");
        assert_eq!(read(control, FLAGS), flags);
        assert_eq!(read(control, AT), at.wrapping_add(taken));
        let publish = publish || matches!(content, Content::Bytes(..));
        let more = messages.saturating_add(u32::from(size.is_some()));
        let capacity = self.memory.ring.capacity();
        match size {
            Some(size) if publish && (more >= every || pending + size >= capacity / 4) => {
                let published = position + (pending + size) as u64;
                assert_eq!(port.producer.position(), published);
                assert_eq!(read(control, DONE), published as u32);
                assert_eq!(read(control, PENDING_MESSAGES), 0);
            }
            _ => {
                assert_eq!(port.producer.position(), position);
                assert_eq!(read(control, PENDING_MESSAGES), more);
            }
        }
    }

    /// As JavaScript does before it pops.
    fn look_if_empty(&mut self) {
        if let Some(port) = &mut self.consumer
            && port.consumer.cached_available() == 0
        {
            port.look(&self.reads);
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
            assert!([BYTES, UTF16].contains(&what) || wraps, "it is there");
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
        ring: producer.ring().clone(),
        bytes: vec![0; 2 * producer.capacity()],
        mirrored: program.mirrored,
    };
    let description = Description {
        publish_every: [1, 3, 8, u32::MAX][usize::from(program.publish_every % 4)],
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
    word(&ends.writes, OWING).store(program.owes.into(), Ordering::Relaxed);
    let mut heap = Heap::new(program.layout);
    for act in &program.acts {
        match *act {
            Act::Make(ref object) => {
                heap.make(object);
                heap.read(heap.find(0), |_| {});
            }
            Act::Push { value, publish } => {
                heap.read(heap.find(value), |content| ends.push(content, publish));
            }
            Act::Pop {
                refused,
                what,
                more,
            } => {
                ends.look_if_empty();
                match what {
                    0..32 => ends.scribble_header(1 + what % 2, more >> 8),
                    32..48 => ends.scribble_header(what % 5, more),
                    _ => {}
                }
                ends.pop(refused);
            }
            ref other => ends.act(other),
        }
    }
    ends.memory.check();
});
