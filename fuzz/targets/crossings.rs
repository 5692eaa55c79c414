//! The addon's crossings with a hostile other side: a control block and ring memory that hold
//! whatever a program can write there.
//!
//! These are the shipped sources of `crosscore-node`, included one by one, without Node: a side and
//! its control block need none. What is asked: a count that the cursors do not allow moves none of
//! them and is CORRUPT, one that they allow moves one by exactly that, and nothing that stands in the
//! block or in the ring leads anywhere else. How messages lie in the ring is JavaScript's
//! (`lib/layout/framed.ts`), and `__test__/framing.spec.js` does the same to it.

#![no_main]
#![allow(
    dead_code,
    reason = "the sources are whole, and this needs a part of them"
)]

#[path = "../../crates/crosscore-napi/src/abi.rs"]
mod abi;
#[path = "../../crates/crosscore-node/src/ahead.rs"]
mod ahead;
#[path = "../../crates/crosscore-node/src/consumer.rs"]
mod consumer;
#[path = "../../crates/crosscore-node/src/control.rs"]
mod control;
#[path = "../../crates/crosscore-node/src/drops.rs"]
mod drops;
#[path = "../../crates/crosscore-node/src/memory.rs"]
mod memory;
#[path = "../../crates/crosscore-node/src/numbers.rs"]
mod numbers;
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

mod foreign {
    pub(crate) use crate::abi::kind;
}

use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use arbitrary::Arbitrary;
use crosscore::Ring;
use libfuzzer_sys::fuzz_target;

use consumer::ConsumerPort;
use control::{
    AT, BLOCK_BYTES, Control, DONE, FLAG_CLOSED, FLAG_CORRUPT, FLAG_DONE, FLAGS, KNOWN, LIMIT,
    PENDING_MESSAGES, SLICE, WANTED,
};
use memory::{RingMemory, SharedRing};
use producer::ProducerPort;
use shared::{Description, ends};
use side::{ENDED, Port};

#[derive(Arbitrary, Debug)]
struct Program {
    mirrored: bool,
    capacity: u8,
    /// One of `abi::kind`, or none.
    kind: u8,
    acts: Vec<(bool, Act)>,
}

/// What JavaScript does on one side.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Act {
    /// Counts so many bytes more as written or read, whether there are as many or not, and publishes or releases them.
    Message {
        bytes: u16,
    },
    /// Pushes a number by the crossing that writes it; of a ring that may be one of numbers.
    Number {
        value: f64,
        halted: bool,
    },
    /// Counts bytes as written or read, at most as many as there are to write or read.
    Count {
        bytes: u16,
        messages: u8,
    },
    /// Writes nonsense into the block.
    Nonsense {
        word: u8,
        value: u32,
    },
    /// Writes nonsense into the ring's memory, owned or not.
    Scribble {
        at: u16,
        value: u8,
    },
    Publish,
    Look,
    Block {
        wanted: u32,
        microseconds: u8,
    },
    Arm {
        wanted: u32,
    },
    Disarm,
    /// A look that publishes nothing.
    Ask,
    Stats,
    /// Moves the handle: the port goes into another environment, which has a block of its own.
    Move,
    Close,
}

#[derive(Default)]
struct Rings(AtomicUsize);

impl Wake for Rings {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the cursors and counters should be.
#[derive(Debug, Default)]
struct Model {
    capacity: u64,
    sent: u64,
    received: u64,
    /// What a consumer had given back when it closed: its close goes past what it drops, which nobody has received.
    taken: Option<u64>,
    messages: (u64, u64),
    producer_gone: bool,
    consumer_gone: bool,
}

impl Model {
    fn used(&self) -> u64 {
        self.sent - self.received
    }
    fn free(&self) -> u64 {
        self.capacity - self.used()
    }
}

fn word(control: &Control, index: usize) -> &AtomicU32 {
    // SAFETY: INV-NODE-2: a block is its words, and the index is within it.
    unsafe { &*ptr::from_ref(control).cast::<AtomicU32>().add(index) }
}

/// A side under test: the real one, and what is the same of both in the model.
struct Half {
    /// `Ended` once closed.
    port: Port,
    control: Box<Control>,
    rings: Arc<Rings>,
    /// The bell was left with the other side, which has rung that often by then.
    armed_at: Option<usize>,
}

impl Half {
    fn new(port: Port) -> Self {
        let half = Self {
            port,
            control: Box::new(Control::new()),
            rings: Arc::default(),
            armed_at: None,
        };
        half.control.reset(half.position());
        half
    }

    /// Where the cursor is.
    fn position(&self) -> u64 {
        match &self.port {
            Port::Producer(port) => port.producer.position(),
            Port::Consumer(port) => port.consumer.position(),
            Port::Ended => 0,
        }
    }

    fn pending(&self) -> u64 {
        self.control.pending(self.position()) as u64
    }

    fn read(&self, index: usize) -> u32 {
        word(&self.control, index).load(Ordering::Relaxed)
    }

    fn write(&self, index: usize, value: u32) {
        word(&self.control, index).store(value, Ordering::Relaxed);
    }

    /// What a crossing does with the pending counts, told to the model by `moves`: the flags to expect.
    /// And those that this crossing finds.
    fn expect(&self, moves: impl FnOnce(u64, u64) -> u32) -> (u32, u32) {
        let before = self.read(FLAGS);
        let wrong = moves(self.pending(), u64::from(self.read(PENDING_MESSAGES)));
        (before | wrong, wrong)
    }

    /// What was pending is not any more, unless the cursors did not allow it or nobody is there.
    fn check_done(&self, wrong: u32) {
        assert_eq!(self.read(PENDING_MESSAGES), 0);
        if wrong == 0 {
            assert_eq!(self.pending(), 0);
        }
    }
}

/// What the cursors say to a producer's pending counts.
fn publish(model: &mut Model, bytes: u64, messages: u64) -> u32 {
    if model.consumer_gone {
        FLAG_CLOSED
    } else if bytes > model.free() {
        FLAG_CORRUPT
    } else {
        model.sent += bytes;
        model.messages.0 += messages;
        0
    }
}

/// What the cursors say to a consumer's pending counts.
fn release(model: &mut Model, bytes: u64, messages: u64) -> u32 {
    if bytes > model.used() {
        FLAG_CORRUPT
    } else {
        model.received += bytes;
        model.messages.1 += messages;
        0
    }
}

fn mark(model: &Model) -> u32 {
    match (model.producer_gone, model.used()) {
        (false, _) => 0,
        (true, 0) => FLAG_CLOSED | FLAG_DONE,
        (true, _) => FLAG_CLOSED,
    }
}

/// Does one act on one side. `moves` is `publish` or `release`, `known` what a look says there is,
/// `marks` what it says of the other side. Whether the side has closed.
fn act(
    half: &mut Half,
    model: &mut Model,
    act: Act,
    memory: &mut Shadow,
    moves: fn(&mut Model, u64, u64) -> u32,
    known: fn(&Model) -> u64,
    marks: fn(&Model) -> u32,
) -> bool {
    if matches!(half.port, Port::Ended) {
        return false;
    }
    match act {
        Act::Count { bytes, messages } => {
            let bytes = u64::from(bytes).min(known(model)) as u32;
            half.write(AT, (half.position() as u32).wrapping_add(bytes));
            half.write(PENDING_MESSAGES, messages.into());
        }
        Act::Nonsense { word, value } => {
            half.write(usize::from(word) % (BLOCK_BYTES / 4), value);
            // Whatever was asked for, a terminate() does not wait longer.
            assert!(half.control.slice() <= Duration::from_millis(20));
        }
        Act::Scribble { at, value } => memory.scribble(at.into(), value),
        Act::Publish | Act::Message { .. } => {
            let one = match act {
                Act::Message { bytes } => {
                    half.control.advance(bytes.into());
                    1
                }
                _ => 0,
            };
            let (flags, wrong) = half.expect(|bytes, messages| moves(model, bytes, messages + one));
            half.port.publish(&half.control, one as u32);
            assert_eq!(half.read(FLAGS), flags);
            half.check_done(wrong);
        }
        Act::Number { value, halted } => {
            let Port::Producer(port) = &mut half.port else {
                return false;
            };
            let position = port.producer.position();
            let Description { kind, element, .. } = port.end.shared().description;
            if halted {
                half.control.halt(element);
            }
            let at = half.control.at();
            let pending = u64::from(at.wrapping_sub(position as u32));
            let may = !half.control.stops_at(at.wrapping_add(element))
                && !model.consumer_gone
                && pending + u64::from(element) <= model.free();
            let pushed = port.push_number(&half.control, value);
            let there = stored(kind, value).filter(|_| may);
            assert_eq!(pushed, there.is_some(), "{kind} {value}");
            if let Some(bytes) = there {
                model.sent += pending + bytes.len() as u64;
                assert_eq!(half.pending(), 0);
                assert_eq!(u64::from(half.read(DONE)), model.sent & 0xffff_ffff);
                memory.written(at as usize, &bytes);
            }
        }
        Act::Look | Act::Block { .. } => {
            let (flags, wrong) = half.expect(|bytes, messages| moves(model, bytes, messages));
            if let (
                Act::Block {
                    wanted,
                    microseconds,
                },
                control,
            ) = (act, &half.control)
            {
                word(control, WANTED).store(wanted, Ordering::Relaxed);
                word(control, SLICE).store(microseconds.into(), Ordering::Relaxed);
                half.port.side().expect("the handle is open").block(control);
                // It had the other side's waker slot to itself.
                half.armed_at = None;
            } else {
                half.port.look(&half.control);
            }
            assert_eq!(u64::from(half.read(KNOWN)), known(model));
            assert_eq!(half.read(FLAGS), flags | marks(model));
            half.check_done(wrong);
            let limit = (half.position() as u32).wrapping_add(half.read(KNOWN));
            assert_eq!(half.read(LIMIT), limit);
        }
        Act::Ask => {
            let pending = half.pending();
            half.port
                .side()
                .expect("the handle is open")
                .ask(&half.control);
            let expected = known(model).saturating_sub(pending);
            assert_eq!(u64::from(half.read(KNOWN)), expected);
            assert_eq!(half.pending(), pending, "to ask publishes nothing");
        }
        Act::Arm { wanted } => {
            let (flags, _) = half.expect(|bytes, messages| moves(model, bytes, messages));
            half.write(WANTED, wanted);
            let waker = Waker::from(Arc::clone(&half.rings));
            let side = half.port.side().expect("the handle is open");
            let armed = side.arm(&half.control, &waker);
            assert_eq!(half.read(FLAGS), flags);
            let gone = model.producer_gone || model.consumer_gone;
            let enough = u64::from(wanted).clamp(1, model.capacity) <= known(model);
            assert_eq!(armed, !gone && !enough);
            half.armed_at = armed.then(|| half.rings.0.load(Ordering::Relaxed));
        }
        Act::Disarm => {
            half.port
                .side()
                .expect("the handle is open")
                .disarm(&half.control);
            half.armed_at = None;
        }
        Act::Stats => {
            let side = half.port.side().expect("the handle is open");
            let [
                sent,
                received,
                high_water,
                messages_sent,
                messages_received,
                ..,
            ] = side.stats(&half.control);
            let taken = model.taken.unwrap_or(model.received);
            assert_eq!((sent, received), (model.sent as f64, taken as f64));
            assert!(high_water <= model.capacity as f64);
            let messages = (model.messages.0 as f64, model.messages.1 as f64);
            assert_eq!((messages_sent, messages_received), messages);
            half.control.set_stats(&side.stats(&half.control));
        }
        Act::Move => {
            half.expect(|bytes, messages| moves(model, bytes, messages));
            let port = half.port.take(&half.control);
            assert!(!matches!(port, Port::Ended), "the handle was open");
            let again = half.port.take(&half.control);
            assert!(matches!(again, Port::Ended), "a port was taken twice");
            *half = Half::new(port);
        }
        Act::Close => {
            half.expect(|bytes, messages| moves(model, bytes, messages));
            drop(half.port.take(&half.control));
            // A closed handle stays where it is, and its crossings move nothing.
            half.control.advance(8);
            half.port.publish(&half.control, 1);
            assert_eq!(half.read(FLAGS) & ENDED, ENDED);
            half.port.look(&half.control);
            assert!(half.port.side().is_none());
            assert_eq!(half.read(KNOWN), 0);
            half.armed_at = None;
            return true;
        }
    }
    false
}

/// What a number is in the ring; `None` if the kind does not hold it.
fn stored(kind: u32, value: f64) -> Option<Vec<u8>> {
    use abi::kind::{F32, F64, I8, I16, I32, U8, U16, U32};
    // Another way than the one under test: by the integer that it is, if it is one.
    let whole = (value.trunc() == value && value.abs() < 9e15).then_some(value as i64);
    Some(match kind {
        F64 => value.to_ne_bytes().to_vec(),
        F32 => (value as f32).to_ne_bytes().to_vec(),
        I8 => i8::try_from(whole?).ok()?.to_ne_bytes().to_vec(),
        U8 => u8::try_from(whole?).ok()?.to_ne_bytes().to_vec(),
        I16 => i16::try_from(whole?).ok()?.to_ne_bytes().to_vec(),
        U16 => u16::try_from(whole?).ok()?.to_ne_bytes().to_vec(),
        I32 => i32::try_from(whole?).ok()?.to_ne_bytes().to_vec(),
        U32 => u32::try_from(whole?).ok()?.to_ne_bytes().to_vec(),
        _ => return None,
    })
}

/// The ring's memory as JavaScript sees it, and what should stand in it: Rust writes numbers there that it is given, and
/// nothing else.
struct Shadow {
    ring: SharedRing,
    bytes: Vec<u8>,
    mirrored: bool,
}

impl Shadow {
    fn new(ring: &SharedRing, mirrored: bool) -> Self {
        Self {
            ring: ring.clone(),
            bytes: vec![0; 2 * ring.capacity()],
            mirrored,
        }
    }

    fn scribble(&mut self, at: usize, value: u8) {
        let at = at % self.bytes.len();
        self.bytes[at] = value;
        if self.mirrored {
            let capacity = self.ring.capacity();
            self.bytes[(at + capacity) % (2 * capacity)] = value;
        }
        // SAFETY: INV-NODE-3 does not hold, which is the point; both halves are memory all the same.
        unsafe { self.ring.base().as_ptr().add(at).write(value) };
    }

    /// A number was written at a position, which need not be aligned.
    fn written(&mut self, position: usize, number: &[u8]) {
        let capacity = self.ring.capacity();
        let at = position % capacity;
        for (i, &byte) in number.iter().enumerate() {
            self.bytes[at + i] = byte;
            if self.mirrored {
                self.bytes[(at + i + capacity) % (2 * capacity)] = byte;
            }
        }
    }

    fn check(&self) {
        // SAFETY: INV-ALLOC-4: both halves are initialised, and this thread is the only one.
        let seen =
            unsafe { std::slice::from_raw_parts(self.ring.base().as_ptr(), self.bytes.len()) };
        assert!(seen == self.bytes, "something wrote into the slots");
    }
}

/// What a ring is for: numbers, or messages.
fn description(kind: u8) -> Description {
    use abi::kind::{F32, F64, I8, I16, I32, U8, U16, U32};
    const KINDS: [(u32, u32); 9] = [
        (U8, 1),
        (I8, 1),
        (U16, 2),
        (I16, 2),
        (U32, 4),
        (I32, 4),
        (F32, 4),
        (F64, 8),
        (0, 0),
    ];
    let (kind, element) = KINDS[usize::from(kind) % KINDS.len()];
    Description {
        kind,
        element,
        ..Description::default()
    }
}

fuzz_target!(|program: Program| {
    let kind = if program.mirrored {
        RingMemory::Mirrored
    } else {
        RingMemory::Heap
    };
    let description = description(program.kind);
    // No element is larger than the ring: `lib/kinds/options.ts` sees to it.
    let least = usize::from(program.capacity).max(description.element as usize) + 1;
    let (producer, consumer) = Ring::<u8, _>::with_capacity_in(least, kind).expect("a small ring");
    let mut memory = Shadow::new(producer.ring(), program.mirrored);
    let mut model = Model {
        capacity: producer.capacity() as u64,
        ..Model::default()
    };
    let (this, that) = ends(producer.ring(), description);
    // Nobody gives the pages back while the memory is looked at.
    this.shared().show();
    let mut producer = Half::new(Port::Producer(ProducerPort::new(producer, this)));
    let mut consumer = Half::new(Port::Consumer(ConsumerPort::new(consumer, that)));
    for (first, what) in program.acts {
        let (sent, received) = (model.sent, model.received);
        if first {
            let known = |model: &Model| model.free();
            let mark = |model: &Model| if model.consumer_gone { FLAG_CLOSED } else { 0 };
            if act(
                &mut producer,
                &mut model,
                what,
                &mut memory,
                publish,
                known,
                mark,
            ) {
                model.producer_gone = true;
            }
        } else if act(
            &mut consumer,
            &mut model,
            what,
            &mut memory,
            release,
            Model::used,
            mark,
        ) {
            model.consumer_gone = true;
            // What is left has no reader any more.
            model.taken = Some(model.received);
            model.received = model.sent;
        }
        // A bell that was left rings at the first thing that the other side does.
        if let (true, Some(rung)) = (
            model.sent > sent,
            consumer.armed_at.take_if(|_| model.sent > sent),
        ) {
            assert!(consumer.rings.0.load(Ordering::Relaxed) > rung);
        }
        if let (true, Some(rung)) = (
            model.received > received,
            producer.armed_at.take_if(|_| model.received > received),
        ) {
            assert!(producer.rings.0.load(Ordering::Relaxed) > rung);
        }
    }
    memory.check();
});
