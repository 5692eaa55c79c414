//! The whole API of the ring as a state machine, against a `VecDeque`: the same answers, the same
//! contents, and every element dropped once.
//!
//! `tests/model.rs` asks the same of lists of operations that proptest makes up without looking at
//! the code. Here what has reached new code is varied further, and it includes what a test of one
//! thread seldom does: waits that time out, wakers that are left and taken back, raw publication.

#![no_main]

#[path = "../../crates/crosscore/tests/queue/mod.rs"]
mod queue;

use std::cell::RefCell;
use std::fmt::Debug;
use std::iter::repeat_with;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arbitrary::Arbitrary;
use crosscore::{
    BufferAllocator, Consumer, HeapAllocator, Memory, MirroredAllocator, Producer, PushError,
    PushWaitError, Reservation, Ring, WaitError,
};
use libfuzzer_sys::fuzz_target;

use queue::Queue;

type Chosen = Box<dyn BufferAllocator + Send + Sync>;

#[derive(Arbitrary, Debug)]
struct Program {
    mirrored: bool,
    element: Kind,
    capacity: u8,
    start: Start,
    operations: Vec<Operation>,
}

/// The element type.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Kind {
    Word,
    OddSize,
    WithoutSize,
    Counted,
    /// A page each, so that mirrored rings are as small as others.
    CountedPage,
}

/// Where the cursors begin: shortly before a border.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Start {
    Zero,
    BeforeHalf(u8),
    BeforeEnd(u8),
    Anywhere(u64),
}

impl Start {
    fn position(self) -> u64 {
        match self {
            Start::Zero => 0,
            Start::BeforeHalf(n) => (1 << 63) - u64::from(n),
            Start::BeforeEnd(n) => 0u64.wrapping_sub(u64::from(n)),
            Start::Anywhere(n) => n,
        }
    }
}

/// A number of slots: mostly about as many as there are.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Count {
    Few(u8),
    Some(u16),
    Huge,
}

impl Count {
    fn get(self) -> usize {
        match self {
            Count::Few(n) => usize::from(n % 16),
            Count::Some(n) => usize::from(n % 600),
            Count::Huge => usize::MAX,
        }
    }
}

/// How a reservation is written.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Way {
    Push,
    Fill,
    /// Where elements are `Copy`.
    Extend,
    SpareSlots,
}

/// What becomes of a reservation.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Fate {
    Commit,
    Drop,
    Forget,
    Panic,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Operation {
    Push,
    PushWait,
    PushSlice(u8),
    Reserve {
        n: Count,
        wait: bool,
        steps: [(Way, u8); 2],
        fate: Fate,
    },
    PublishRaw(u8),
    Free,
    WaitForSpace(Count),
    PollSpace(Count),
    CancelSpace,
    CloseProducer,
    DropProducer,
    Pop,
    PopWait,
    Peek,
    PopSlice(u8),
    Read {
        n: Count,
        releases: [u8; 2],
        all: bool,
    },
    Drain(Count),
    DrainRef(Count),
    DrainPanic {
        at: u8,
        in_place: bool,
    },
    ReleaseRaw(u8),
    Available,
    WaitForData(Count),
    PollData(Count),
    CancelData,
    CloseConsumer,
    DropConsumer,
}

thread_local! {
    /// The number of drops of each element that was made. Not in the elements, so that one that is
    /// leaked on purpose leaks no memory, which LeakSanitizer would report.
    static DROPS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn new_number() -> usize {
    DROPS.with_borrow_mut(|drops| {
        drops.push(0);
        drops.len() - 1
    })
}

fn alive() -> usize {
    DROPS.with_borrow(|drops| drops.iter().filter(|&&n| n == 0).count())
}

/// An element that can be told from others.
trait Item: Sized {
    /// Whether its drops are counted.
    const COUNTED: bool = false;
    fn make() -> Self;
    fn number(&self) -> usize;
    /// `None` where the element is not `Copy`, as in the two below.
    fn push_slice(_: &mut Producer<Self, Chosen>, _: &[Self]) -> Option<usize> {
        None
    }
    fn pop_slice(_: &mut Consumer<Self, Chosen>, _: &mut [Self]) -> Option<usize> {
        None
    }
    fn extend(_: &mut Reservation<'_, Self, Chosen>, _: &[Self]) -> Option<usize> {
        None
    }
}

macro_rules! copied {
    ($item:ty, |$n:ident| $make:expr, |$this:ident| $number:expr) => {
        impl Item for $item {
            fn make() -> Self {
                let $n = new_number();
                $make
            }
            fn number(&self) -> usize {
                let $this = self;
                $number
            }
            fn push_slice(producer: &mut Producer<Self, Chosen>, items: &[Self]) -> Option<usize> {
                Some(producer.push_slice(items))
            }
            fn pop_slice(consumer: &mut Consumer<Self, Chosen>, out: &mut [Self]) -> Option<usize> {
                Some(consumer.pop_slice(out))
            }
            fn extend(
                reservation: &mut Reservation<'_, Self, Chosen>,
                items: &[Self],
            ) -> Option<usize> {
                Some(reservation.extend_from_slice(items))
            }
        }
    };
}

copied!(u32, |n| n as u32, |this| *this as usize);
copied!(
    [u8; 3],
    |n| [n as u8, (n >> 8) as u8, (n >> 16) as u8],
    |this| this.iter().rev().fold(0, |n, &byte| n << 8 | byte as usize)
);
copied!((), |_n| (), |_this| 0);

struct Counted(usize);

impl Item for Counted {
    const COUNTED: bool = true;
    fn make() -> Self {
        Self(new_number())
    }
    fn number(&self) -> usize {
        self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let drops = DROPS.with_borrow_mut(|drops| {
            drops[self.0] += 1;
            drops[self.0]
        });
        assert_eq!(drops, 1, "element {} is dropped again", self.0);
    }
}

#[repr(align(4096))]
struct CountedPage(Counted);

impl Item for CountedPage {
    const COUNTED: bool = true;
    fn make() -> Self {
        Self(Counted::make())
    }
    fn number(&self) -> usize {
        self.0.0
    }
}

impl Queue {
    /// Asserts what a wait for space says that does not wait.
    fn check_space(&self, n: usize, found: Result<usize, WaitError>) {
        if self.closed() {
            assert_eq!(found, Err(WaitError::Closed));
        } else if self.free() < n.clamp(1, self.capacity) {
            assert_eq!(found, Err(WaitError::TimedOut));
        } else {
            let found = found.expect("there is room");
            assert!((n.clamp(1, self.capacity)..=self.free()).contains(&found));
        }
    }

    /// Asserts what a wait for data says that does not wait.
    fn check_data(&self, n: usize, found: Result<usize, WaitError>) {
        let wanted = n.clamp(1, self.capacity);
        let wanted = if self.closed() {
            wanted.min(self.elements.len())
        } else {
            wanted
        };
        if self.closed() && self.elements.is_empty() {
            assert_eq!(found, Err(WaitError::Closed));
        } else if self.elements.len() < wanted {
            assert_eq!(found, Err(WaitError::TimedOut));
        } else {
            let found = found.expect("there are elements");
            assert!((wanted..=self.elements.len()).contains(&found));
        }
    }
}

fn numbers<T: Item>(items: &[T]) -> Vec<usize> {
    items.iter().map(T::number).collect()
}

/// A poll as a wait that is over at once.
fn polled(poll: Poll<Result<usize, WaitError>>) -> Result<usize, WaitError> {
    match poll {
        Poll::Ready(found) => found,
        Poll::Pending => Err(WaitError::TimedOut),
    }
}

/// Without the hook that prints, which here ends the process: it is meant.
fn panic_on_purpose() -> ! {
    resume_unwind(Box::new("on purpose"))
}

fn run<T: Item>(program: &Program) {
    DROPS.with_borrow_mut(Vec::clear);
    let allocator: Chosen = if program.mirrored {
        Box::new(MirroredAllocator)
    } else {
        Box::new(HeapAllocator)
    };
    let start = program.start.position();
    let (producer, consumer) =
        Ring::<T, _>::starting_at(usize::from(program.capacity % 12) + 1, allocator, start)
            .expect("a small ring");
    let mut model = Queue {
        capacity: producer.capacity(),
        tail: (start % producer.capacity() as u64) as usize,
        whole_runs: producer.memory() == Memory::Mirrored || size_of::<T>() == 0,
        ..Queue::default()
    };
    let (mut producer, mut consumer) = (Some(producer), Some(consumer));
    for operation in &program.operations {
        if let Some(producer) = &mut producer {
            produce(producer, &mut model, operation);
        }
        if let Some(consumer) = &mut consumer {
            consume(consumer, &mut model, operation);
        }
        match operation {
            Operation::DropProducer => {
                model.producer_closed = true;
                producer = None;
            }
            Operation::DropConsumer => {
                model.close_consumer();
                consumer = None;
            }
            _ => (),
        }
        if T::COUNTED {
            assert_eq!(alive(), model.elements.len() + model.leaked);
        }
        let metrics = [
            producer.as_ref().map(Producer::metrics),
            consumer.as_ref().map(Consumer::metrics),
        ];
        for metrics in metrics.into_iter().flatten() {
            assert_eq!(
                (metrics.sent, metrics.received),
                (model.sent, model.received)
            );
            assert!(metrics.high_water_mark <= model.capacity as u64);
        }
    }
    drop(producer);
    drop(consumer);
    if T::COUNTED {
        assert_eq!(alive(), model.leaked);
    }
}

fn produce<T: Item>(producer: &mut Producer<T, Chosen>, model: &mut Queue, operation: &Operation) {
    match *operation {
        Operation::Push => {
            let item = T::make();
            let number = item.number();
            let expected = (model.closed(), model.free() == 0);
            match producer.push(item) {
                Ok(()) => {
                    assert_eq!(expected, (false, false));
                    model.publish([number]);
                }
                Err(PushError::Full(item)) => {
                    assert_eq!(expected, (false, true));
                    assert_eq!(item.number(), number);
                }
                Err(PushError::Closed(item)) => {
                    assert!(expected.0);
                    assert_eq!(item.number(), number);
                }
            }
        }
        Operation::PushWait => {
            let item = T::make();
            let number = item.number();
            let expected = (model.closed(), model.free() == 0);
            match producer.push_wait(item, Some(Duration::ZERO)) {
                Ok(()) => {
                    assert_eq!(expected, (false, false));
                    model.publish([number]);
                }
                Err(PushWaitError::TimedOut(item)) => {
                    assert_eq!(expected, (false, true));
                    assert_eq!(item.number(), number);
                }
                Err(PushWaitError::Closed(item)) => {
                    assert!(expected.0);
                    assert_eq!(item.number(), number);
                }
            }
        }
        Operation::PushSlice(n) => {
            let items: Vec<T> = repeat_with(T::make).take(usize::from(n % 16)).collect();
            if let Some(taken) = T::push_slice(producer, &items) {
                let most = if model.closed() { 0 } else { model.free() };
                assert_eq!(taken, items.len().min(most));
                model.publish(numbers(&items[..taken]));
            }
        }
        Operation::Reserve {
            n,
            wait,
            steps,
            fate,
        } => reserve(producer, model, n.get(), wait, steps, fate),
        Operation::PublishRaw(n) => {
            if model.closed() {
                return;
            }
            let n = usize::from(n % 16).min(producer.free_slots());
            let mut written = Vec::new();
            for i in 0..n {
                let item = T::make();
                written.push(item.number());
                let index =
                    producer.position().wrapping_add(i as u64) as usize % producer.capacity();
                // SAFETY: INV-SEQ-1: the slot is free, so it is the producer's.
                unsafe { producer.ring().base().add(index).write(item) };
            }
            // SAFETY: INV-INIT-1: they were just written, and as many are free.
            unsafe { producer.publish_raw(n) };
            model.publish(written);
        }
        Operation::Free => {
            assert!(producer.cached_free_slots() <= model.free());
            assert_eq!(producer.free_slots(), model.free());
            assert_eq!(producer.cached_free_slots(), model.free());
            assert_eq!(producer.is_closed(), model.closed());
            assert_eq!(producer.position() as usize % model.capacity, model.tail);
        }
        Operation::WaitForSpace(n) => {
            let found = producer.wait_for_space(n.get(), Some(Duration::ZERO));
            model.check_space(n.get(), found);
        }
        Operation::PollSpace(n) => {
            let mut context = Context::from_waker(Waker::noop());
            model.check_space(n.get(), polled(producer.poll_space(&mut context, n.get())));
        }
        Operation::CancelSpace => producer.cancel_wait(),
        Operation::CloseProducer => {
            producer.close();
            model.producer_closed = true;
        }
        _ => (),
    }
}

fn reserve<T: Item>(
    producer: &mut Producer<T, Chosen>,
    model: &mut Queue,
    n: usize,
    wait: bool,
    steps: [(Way, u8); 2],
    fate: Fate,
) {
    let reservation = if wait {
        let wanted = n.clamp(1, model.capacity);
        let found = producer.reserve_wait(n, Some(Duration::ZERO));
        assert_eq!(found.is_ok(), !model.closed() && model.free() >= wanted);
        found.ok()
    } else {
        producer.reserve(n)
    };
    let n = if wait { n.max(1) } else { n };
    let len = model.contiguous(model.tail, n.min(model.free()));
    let Some(mut reservation) = reservation else {
        assert!(wait || model.closed() || len == 0);
        return;
    };
    assert!(!model.closed());
    assert_eq!(reservation.len(), len);
    let mut written = Vec::new();
    for (way, k) in steps {
        let k = usize::from(k % 16);
        let left = len - written.len();
        match way {
            Way::Push => {
                let item = T::make();
                let number = item.number();
                match reservation.push(item) {
                    Ok(()) => written.push(number),
                    Err(item) => assert_eq!((item.number(), left), (number, 0)),
                }
            }
            Way::Fill => {
                let before = written.len();
                let items = repeat_with(T::make)
                    .take(k)
                    .inspect(|item| written.push(item.number()));
                assert_eq!(reservation.fill(items), k.min(left));
                assert_eq!(written.len(), before + k.min(left));
            }
            Way::Extend => {
                let items: Vec<T> = repeat_with(T::make).take(k).collect();
                if let Some(taken) = T::extend(&mut reservation, &items) {
                    assert_eq!(taken, k.min(left));
                    written.extend(numbers(&items[..taken]));
                }
            }
            Way::SpareSlots => {
                let slots = reservation.spare_slots();
                assert_eq!(slots.len(), left);
                let k = k.min(left);
                for slot in &mut slots[..k] {
                    let item = T::make();
                    written.push(item.number());
                    slot.write(item);
                }
                // SAFETY: INV-RES-1: so many were just written.
                unsafe { reservation.assume_written(k) };
            }
        }
        assert_eq!(reservation.written(), written.len());
    }
    match fate {
        Fate::Commit => {
            assert_eq!(reservation.commit(), written.len());
            model.publish(written);
        }
        Fate::Drop => drop(reservation),
        Fate::Forget => {
            std::mem::forget(reservation);
            model.leaked += written.len();
        }
        Fate::Panic => {
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                let _reservation = reservation;
                panic_on_purpose()
            }));
            assert!(unwound.is_err());
        }
    }
}

fn consume<T: Item>(consumer: &mut Consumer<T, Chosen>, model: &mut Queue, operation: &Operation) {
    // A drain is content with what is known, as long as that is something.
    let drained = |consumer: &Consumer<T, Chosen>, model: &Queue, max: usize| {
        let known = consumer.cached_available();
        max.min(if known > 0 {
            known
        } else {
            model.elements.len()
        })
    };
    match *operation {
        Operation::Pop => {
            let expected = model.elements.front().copied();
            assert_eq!(consumer.pop().map(|item| item.number()), expected);
            model.take(usize::from(expected.is_some()));
        }
        Operation::PopWait => {
            let expected = model.elements.front().copied().ok_or(if model.closed() {
                WaitError::Closed
            } else {
                WaitError::TimedOut
            });
            let found = consumer.pop_wait(Some(Duration::ZERO));
            assert_eq!(found.map(|item| item.number()), expected);
            model.take(usize::from(expected.is_ok()));
        }
        Operation::Peek => {
            let expected = model.elements.front().copied();
            assert_eq!(consumer.peek().map(T::number), expected);
        }
        Operation::PopSlice(n) => {
            if T::COUNTED {
                return;
            }
            let mut out: Vec<T> = repeat_with(T::make).take(usize::from(n % 16)).collect();
            if let Some(taken) = T::pop_slice(consumer, &mut out) {
                assert_eq!(taken, out.len().min(model.elements.len()));
                assert_eq!(numbers(&out[..taken]), model.take(taken));
            }
        }
        Operation::Read { n, releases, all } => {
            let len = model.contiguous(model.head(), n.get().min(model.elements.len()));
            let Some(mut guard) = consumer.read(n.get()) else {
                assert_eq!(len, 0);
                return;
            };
            let mut left = len;
            for k in releases {
                assert_eq!(guard.len(), left);
                assert!(numbers(&guard).iter().eq(model.elements.iter().take(left)));
                let k = usize::from(k % 16).min(left);
                guard.release(k);
                model.take(k);
                left -= k;
            }
            if all {
                guard.release_all();
                model.take(left);
            }
        }
        Operation::Drain(max) => {
            let expected = drained(consumer, model, max.get());
            let mut seen = Vec::new();
            let count = consumer.drain(max.get(), |item| seen.push(item.number()));
            assert_eq!(count, expected);
            assert_eq!(seen, model.take(expected));
        }
        Operation::DrainRef(max) => {
            let expected = drained(consumer, model, max.get());
            let mut seen = Vec::new();
            let count = consumer.drain_ref(max.get(), |item| seen.push(item.number()));
            assert_eq!(count, expected);
            assert_eq!(seen, model.take(expected));
        }
        Operation::DrainPanic { at, in_place } => {
            let at = usize::from(at % 16);
            let expected = drained(consumer, model, usize::MAX);
            let mut seen = Vec::new();
            let mut see = |item: &T| {
                seen.push(item.number());
                if seen.len() == at + 1 {
                    panic_on_purpose();
                }
            };
            let result = catch_unwind(AssertUnwindSafe(|| {
                if in_place {
                    consumer.drain_ref(usize::MAX, &mut see)
                } else {
                    consumer.drain(usize::MAX, |item| see(&item))
                }
            }));
            assert_eq!(result.is_err(), expected > at);
            assert_eq!(seen, model.take(expected.min(at + 1)));
        }
        Operation::ReleaseRaw(n) => {
            let n = usize::from(n % 16).min(consumer.available());
            let mut seen = Vec::new();
            for i in 0..n {
                let index =
                    consumer.position().wrapping_add(i as u64) as usize % consumer.capacity();
                // SAFETY: INV-INIT-1: an available element; INV-DROP-1: it is moved out once.
                let item = unsafe { consumer.ring().base().add(index).read() };
                seen.push(item.number());
            }
            // SAFETY: INV-DROP-1: as many were just moved out.
            unsafe { consumer.release_raw(n) };
            assert_eq!(seen, model.take(n));
        }
        Operation::Available => {
            assert!(consumer.cached_available() <= model.elements.len());
            assert_eq!(consumer.available(), model.elements.len());
            assert_eq!(consumer.is_closed(), model.closed());
            let done = model.closed() && model.elements.is_empty();
            assert_eq!(consumer.is_done(), done);
            assert_eq!(consumer.position() as usize % model.capacity, model.head());
        }
        Operation::WaitForData(n) => {
            let found = consumer.wait_for_data(n.get(), Some(Duration::ZERO));
            model.check_data(n.get(), found);
        }
        Operation::PollData(n) => {
            let mut context = Context::from_waker(Waker::noop());
            model.check_data(n.get(), polled(consumer.poll_data(&mut context, n.get())));
        }
        Operation::CancelData => consumer.cancel_wait(),
        Operation::CloseConsumer => {
            consumer.close();
            model.close_consumer();
        }
        _ => (),
    }
}

fuzz_target!(|program: Program| match program.element {
    Kind::Word => run::<u32>(&program),
    Kind::OddSize => run::<[u8; 3]>(&program),
    Kind::WithoutSize => run::<()>(&program),
    Kind::Counted => run::<Counted>(&program),
    Kind::CountedPage => run::<CountedPage>(&program),
});
