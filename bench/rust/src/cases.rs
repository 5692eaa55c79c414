//! What is measured, and with whom.

use crate::contender::block_len;
use crate::contenders::{
    Bare, CrossbeamQueue, Crosscore, CrosscoreMirrored, CrosscoreWaited, Gil, Heapless, NexusQueue,
    PlainCopy, Quickring, RawLines, Ringbuf, Rtrb, SlotFlags, Unpadded, Yring,
};
use crate::element::Words;
use crate::measure::{
    BATCH, BURST, Job, Sample, alone, batch, bulk, bursts, many_rings, one_by_one, polls,
    round_trip,
};

/// How a system is measured, or why it is not.
pub type Measure = Result<fn(&Job) -> Sample, &'static str>;

pub struct Entry {
    pub system: &'static str,
    pub kind: Kind,
    pub measure: Measure,
    pub note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Never waited on: the one that is compared.
    Ours,
    /// Has been waited on.
    OursWaited,
    OursMirrored,
    Peer,
    /// No ring, but what the hardware allows.
    Limit,
    /// A ring that could be, and is compared with nobody.
    Experiment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    One,
    Batch,
    Bulk,
    Alone,
    Bursts,
    ManyRings,
    RoundTrip,
    Poll,
}

pub struct Case {
    pub name: String,
    pub title: String,
    pub shape: Shape,
    pub capacity: usize,
    pub element_bytes: usize,
    pub work: u64,
    pub entries: Vec<Entry>,
}

const SMALL: usize = 256;
const LARGE: usize = 64 << 10;

const NO_BATCH: Measure = Err("has no call that publishes several at once");
const NO_SLICES: Measure = Err("has no call that copies slices");

/// The systems of a case, in the order of the table. Of each: its type, and a measurement of it or an `Err`.
macro_rules! entries {
    ($ours:expr, $waited:expr, $mirrored:expr, $rtrb:expr, $ringbuf:expr, $gil:expr, $nexus:expr,
     $heapless:expr, $yring:expr, $quickring:expr, $crossbeam:expr $(, $limit:literal: $limit_measure:expr)?
     $(; $experiment:literal: $experiment_measure:expr)*) => {
        vec![
            entry("crosscore", Kind::Ours, Ok($ours), ""),
            entry("crosscore, waited on", Kind::OursWaited, Ok($waited), "both sides have slept on it before"),
            entry("crosscore, mirrored", Kind::OursMirrored, Ok($mirrored), ""),
            entry("rtrb", Kind::Peer, $rtrb, ""),
            entry("ringbuf", Kind::Peer, $ringbuf, ""),
            entry("gil", Kind::Peer, $gil, ""),
            entry("nexus-queue", Kind::Peer, $nexus, ""),
            entry("heapless", Kind::Peer, $heapless, "one slot fewer"),
            entry("yring", Kind::Peer, $yring, ""),
            entry("quickring", Kind::Peer, $quickring, ""),
            entry("crossbeam-queue", Kind::Peer, $crossbeam, "for any number of producers and consumers"),
            $(entry($limit, Kind::Limit, Ok($limit_measure), "no ring"),)?
            $(entry($experiment, Kind::Experiment, Ok($experiment_measure), "an experiment"),)*
        ]
    };
}

fn entry(system: &'static str, kind: Kind, measure: Measure, note: &str) -> Entry {
    Entry {
        system,
        kind,
        measure,
        note: note.to_owned(),
    }
}

fn one_entries<const WORDS: usize>() -> Vec<Entry> {
    entries!(
        one_by_one::<Crosscore, Words<WORDS>>,
        one_by_one::<CrosscoreWaited, Words<WORDS>>,
        one_by_one::<CrosscoreMirrored, Words<WORDS>>,
        Ok(one_by_one::<Rtrb, Words<WORDS>>),
        Ok(one_by_one::<Ringbuf, Words<WORDS>>),
        Ok(one_by_one::<Gil, Words<WORDS>>),
        Ok(one_by_one::<NexusQueue, Words<WORDS>>),
        Ok(one_by_one::<Heapless, Words<WORDS>>),
        Ok(one_by_one::<Yring, Words<WORDS>>),
        Ok(one_by_one::<Quickring, Words<WORDS>>),
        Ok(one_by_one::<CrossbeamQueue, Words<WORDS>>);
        "a flag in each slot": one_by_one::<SlotFlags, Words<WORDS>>
    )
}

fn batch_entries<const WORDS: usize>() -> Vec<Entry> {
    entries!(
        batch::<Crosscore, Words<WORDS>>,
        batch::<CrosscoreWaited, Words<WORDS>>,
        batch::<CrosscoreMirrored, Words<WORDS>>,
        Ok(batch::<Rtrb, Words<WORDS>>),
        Ok(batch::<Ringbuf, Words<WORDS>>),
        Ok(batch::<Gil, Words<WORDS>>),
        NO_BATCH,
        NO_BATCH,
        Ok(batch::<Yring, Words<WORDS>>),
        NO_BATCH,
        NO_BATCH
    )
}

fn bulk_entries<const WORDS: usize>() -> Vec<Entry> {
    entries!(
        bulk::<Crosscore, Words<WORDS>>,
        bulk::<CrosscoreWaited, Words<WORDS>>,
        bulk::<CrosscoreMirrored, Words<WORDS>>,
        Ok(bulk::<Rtrb, Words<WORDS>>),
        Ok(bulk::<Ringbuf, Words<WORDS>>),
        Ok(bulk::<Gil, Words<WORDS>>),
        NO_SLICES,
        NO_SLICES,
        NO_SLICES,
        NO_SLICES,
        NO_SLICES,
        "plain copy": bulk::<PlainCopy, Words<WORDS>>
    )
}

fn alone_entries<const WORDS: usize>() -> Vec<Entry> {
    entries!(
        alone::<Crosscore, Words<WORDS>>,
        alone::<CrosscoreWaited, Words<WORDS>>,
        alone::<CrosscoreMirrored, Words<WORDS>>,
        Ok(alone::<Rtrb, Words<WORDS>>),
        Ok(alone::<Ringbuf, Words<WORDS>>),
        Ok(alone::<Gil, Words<WORDS>>),
        Ok(alone::<NexusQueue, Words<WORDS>>),
        Ok(alone::<Heapless, Words<WORDS>>),
        Ok(alone::<Yring, Words<WORDS>>),
        Ok(alone::<Quickring, Words<WORDS>>),
        Ok(alone::<CrossbeamQueue, Words<WORDS>>);
        "ours without close and sleep": alone::<Bare, Words<WORDS>>;
        "and without lines of their own": alone::<Unpadded, Words<WORDS>>
    )
}

fn burst_entries() -> Vec<Entry> {
    entries!(
        bursts::<Crosscore, Words<1>>,
        bursts::<CrosscoreWaited, Words<1>>,
        bursts::<CrosscoreMirrored, Words<1>>,
        Ok(bursts::<Rtrb, Words<1>>),
        Ok(bursts::<Ringbuf, Words<1>>),
        Ok(bursts::<Gil, Words<1>>),
        Ok(bursts::<NexusQueue, Words<1>>),
        Ok(bursts::<Heapless, Words<1>>),
        Ok(bursts::<Yring, Words<1>>),
        Ok(bursts::<Quickring, Words<1>>),
        Ok(bursts::<CrossbeamQueue, Words<1>>);
        "ours without close and sleep": bursts::<Bare, Words<1>>;
        "and without lines of their own": bursts::<Unpadded, Words<1>>
    )
}

fn many_rings_entries<const RINGS: usize>() -> Vec<Entry> {
    entries!(
        many_rings::<Crosscore, Words<1>, RINGS>,
        many_rings::<CrosscoreWaited, Words<1>, RINGS>,
        many_rings::<CrosscoreMirrored, Words<1>, RINGS>,
        Ok(many_rings::<Rtrb, Words<1>, RINGS>),
        Ok(many_rings::<Ringbuf, Words<1>, RINGS>),
        Ok(many_rings::<Gil, Words<1>, RINGS>),
        Ok(many_rings::<NexusQueue, Words<1>, RINGS>),
        Ok(many_rings::<Heapless, Words<1>, RINGS>),
        Ok(many_rings::<Yring, Words<1>, RINGS>),
        Ok(many_rings::<Quickring, Words<1>, RINGS>),
        Ok(many_rings::<CrossbeamQueue, Words<1>, RINGS>);
        "ours without close and sleep": many_rings::<Bare, Words<1>, RINGS>;
        "and without lines of their own": many_rings::<Unpadded, Words<1>, RINGS>
    )
}

/// Ours alone: the peers have no poll, or one by another crate's waker, without a thread that may sleep as well.
fn poll_entries() -> Vec<Entry> {
    vec![
        entry(
            "crosscore",
            Kind::Ours,
            Ok(polls::<true, false>),
            "beside a running thread",
        ),
        entry(
            "crosscore, nobody beside",
            Kind::OursWaited,
            Ok(polls::<false, false>),
            "",
        ),
    ]
}

fn poll_moved_entries() -> Vec<Entry> {
    vec![
        entry(
            "crosscore",
            Kind::Ours,
            Ok(polls::<true, true>),
            "beside a running thread: a barrier each time",
        ),
        entry(
            "crosscore, nobody beside",
            Kind::OursWaited,
            Ok(polls::<false, true>),
            "a barrier each time",
        ),
    ]
}

fn round_trip_entries() -> Vec<Entry> {
    entries!(
        round_trip::<Crosscore>,
        round_trip::<CrosscoreWaited>,
        round_trip::<CrosscoreMirrored>,
        Ok(round_trip::<Rtrb>),
        Ok(round_trip::<Ringbuf>),
        Ok(round_trip::<Gil>),
        Ok(round_trip::<NexusQueue>),
        Ok(round_trip::<Heapless>),
        Ok(round_trip::<Yring>),
        Ok(round_trip::<Quickring>),
        Ok(round_trip::<CrossbeamQueue>),
        "raw ping-pong": round_trip::<RawLines>;
        "a flag in each slot": round_trip::<SlotFlags>
    )
}

/// The cases with elements of `8 * WORDS` bytes in a ring of this capacity.
fn streams<const WORDS: usize>(capacity: usize) -> Vec<Case> {
    let element_bytes = 8 * WORDS;
    let size = if capacity == SMALL { "small" } else { "large" };
    let slots = if capacity == SMALL { "256" } else { "65,536" };
    // About as long for each size.
    let work = match WORDS {
        1 => 4_000_000,
        8 => 2_000_000,
        _ => 1_000_000,
    };
    let case = |shape, name: &str, what: String, mut entries: Vec<Entry>| {
        // Mirrored memory is whole pages.
        let held = capacity.max(4096 / element_bytes);
        for entry in &mut entries {
            if entry.kind == Kind::OursMirrored && held != capacity {
                entry.note = format!("holds {held}: mirrored memory is whole pages");
            }
        }
        Case {
            name: format!("{name}-{element_bytes}-{size}"),
            title: format!("{what}, elements of {element_bytes} B, ring of {slots}"),
            shape,
            capacity,
            element_bytes,
            work,
            entries,
        }
    };
    vec![
        case(
            Shape::One,
            "one",
            "one by one".into(),
            one_entries::<WORDS>(),
        ),
        case(
            Shape::Batch,
            "batch32",
            format!("batches of {BATCH}, in place"),
            batch_entries::<WORDS>(),
        ),
        case(
            Shape::Bulk,
            "bulk",
            format!("blocks of {} copied in and out", block_len(capacity)),
            bulk_entries::<WORDS>(),
        ),
        case(
            Shape::Alone,
            "alone",
            "push and pop in turn on one thread".into(),
            alone_entries::<WORDS>(),
        ),
    ]
}

pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for capacity in [SMALL, LARGE] {
        cases.extend(streams::<1>(capacity));
        cases.extend(streams::<8>(capacity));
        cases.extend(streams::<32>(capacity));
    }
    // By shape, as one reads them.
    cases.sort_by_key(|case| case.shape as u8);
    let small = |name: &str, title: String, shape, work, entries| Case {
        name: name.into(),
        title,
        shape,
        capacity: SMALL,
        element_bytes: 8,
        work,
        entries,
    };
    cases.push(small(
        "bursts",
        format!("bursts of {BURST} on one thread, elements of 8 B, ring of 256"),
        Shape::Bursts,
        4_000_000,
        burst_entries(),
    ));
    cases.push(small(
        "rings-64",
        "64 rings of 256 in turn on one thread, elements of 8 B".into(),
        Shape::ManyRings,
        4_000_000,
        many_rings_entries::<64>(),
    ));
    cases.push(small(
        "rings-1024",
        "1,024 rings of 256 in turn on one thread, elements of 8 B".into(),
        Shape::ManyRings,
        2_000_000,
        many_rings_entries::<1024>(),
    ));
    cases.push(small(
        "poll-same",
        "a pending poll, the waker is there already".into(),
        Shape::Poll,
        1_000_000,
        poll_entries(),
    ));
    cases.push(small(
        "poll-moved",
        "a pending poll, another waker each time".into(),
        Shape::Poll,
        20_000,
        poll_moved_entries(),
    ));
    cases.push(Case {
        name: "rtt".into(),
        title: "round trip over two rings of 256, elements of 8 B".into(),
        shape: Shape::RoundTrip,
        capacity: SMALL,
        element_bytes: 8,
        work: 200_000,
        entries: round_trip_entries(),
    });
    cases
}
