//! Random operations on both handles against a `VecDeque`: same answers, same contents, and every
//! element dropped once.

#![cfg(all(feature = "alloc", not(loom)))]

mod ledger;
mod memories;
mod queue;

use std::cell::Cell;
use std::fmt::Debug;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crosscore::{Consumer, Memory, Producer, PushError, ReadChunks, Ring};
use ledger::{Element, Ledger};
use memories::Chosen;
use proptest::prelude::*;
use proptest::test_runner::RngAlgorithm;
use queue::Queue;

/// What becomes of a reservation.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Commit,
    Drop,
    Forget,
}

impl Fate {
    /// Memory that a forgotten element owns is a mistake to Miri.
    fn under_miri<T: Item>(self, source: &T::Source) -> Self {
        match self {
            Self::Forget if cfg!(miri) && T::alive(source).is_some() => Self::Drop,
            fate => fate,
        }
    }
}

#[derive(Clone, Debug)]
enum Operation {
    Push,
    PushSlice(usize),
    Reserve {
        n: usize,
        write: usize,
        fate: Fate,
    },
    ReserveChunks {
        n: usize,
        exact: bool,
        write: usize,
        fate: Fate,
    },
    Free,
    CloseProducer,
    DropProducer,
    Pop,
    Peek,
    PopSlice(usize),
    Read {
        n: usize,
        release: usize,
    },
    ReadChunks {
        n: usize,
        exact: bool,
        release: usize,
    },
    Skip(usize),
    Drain(usize),
    /// A callback that stops at its n-th call.
    TryDrain {
        max: usize,
        at: usize,
    },
    DrainRef(usize),
    /// A callback that panics at its n-th call.
    DrainPanic {
        at: usize,
        in_place: bool,
    },
    Available,
    CloseConsumer,
    DropConsumer,
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    // Mostly small, so that a ring of a few slots is neither always full nor always empty.
    let n = || prop_oneof![8 => 0..6usize, 1 => Just(usize::MAX), 1 => 0..600usize];
    let fate =
        || prop_oneof![4 => Just(Fate::Commit), 1 => Just(Fate::Drop), 1 => Just(Fate::Forget)];
    prop_oneof![
        12 => Just(Push),
        8 => (0..12usize).prop_map(PushSlice),
        12 => (n(), 0..12usize, fate()).prop_map(|(n, write, fate)| Reserve { n, write, fate }),
        8 => (n(), any::<bool>(), 0..12usize, fate())
            .prop_map(|(n, exact, write, fate)| ReserveChunks { n, exact, write, fate }),
        4 => Just(Free),
        1 => Just(CloseProducer),
        1 => Just(DropProducer),
        8 => Just(Pop),
        4 => Just(Peek),
        6 => (0..12usize).prop_map(PopSlice),
        8 => (n(), 0..12usize).prop_map(|(n, release)| Read { n, release }),
        6 => (n(), any::<bool>(), 0..12usize)
            .prop_map(|(n, exact, release)| ReadChunks { n, exact, release }),
        3 => n().prop_map(Skip),
        4 => n().prop_map(Drain),
        3 => (n(), 0..6usize).prop_map(|(max, at)| TryDrain { max, at }),
        4 => n().prop_map(DrainRef),
        2 => (0..4usize, any::<bool>()).prop_map(|(at, in_place)| DrainPanic { at, in_place }),
        4 => Just(Available),
        1 => Just(CloseConsumer),
        1 => Just(DropConsumer),
    ]
}

/// An element that can be told from others.
trait Item: Sized {
    type Source: Default;
    fn make(source: &Self::Source) -> Self;
    fn number(&self) -> usize;
    /// `None` where the element is not `Copy`.
    fn push_slice(_: &mut Producer<Self, Chosen>, _: &[Self]) -> Option<usize> {
        None
    }
    fn pop_slice(_: &mut Consumer<Self, Chosen>, _: &mut [Self]) -> Option<usize> {
        None
    }
    /// Of those that were made, how many are alive; `None` where nobody counts.
    fn alive(_: &Self::Source) -> Option<usize> {
        None
    }
}

macro_rules! copied_item {
    ($item:ty, |$n:ident| $make:expr, |$this:ident| $number:expr) => {
        impl Item for $item {
            type Source = Cell<usize>;
            fn make(source: &Self::Source) -> Self {
                let $n = source.get();
                source.set($n + 1);
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
        }
    };
}

/// As large as a page of memory, so that mirrored rings can be as small as others.
#[derive(Clone, Copy)]
struct Page([usize; 512]);

copied_item!(u32, |n| n as u32, |this| *this as usize);
copied_item!(
    [u8; 3],
    |n| [n as u8, (n >> 8) as u8, (n >> 16) as u8],
    |this| this.iter().rev().fold(0, |n, &byte| n << 8 | byte as usize)
);
copied_item!((), |_n| (), |_this| 0);
copied_item!(Page, |n| Page([n; 512]), |this| {
    assert_eq!(this.0[0], this.0[511]);
    this.0[0]
});

impl Item for Element {
    type Source = Ledger;
    fn make(source: &Ledger) -> Self {
        source.element()
    }
    fn number(&self) -> usize {
        self.number
    }
    fn alive(source: &Ledger) -> Option<usize> {
        Some(source.alive())
    }
}

/// An element with a destructor, in slots of a page each.
#[repr(align(4096))]
struct PageElement(Element);

impl Item for PageElement {
    type Source = Ledger;
    fn make(source: &Ledger) -> Self {
        Self(source.element())
    }
    fn number(&self) -> usize {
        self.0.number
    }
    fn alive(source: &Ledger) -> Option<usize> {
        Some(source.alive())
    }
}

fn numbers<T: Item>(items: &[T]) -> Vec<usize> {
    items.iter().map(T::number).collect()
}

fn run<T: Item>(capacity: usize, start: u64, allocator: Chosen, operations: &[Operation]) {
    let source = T::Source::default();
    let (producer, consumer) = Ring::<T, _>::starting_at(capacity, allocator, start).unwrap();
    let mut model = Queue {
        capacity: producer.capacity(),
        tail: (start % producer.capacity() as u64) as usize,
        whole_runs: producer.memory() == Memory::Mirrored || size_of::<T>() == 0,
        ..Queue::default()
    };
    let (mut producer, mut consumer) = (Some(producer), Some(consumer));

    for operation in operations {
        if let Some(producer) = &mut producer {
            produce(producer, &mut model, &source, operation);
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
        if let Some(alive) = T::alive(&source) {
            assert_eq!(
                alive,
                model.elements.len() + model.leaked,
                "after {operation:?}"
            );
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
    if let Some(alive) = T::alive(&source) {
        assert_eq!(alive, model.leaked);
    }
}

fn produce<T: Item>(
    producer: &mut Producer<T, Chosen>,
    model: &mut Queue,
    source: &T::Source,
    operation: &Operation,
) {
    match *operation {
        Operation::Push => {
            let item = T::make(source);
            let number = item.number();
            match producer.push(item) {
                Ok(()) => {
                    assert!(!model.closed() && model.free() > 0);
                    model.publish([number]);
                }
                Err(PushError::Full(item)) => {
                    assert!(!model.closed() && model.free() == 0);
                    assert_eq!(item.number(), number);
                }
                Err(PushError::Closed(item)) => {
                    assert!(model.closed());
                    assert_eq!(item.number(), number);
                }
            }
        }
        Operation::PushSlice(n) => {
            let items: Vec<T> = (0..n).map(|_| T::make(source)).collect();
            if let Some(taken) = T::push_slice(producer, &items) {
                assert_eq!(
                    taken,
                    if model.closed() {
                        0
                    } else {
                        n.min(model.free())
                    }
                );
                model.publish(numbers(&items[..taken]));
            }
        }
        Operation::Reserve { n, write, fate } => {
            let len = model.contiguous(model.tail, n.min(model.free()));
            let Some(mut reservation) = producer.reserve(n) else {
                assert!(model.closed() || len == 0);
                return;
            };
            assert!(!model.closed());
            assert_eq!(reservation.len(), len);
            let mut written = Vec::new();
            let items = std::iter::repeat_with(|| T::make(source))
                .take(write)
                .inspect(|item| written.push(item.number()));
            assert_eq!(reservation.fill(items), write.min(len));
            assert_eq!(reservation.written(), written.len());
            match fate.under_miri::<T>(source) {
                Fate::Commit => {
                    assert_eq!(reservation.commit(), written.len());
                    model.publish(written);
                }
                Fate::Drop => drop(reservation),
                Fate::Forget => {
                    std::mem::forget(reservation);
                    model.leaked += written.len();
                }
            }
        }
        Operation::ReserveChunks {
            n,
            exact,
            write,
            fate,
        } => {
            let chunks = if exact {
                producer.reserve_chunks_exact(n)
            } else {
                producer.reserve_chunks(n)
            };
            let len = granted(n, exact, model.free());
            let Some(mut chunks) = chunks else {
                assert!(model.closed() || len == 0);
                return;
            };
            assert!(!model.closed());
            assert_eq!(chunks.len(), len);
            let mut written = Vec::new();
            for item in std::iter::repeat_with(|| T::make(source)).take(write) {
                let number = item.number();
                match chunks.push(item) {
                    Ok(()) => written.push(number),
                    Err(item) => assert_eq!(item.number(), number),
                }
            }
            assert_eq!(written.len(), write.min(len));
            assert_eq!(chunks.written(), written.len());
            match fate.under_miri::<T>(source) {
                Fate::Commit => {
                    assert_eq!(chunks.commit(), written.len());
                    model.publish(written);
                }
                Fate::Drop => drop(chunks),
                Fate::Forget => {
                    std::mem::forget(chunks);
                    model.leaked += written.len();
                }
            }
        }
        Operation::Free => {
            assert_eq!(producer.is_full(), model.free() == 0);
            assert!(producer.cached_free_slots() <= model.free());
            assert_eq!(producer.free_slots(), model.free());
            assert_eq!(producer.cached_free_slots(), model.free());
            assert_eq!(producer.is_closed(), model.closed());
        }
        Operation::CloseProducer => {
            producer.close();
            model.producer_closed = true;
        }
        _ => (),
    }
}

/// How many of `n` there are, of those that there are.
fn granted(n: usize, exact: bool, there: usize) -> usize {
    if exact && n > there { 0 } else { n.min(there) }
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
        Operation::Peek => {
            let expected = model.elements.front().copied();
            assert_eq!(consumer.peek().map(T::number), expected);
            assert_eq!(consumer.peek_mut().map(|item| item.number()), expected);
        }
        Operation::PopSlice(n) => {
            // Something to overwrite; it does not come from the ring's source.
            let mut out: Vec<T> = (0..n).map(|_| T::make(&T::Source::default())).collect();
            if let Some(taken) = T::pop_slice(consumer, &mut out) {
                assert_eq!(taken, n.min(model.elements.len()));
                assert_eq!(numbers(&out[..taken]), model.take(taken));
            }
        }
        Operation::Read { n, release } => {
            let len = model.contiguous(model.head(), n.min(model.elements.len()));
            let Some(mut elements) = consumer.read(n) else {
                assert_eq!(len, 0);
                return;
            };
            assert_eq!(elements.len(), len);
            assert!(
                numbers(&elements)
                    .iter()
                    .eq(model.elements.iter().take(len))
            );
            let release = release.min(len);
            elements.release(release);
            assert_eq!(elements.len(), len - release);
            model.take(release);
            assert!(
                numbers(&elements)
                    .iter()
                    .eq(model.elements.iter().take(len - release))
            );
        }
        Operation::ReadChunks { n, exact, release } => {
            let chunks = if exact {
                consumer.read_chunks_exact(n)
            } else {
                consumer.read_chunks(n)
            };
            let len = granted(n, exact, model.elements.len());
            let Some(mut chunks) = chunks else {
                assert_eq!(len, 0);
                return;
            };
            let first = model.contiguous(model.head(), len);
            assert_eq!(chunks.as_slices().0.len(), first);
            assert_eq!(chunks.as_mut_slices().1.len(), len - first);
            let same = |chunks: &ReadChunks<'_, T, Chosen>, model: &Queue| {
                let expected = model.elements.iter().take(chunks.len());
                chunks.iter().map(T::number).eq(expected.copied())
            };
            assert!(same(&chunks, model));
            let release = release.min(len);
            chunks.release(release);
            model.take(release);
            assert_eq!(chunks.len(), len - release);
            assert!(same(&chunks, model));
        }
        Operation::Skip(n) => {
            let expected = n.min(model.elements.len());
            assert_eq!(consumer.skip(n), expected);
            model.take(expected);
        }
        Operation::TryDrain { max, at } => {
            let expected = drained(consumer, model, max);
            let mut seen = Vec::new();
            let result = consumer.try_drain(max, |item| {
                seen.push(item.number());
                if seen.len() == at + 1 {
                    ControlFlow::Break("there")
                } else {
                    ControlFlow::Continue(())
                }
            });
            if expected > at {
                assert_eq!(result, ControlFlow::Break("there"));
            } else {
                assert_eq!(result, ControlFlow::Continue(expected));
            }
            assert_eq!(seen, model.take(expected.min(at + 1)));
        }
        Operation::Drain(max) => {
            let expected = drained(consumer, model, max);
            let mut seen = Vec::new();
            assert_eq!(
                consumer.drain(max, |item| seen.push(item.number())),
                expected
            );
            assert_eq!(seen, model.take(expected));
        }
        Operation::DrainRef(max) => {
            let expected = drained(consumer, model, max);
            let mut seen = Vec::new();
            assert_eq!(
                consumer.drain_ref(max, |item| seen.push(item.number())),
                expected
            );
            assert_eq!(seen, model.take(expected));
        }
        Operation::DrainPanic { at, in_place } => {
            let expected = drained(consumer, model, usize::MAX);
            let mut seen = Vec::new();
            let mut see = |item: &T| {
                seen.push(item.number());
                if seen.len() == at + 1 {
                    // Without the hook that prints: it is meant.
                    std::panic::resume_unwind(Box::new("on purpose"));
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
        Operation::Available => {
            assert!(consumer.cached_available() <= model.elements.len());
            assert_eq!(consumer.is_empty(), model.elements.is_empty());
            assert_eq!(consumer.available(), model.elements.len());
            assert_eq!(consumer.is_closed(), model.closed());
            assert_eq!(
                consumer.is_done(),
                model.closed() && model.elements.is_empty()
            );
        }
        Operation::CloseConsumer => {
            consumer.close();
            model.close_consumer();
        }
        _ => (),
    }
}

fn start() -> impl Strategy<Value = u64> {
    let border = prop_oneof![Just(0), Just(1 << 32), Just(u64::MAX / 2 + 1), any::<u64>()];
    (border, 0..20u64).prop_map(|(border, before): (u64, u64)| border.wrapping_sub(before))
}

fn run_on_each<T: Item>(capacity: usize, start: u64, operations: &[Operation]) {
    for allocator in memories::all() {
        run::<T>(capacity, start, allocator, operations);
    }
}

macro_rules! properties {
    ($($name:ident: $item:ty;)*) => {
        proptest! {
            // No files of past failures in the tree: a failure prints what is needed to repeat it.
            #![proptest_config(ProptestConfig {
                failure_persistence: None,
                // Miri is some hundred times slower, most of it in the strategies and their random numbers.
                cases: if cfg!(miri) { 8 } else { ProptestConfig::default().cases },
                rng_algorithm: if cfg!(miri) { RngAlgorithm::XorShift } else { RngAlgorithm::default() },
                ..ProptestConfig::default()
            })]
            $(
                #[test]
                fn $name(
                    capacity in 1..10usize,
                    start in start(),
                    operations in prop::collection::vec(operation(), 0..if cfg!(miri) { 40 } else { 120 }),
                ) {
                    run_on_each::<$item>(capacity, start, &operations);
                }
            )*
        }
    };
}

properties! {
    numbers_behave_like_a_deque: u32;
    odd_sizes_behave_like_a_deque: [u8; 3];
    elements_without_size_behave_like_a_deque: ();
    pages_behave_like_a_deque: Page;
    // INV-SEQ-1, INV-INIT-1, INV-RES-1, INV-RES-2, INV-DROP-1, INV-DROP-2, INV-CLOSE-1, INV-CLOSE-2
    elements_with_a_destructor_behave_like_a_deque: Element;
    pages_with_a_destructor_behave_like_a_deque: PageElement;
}
