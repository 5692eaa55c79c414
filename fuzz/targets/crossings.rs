//! The addon's crossings with a hostile other side: a control block and ring memory that hold
//! whatever a program can write there.
//!
//! These are the shipped sources of `crosscore-node`, included one by one, without Node: a side and
//! its control block need none. What is asked: a count that the cursors do not allow moves none of
//! them and is CORRUPT, one that they allow moves one by exactly that, and nothing that stands in the
//! block or in the ring leads anywhere else. How messages lie in the ring is JavaScript's
//! (`lib/framing.ts`), and `__test__/framing.spec.js` does the same to it.

#![no_main]
#![allow(
    dead_code,
    reason = "the sources are whole, and this needs a part of them"
)]

#[path = "../../crates/crosscore-node/src/consumer.rs"]
mod consumer;
#[path = "../../crates/crosscore-node/src/control.rs"]
mod control;
#[path = "../../crates/crosscore-node/src/doorbell.rs"]
mod doorbell;
#[path = "../../crates/crosscore-node/src/handle.rs"]
mod handle;
#[path = "../../crates/crosscore-node/src/memory.rs"]
mod memory;
#[path = "../../crates/crosscore-node/src/messages.rs"]
mod messages;
#[path = "../../crates/crosscore-node/src/pacing.rs"]
mod pacing;
#[path = "../../crates/crosscore-node/src/producer.rs"]
mod producer;
#[path = "../../crates/crosscore-node/src/registry.rs"]
mod registry;
#[path = "../../crates/crosscore-node/src/status.rs"]
mod status;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use arbitrary::Arbitrary;
use crosscore::Ring;
use libfuzzer_sys::fuzz_target;

use consumer::{ConsumerPort, ConsumerSide};
use control::{
    BLOCK_BYTES, ELEMENT, FLAG_CLOSED, FLAG_CORRUPT, FLAG_DONE, FLAGS, KNOWN, PENDING,
    PENDING_MESSAGES, SLICE, WANTED,
};
use handle::Side;
use memory::{RingMemory, SharedRing};
use messages::Messages;
use pacing::Pacing;
use producer::{ProducerPort, ProducerSide};

#[derive(Arbitrary, Debug)]
struct Program {
    mirrored: bool,
    capacity: u8,
    acts: Vec<(bool, Act)>,
}

/// What JavaScript does on one side.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Act {
    /// Publishes an element of so many bytes, whether there is room for it or not.
    Element {
        bytes: u16,
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

fn read<S: Side>(side: &S, word: usize) -> u32 {
    // SAFETY: INV-NODE-2: one thread, and the words are within the block.
    unsafe { side.control().base().cast::<u32>().add(word).read() }
}

fn write<S: Side>(side: &S, word: usize, value: u32) {
    // SAFETY: INV-NODE-2: one thread, and the words are within the block.
    unsafe { side.control().base().cast::<u32>().add(word).write(value) }
}

/// A side under test: the real one, and what is the same of both in the model.
struct Half<S: Side> {
    /// `None` once closed.
    side: Option<S>,
    rings: Arc<Rings>,
    /// The bell was left with the other side, which has rung that often by then.
    armed_at: Option<usize>,
}

impl<S: Side> Half<S> {
    fn new(port: S::Port) -> Self {
        Self {
            side: Some(S::new(port)),
            rings: Arc::default(),
            armed_at: None,
        }
    }

    /// What a crossing does with the pending counts, told to the model by `moves`: the flags to expect.
    fn expect(&self, side: &S, moves: impl FnOnce(u64, u64) -> u32) -> u32 {
        let before = read(side, FLAGS);
        before
            | moves(
                u64::from(read(side, PENDING)),
                u64::from(read(side, PENDING_MESSAGES)),
            )
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
/// `marks` what it says of the other side.
fn act<S: Side>(
    half: &mut Half<S>,
    model: &mut Model,
    act: Act,
    memory: &mut Shadow,
    moves: fn(&mut Model, u64, u64) -> u32,
    known: fn(&Model) -> u64,
    marks: fn(&Model) -> u32,
) -> bool {
    let Some(side) = &half.side else { return false };
    match act {
        Act::Count { bytes, messages } => {
            let bytes = u64::from(bytes).min(known(model)) as u32;
            write(side, PENDING, bytes);
            write(side, PENDING_MESSAGES, messages.into());
        }
        Act::Nonsense { word, value } => {
            write(side, usize::from(word) % (BLOCK_BYTES / 4), value);
            // Whatever was asked for, a terminate() does not wait longer.
            assert!(side.control().slice() <= Duration::from_millis(20));
        }
        Act::Scribble { at, value } => memory.scribble(at.into(), value),
        Act::Publish => {
            let flags = half.expect(side, |bytes, messages| moves(model, bytes, messages));
            // SAFETY: INV-NODE-2: one thread, no other crossing is under way. So in all of these.
            unsafe { side.publish() };
            assert_eq!((read(side, PENDING), read(side, FLAGS)), (0, flags));
        }
        // The producer's alone: `publish_element`.
        Act::Element { .. } => {}
        Act::Look | Act::Block { .. } => {
            let flags = half.expect(side, |bytes, messages| moves(model, bytes, messages));
            if let Act::Block {
                wanted,
                microseconds,
            } = act
            {
                write(side, WANTED, wanted);
                write(side, SLICE, microseconds.into());
                // SAFETY: as above.
                unsafe { side.block() };
                // It had the other side's waker slot to itself.
                half.armed_at = None;
            } else {
                // SAFETY: as above.
                unsafe { side.look() };
            }
            assert_eq!(u64::from(read(side, KNOWN)), known(model));
            assert_eq!(read(side, FLAGS), flags | marks(model));
            assert_eq!((read(side, PENDING), read(side, PENDING_MESSAGES)), (0, 0));
        }
        Act::Arm { wanted } => {
            let flags = half.expect(side, |bytes, messages| moves(model, bytes, messages));
            write(side, WANTED, wanted);
            let waker = Waker::from(Arc::clone(&half.rings));
            // SAFETY: as above.
            let armed = unsafe { side.arm(&waker) };
            assert_eq!(read(side, FLAGS), flags);
            let gone = model.producer_gone || model.consumer_gone;
            let enough = u64::from(wanted).clamp(1, model.capacity) <= known(model);
            assert_eq!(armed, !gone && !enough);
            half.armed_at = armed.then(|| half.rings.0.load(Ordering::Relaxed));
        }
        Act::Disarm => {
            // SAFETY: as above.
            unsafe { side.disarm() };
            half.armed_at = None;
        }
        Act::Stats => {
            // SAFETY: as above.
            let (metrics, messages) = unsafe { side.metrics() }.expect("the handle is open");
            assert_eq!(
                (metrics.sent, metrics.received),
                (model.sent, model.received)
            );
            assert!(metrics.high_water_mark <= model.capacity);
            assert_eq!(messages, model.messages);
        }
        Act::Move => {
            half.expect(side, |bytes, messages| moves(model, bytes, messages));
            // SAFETY: as above.
            let port = unsafe { side.take() }.expect("the handle is open");
            // SAFETY: as above.
            assert!(unsafe { side.take() }.is_none(), "a port was taken twice");
            *half = Half::new(port);
        }
        Act::Close => {
            half.expect(side, |bytes, messages| moves(model, bytes, messages));
            // SAFETY: as above.
            drop(unsafe { side.take() });
            // A closed handle stays where it is, and its crossings move nothing.
            write(side, PENDING, 8);
            // SAFETY: as above.
            unsafe {
                side.publish();
                side.look();
                side.block();
                assert!(!side.arm(Waker::noop()));
                side.disarm();
                assert!(side.metrics().is_none());
            }
            assert_eq!(read(side, KNOWN), 0);
            half.side = None;
            half.armed_at = None;
            return true;
        }
    }
    false
}

/// Publishes what is pending and an element behind it.
fn publish_element(half: &Half<ProducerSide>, model: &mut Model, bytes: u32) {
    let Some(side) = &half.side else { return };
    write(side, ELEMENT, bytes);
    let flags = half.expect(side, |pending, messages| {
        publish(model, pending + u64::from(bytes), messages)
    });
    // SAFETY: INV-NODE-2: as in `act`.
    unsafe { side.publish_element() };
    assert_eq!((read(side, PENDING), read(side, FLAGS)), (0, flags));
}

/// The ring's memory as JavaScript sees it, and what should stand in it: Rust never writes there.
struct Shadow {
    ring: Arc<SharedRing>,
    bytes: Vec<u8>,
    mirrored: bool,
}

impl Shadow {
    fn new(ring: &Arc<SharedRing>, mirrored: bool) -> Self {
        Self {
            ring: Arc::clone(ring),
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

    fn check(&self) {
        // SAFETY: INV-ALLOC-4: both halves are initialised, and this thread is the only one.
        let seen =
            unsafe { std::slice::from_raw_parts(self.ring.base().as_ptr(), self.bytes.len()) };
        assert!(seen == self.bytes, "something wrote into the slots");
    }
}

fuzz_target!(|program: Program| {
    let kind = if program.mirrored {
        RingMemory::Mirrored
    } else {
        RingMemory::Heap
    };
    let (producer, consumer) =
        Ring::<u8, _>::with_capacity_in(usize::from(program.capacity) + 1, kind)
            .expect("a small ring");
    let mut memory = Shadow::new(producer.ring(), program.mirrored);
    let mut model = Model {
        capacity: producer.capacity() as u64,
        ..Model::default()
    };
    let messages = Arc::new(Messages::default());
    let mut producer = Half::<ProducerSide>::new(ProducerPort {
        producer,
        messages: Arc::clone(&messages),
    });
    let mut consumer = Half::<ConsumerSide>::new(ConsumerPort {
        pacing: Pacing::new(consumer.capacity()),
        consumer,
        messages,
    });
    for (first, what) in program.acts {
        let (sent, received) = (model.sent, model.received);
        if let (true, Act::Element { bytes }) = (first, what) {
            publish_element(&producer, &mut model, bytes.into());
        } else if first {
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
