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
//! | one element, moved | [`push`](Producer::push) | [`pop`](Consumer::pop), [`peek`](Consumer::peek) |
//! | many, moved | [`Reservation::fill`] | [`drain`](Consumer::drain) |
//! | many, copied (`T: Copy`) | [`push_slice`](Producer::push_slice) | [`pop_slice`](Consumer::pop_slice) |
//! | in place | [`reserve`](Producer::reserve) | [`read`](Consumer::read), [`drain_ref`](Consumer::drain_ref) |
//!
//! # Waiting
//!
//! Nothing above waits. [`push_wait`](Producer::push_wait), [`pop_wait`](Consumer::pop_wait) and their
//! kin do: they look again for a moment, then sleep. A ring that nobody waits on pays nothing for it,
//! and one that somebody waits on pays no fence when it publishes. With the feature `async` the same
//! waits are futures.
//!
//! # Memory
//!
//! The buffer comes from a [`BufferAllocator`]: the heap, [mirrored](MirroredAllocator) pages, on
//! which every run of slots is contiguous even across the end of the buffer, or
//! [huge pages](HugePageAllocator).
//!
//! # Why it is right
//!
//! The invariants are numbered in `SPEC.md`, every `unsafe` block cites the ones that it rests on,
//! and [Loom](https://docs.rs/loom) checks the shipped types under all interleavings that the
//! memory model allows.

#![deny(missing_docs, missing_debug_implementations, unsafe_op_in_unsafe_fn)]
#![warn(
    clippy::undocumented_unsafe_blocks,
    clippy::unnecessary_safety_comment,
    rust_2018_idioms,
    unreachable_pub
)]

pub mod alloc;
mod cache_aligned;
mod consumer;
mod counter;
mod cursors;
mod error;
mod metrics;
mod ordering;
mod park;
mod prefetch;
mod producer;
mod read_guard;
mod reservation;
mod ring;
mod sync;
#[cfg(feature = "async")]
mod tasks;
mod waiting;

pub use alloc::{
    AllocError, BufferAllocator, HeapAllocator, HugePageAllocator, Memory, MirroredAllocator,
    RawBuffer,
};
pub use consumer::Consumer;
pub use error::{PushError, PushWaitError, RingError, WaitError};
pub use metrics::Metrics;
pub use park::barrier::Barrier as Handshake;
#[cfg(loom)]
#[doc(hidden)]
pub use park::barrier::never_waited;
pub use park::barrier::{prepare_waiting, prepare_waiting_in_background};
pub use producer::Producer;
pub use read_guard::ReadGuard;
pub use reservation::Reservation;
pub use ring::Ring;
