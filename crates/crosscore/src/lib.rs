//! One bounded ring, one producer, one consumer, two cores.
//!
//! A [`Ring`] moves elements from one thread to another through a fixed buffer. It is made in two
//! halves, a [`Producer`] and a [`Consumer`]; the type system sees to it that there is one of each.
//! Push and pop, reserve and commit, read and release take no lock and execute no read-modify-write
//! instruction; closing, sleeping and waking somebody who sleeps do. Every memory ordering is the weakest with
//! which the algorithm is right.
//!
//! ```
//! use crosscore::{PushError, Ring};
//!
//! let (mut producer, mut consumer) = Ring::with_capacity(2)?;
//!
//! std::thread::spawn(move || {
//!     assert_eq!(producer.push(10), Ok(()));
//!     assert_eq!(producer.push(20), Ok(()));
//!     assert_eq!(producer.push(30), Err(PushError::Full(30)));
//! })
//! .join()
//! .unwrap();
//!
//! assert_eq!(consumer.pop(), Some(10));
//! assert_eq!(consumer.pop(), Some(20));
//! assert!(consumer.is_done());
//! # Ok::<(), crosscore::RingError>(())
//! ```
//!
//! # One by one, in bulk, in place
//!
//! | | producer | consumer |
//! | --- | --- | --- |
//! | one element, moved | [`push`](Producer::push) | [`pop`](Consumer::pop), [`peek`](Consumer::peek), [`peek_mut`](Consumer::peek_mut) |
//! | many, moved | [`Reservation::fill`] | [`drain`](Consumer::drain), [`try_drain`](Consumer::try_drain), [`pop_iter`](Consumer::pop_iter) |
//! | many, copied (`T: Copy`) | [`push_slice`](Producer::push_slice) | [`pop_slice`](Consumer::pop_slice) |
//! | in place, one slice | [`reserve`](Producer::reserve) | [`read`](Consumer::read), [`drain_ref`](Consumer::drain_ref) |
//! | in place, two slices | [`reserve_chunks`](Producer::reserve_chunks), [`reserve_chunks_exact`](Producer::reserve_chunks_exact) | [`read_chunks`](Consumer::read_chunks), [`read_chunks_exact`](Consumer::read_chunks_exact) |
//! | dropped | | [`skip`](Consumer::skip) |
//!
//! # Waiting
//!
//! Nothing above waits. Whatever publishes looks whether the other side sleeps, a load and a branch, and wakes it if
//! so; on AArch64, and on x86-64 with Linux or Windows, it needs no fence for that ([`Handshake`]).
//!
//! | | producer | consumer |
//! | --- | --- | --- |
//! | at once | [`push`](Producer::push): [`PushError`] | [`pop`](Consumer::pop): `Option` |
//! | as long as it takes, or so long | [`push_wait`](Producer::push_wait), [`push_timeout`](Producer::push_timeout): [`PushWaitError`] | [`pop_wait`](Consumer::pop_wait), [`pop_timeout`](Consumer::pop_timeout): [`WaitError`] |
//! | until then | [`push_deadline`](Producer::push_deadline): [`PushWaitError`] | [`pop_deadline`](Consumer::pop_deadline): [`WaitError`] |
//! | for many | [`wait_for_space`](Producer::wait_for_space), [`reserve_wait`](Producer::reserve_wait): [`WaitError`] | [`wait_for_data`](Consumer::wait_for_data): [`WaitError`] |
//! | as a pipe of bytes | `std::io::Write` | `std::io::Read`, `BufRead` |
//! | as an iterator | | [`IntoIterator`](Consumer#impl-IntoIterator-for-Consumer<T,+A>) |
//!
//! Each error says which of two things it was: there was no room or no element (in time), or the ring is closed; one of a
//! push has the element inside. A thread that waits looks again for a moment, then sleeps.
//!
//! # Tasks
//!
//! With the feature `async` the same waits are futures, on any runtime; with `futures` a consumer is a `Stream` and a
//! producer a `Sink`; with `tokio` rings of bytes are its `AsyncRead`, `AsyncBufRead` and `AsyncWrite`.
//!
//! Every future here can be dropped before it is ready, and then nothing has been moved into the ring or out of it. What a
//! dropped future leaves is a waker, which the next publication of the other side wakes once for nothing, or
//! `cancel_wait` takes back. The one thing that is lost is what the future owned: the element of `push_async`, and that
//! of a `send` into the sink, is dropped with it. A producer that may be cancelled and must keep its element awaits
//! `space(1)` and then pushes, which does not wait.
//!
//! # Memory
//!
//! The buffer comes from a [`BufferAllocator`]: the heap, [mirrored](MirroredAllocator) pages, on
//! which every run of slots is contiguous even across the end of the buffer, or
//! [huge pages](HugePageAllocator). A [`StaticRing`] is a `static` with room for all of it, and needs no allocator.
//!
//! # Without std
//!
//! Without the feature `std` (on by default) there are rings, handles, reservations, chunks and the waits of tasks, on
//! atomics of 64 bits. Blocking, `std::io`, mirrored memory, huge pages and what the environment says need it. Rings on the
//! heap need the feature `alloc`, which `std` includes; without it there is [`StaticRing`].
//!
//! `push` and `pop` may run in an interrupt handler while the other side runs in what was interrupted. `poll_data`,
//! `poll_space`, `cancel_wait` and the drop of a handle may not: if the other side has just begun to wake somebody, they
//! wait until it has taken the waker, a few instructions that an interrupted side does not execute.
//!
//! # Why it is right
//!
//! The invariants are numbered in `SPEC.md`, every `unsafe` block cites the ones that it rests on,
//! and [Loom](https://docs.rs/loom) checks the shipped types under all interleavings that the
//! memory model allows.
//!
//! # Reading the source
//!
//! The way of one element, in this order:
//!
//! 1. `cursors.rs`: the protocol, and the argument why it is right
//! 2. `ring.rs`: from a position to a slot
//! 3. `producer.rs`: `push`
//! 4. `park/slot.rs`: `notify`, with which a publication ends
//! 5. `consumer.rs`: `pop`
//! 6. `ordering.rs`: each memory ordering, with its partner
//!
//! What is rare in those is beside them: `making.rs` (memory and capacity), `static_ring.rs`, `ring_ref.rs` (how long a ring
//! lives), `cursors/closing.rs`, `ring/dropping.rs`.
//!
//! After that, whatever you came for: `drain.rs`, `slices.rs` and `iter.rs` (many elements), `reservation.rs` and `read_guard.rs` (in place), `reserved_chunks.rs` and
//! `read_chunks.rs` (across the end), `blocking.rs` and `polling.rs` (threads and tasks that wait) on top of `park/`,
//! `alloc/` (where the slots live), `sync/` (the seam to Loom). The traits of others are in `byte_streams.rs`,
//! `futures_traits.rs` and `tokio_traits.rs`; each is one file that nothing else needs.

// With `std` its prelude is there too; tests have it in any case.
#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs, missing_debug_implementations, unsafe_op_in_unsafe_fn)]
#![warn(
    clippy::undocumented_unsafe_blocks,
    clippy::unnecessary_safety_comment,
    rust_2018_idioms,
    unreachable_pub
)]

#[cfg(feature = "alloc")]
extern crate alloc as liballoc;

#[cfg(not(target_has_atomic = "64"))]
compile_error!(
    "crosscore counts elements in atomics of 64 bits, which this target does not have; \
     `rustc --print cfg --target TARGET` says `target_has_atomic=\"64\"` for those that do"
);
#[cfg(all(loom, not(feature = "std")))]
compile_error!("Loom's models need the feature `std`");

#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod alloc;
#[cfg(feature = "std")]
mod blocking;
#[cfg(feature = "std")]
mod byte_streams;
mod cache_aligned;
mod consumer;
mod counter;
mod cursors;
mod drain;
mod error;
#[cfg(feature = "futures")]
mod futures_traits;
mod iter;
#[cfg(any(feature = "std", feature = "async"))]
mod look;
#[cfg(feature = "alloc")]
mod making;
mod metrics;
mod ordering;
#[cfg_attr(
    not(feature = "std"),
    allow(
        dead_code,
        reason = "no thread blocks, and without `async` nobody parks"
    )
)]
mod park;
#[cfg(feature = "async")]
mod polling;
mod prefetch;
mod producer;
mod raw;
mod read_chunks;
mod read_guard;
mod reservation;
mod reserved_chunks;
mod ring;
mod ring_ref;
mod slices;
mod spinning;
mod static_ring;
mod sync;
#[cfg(feature = "std")]
mod timed;
#[cfg(feature = "tokio")]
mod tokio_traits;
mod zeroable;

pub use alloc::{AllocError, BufferAllocator, HeapAllocator, Memory, RawBuffer};
#[cfg(feature = "std")]
pub use alloc::{HugePageAllocator, MirroredAllocator};
pub use consumer::Consumer;
pub use error::{PushError, PushWaitError, RingError, WaitError};
#[cfg(feature = "std")]
pub use iter::IntoIter;
pub use iter::PopIter;
pub use metrics::Metrics;
pub use park::handshake::Handshake;
#[cfg(loom)]
#[doc(hidden)]
pub use park::handshake::never_waited;
#[cfg(feature = "std")]
pub use park::handshake::{prepare_waiting, prepare_waiting_in_background};
pub use producer::Producer;
pub use read_chunks::ReadChunks;
pub use read_guard::ReadGuard;
pub use reservation::Reservation;
pub use reserved_chunks::ReservedChunks;
pub use ring::Ring;
pub use ring_ref::RingRef;
pub use static_ring::{StaticRing, StaticStorage};
pub use zeroable::Zeroable;
