//! Rings of the npm package `crosscore` with one end in an addon of your own.
//!
//! An addon made with [napi-rs](https://napi.rs) makes a ring, keeps one end on any thread of Rust, and gives JavaScript a
//! token for the other end, which `Consumer.from(token)` or `Producer.from(token)` of the package takes. The addon and the
//! package's own are two `.node` images; between them is a table of C functions, so they may come from other compilers
//! and other versions. The table's version is compared when the package's `native` is received.
//!
//! ```no_run
//! use crosscore_napi::{Crosscore, Token, record};
//! use std::time::Duration;
//!
//! record! {
//!     /// What a market says.
//!     #[derive(Debug)]
//!     pub struct Tick { ts: f64, px: f64, qty: u32, side: u8, name: [u8; 16] }
//! }
//!
//! // #[napi] in your addon; in JavaScript: Consumer.from(ticks(native))
//! pub fn ticks(crosscore: Crosscore) -> napi::Result<Token> {
//!     let (mut producer, token) = crosscore.ring::<Tick>(4096).producer()?;
//!     std::thread::spawn(move || {
//!         for i in 0..1_000_000 {
//!             let tick = Tick { ts: f64::from(i), px: 100.0, qty: 1, side: 0, name: *b"crosscore.......", };
//!             // Waits while JavaScript is behind; ends when it is gone.
//!             if producer.push_wait(tick, None).is_err() {
//!                 break;
//!             }
//!         }
//!         // Dropped here, or by a panic: JavaScript reads what is left, and then the end.
//!     });
//!     Ok(token)
//! }
//! ```
//!
//! # Kinds
//!
//! | in Rust | in JavaScript |
//! | --- | --- |
//! | `Producer<f64>`, and all numbers but `usize`, `isize`, 128 bits | `of: 'f64'` |
//! | `Producer<Tick>` with a [`record!`] | `of: record({ … })` |
//! | `Producer<`[`Bytes`]`>` | `of: 'bytes'` |
//! | `Producer<`[`Text`]`>` | `of: 'string'` |
//!
//! # Memory that JavaScript can see
//!
//! A program can keep a view of a ring and write into it at any time. So no method here gives a reference into a ring:
//! elements go in and out by value, each word by an atomic access that orders nothing and costs what a plain one does.
//! Every combination of bits is a valid number or record, lengths and text are checked after they were copied. Whatever
//! a program scribbles, it gets wrong values at most.

#![warn(clippy::unnecessary_safety_comment, rust_2018_idioms)]

#[allow(dead_code, reason = "the addon uses the rest of it")]
mod abi;
mod bytes;
mod connect;
mod element;
mod elements;
mod end;
mod error;
mod kind;
mod messages;
mod reason;
mod record;
mod ring;
mod token;

pub use bytes::{Reader, Writer};
pub use connect::Crosscore;
pub use crosscore::{PushError, PushWaitError, WaitError};
pub use element::{Element, Field};
pub use elements::Reservation;
pub use error::{Error, ReceiveError, SendError};
pub use kind::{Bytes, Kind, Text};
pub use reason::Reason;
pub use ring::{Consumer, Memory, Producer, Publish, RingBuilder};
pub use token::Token;

// Names that `record!` needs in another crate.
#[doc(hidden)]
pub use element::{Item, checked_offset};
