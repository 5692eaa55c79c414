//! The Node-API addon behind the npm package `crosscore`. Only the package's `lib/` loads it.
//!
//! Every ring is a `crosscore::Ring<u8>` whose memory JavaScript sees through an external
//! `ArrayBuffer`. JavaScript writes and reads slots that it owns and crosses into Rust to publish
//! or to look; Rust owns the cursors and never reads what is in the slots. So whatever a program
//! does to the bytes, nothing here depends on them.
//!
//! | file | what |
//! | --- | --- |
//! | `create.rs` | what `native.js` exports: make a ring, claim or revoke a token, an environment's functions |
//! | `environment.rs` | the one record of an environment |
//! | `slot.rs` | the table of handles: from a number of JavaScript to a handle of this thread, or to nothing |
//! | `handle.rs` | how a handle comes and ends, and the hot functions that are bound to it |
//! | `calls.rs` | the cold crossings, by a handle's number |
//! | `crossing.rs` | the hot crossings by number, without Node |
//! | `side.rs`, `producer.rs`, `consumer.rs` | what a crossing does, on either side |
//! | `control.rs` | the words through which JavaScript and Rust pass numbers at a crossing |
//! | `shared.rs` | what the two ends of a ring share: description, statistics, reason of the end |
//! | `memory.rs` | the ring's memory |
//! | `visible.rs` | memory that JavaScript can see, and when it may be freed |
//! | `foreign.rs` | ends of rings for other `.node` images, by a table of C functions |
//! | `token.rs` | handles between two threads |
//! | `doorbell.rs`, `doorbell/` | waking an event loop |
//! | `express.rs`, `express/` | V8's fast API calls, and all that is known of V8's ABI |
//! | `fast.rs` | the hot crossings as fast functions |
//! | `restraint.rs` | how long something that was in vain is left alone |
//! | `pacing.rs` | when a consumer should wait a moment before it looks again |
//! | `runtime.rs` | whether this is Node itself |
//! | `thread.rs` | which thread this is |
//! | `numbers.rs` | a number from JavaScript into the ring |
//! | `messages.rs`, `bytes.rs` | messages that Rust writes, and a program's bytes as one |
//! | `text.rs` | strings between V8's heap and the ring |
//! | `value.rs`, `status.rs` | values and statuses of Node-API |
//! | `bench.rs` | sources of records for the benchmarks; only with the feature `bench` |
//!
//! # Invariants
//!
//! The SAFETY lines of this crate cite `crates/crosscore/SPEC.md`, which has the addon's own as INV-NODE.

mod ahead;
#[cfg(feature = "bench")]
pub mod bench;
mod bytes;
mod calls;
mod consumer;
mod control;
pub mod create;
mod crossing;
mod doorbell;
mod drops;
mod environment;
mod express;
mod fast;
mod foreign;
mod handle;
mod memory;
mod messages;
mod numbers;
mod pacing;
mod producer;
mod restraint;
mod runtime;
mod shared;
mod side;
mod slot;
mod status;
mod text;
mod thread;
mod token;
mod value;
mod visible;

use std::sync::Once;

use napi::bindgen_prelude::{Object, retain_current_module_for_unload_safety};
use napi_derive::napi;

static PREPARE: Once = Once::new();

/// Pins the addon's image when Node first loads it.
///
/// Node unloads an addon with the last environment that uses it; one that only workers load would
/// lose its statics, and rings still in use with them, when the last of those workers ends.
#[napi(module_exports)]
pub fn pin_image(_exports: Object<'_>) -> napi::Result<()> {
    retain_current_module_for_unload_safety();
    // The kernel can take 20 ms to prepare the barrier of parked waits once a process has threads.
    // Importing the package does not wait for it; the first ring does if it comes sooner.
    PREPARE.call_once(crosscore::prepare_waiting_in_background);
    Ok(())
}
