//! The Node-API addon behind the npm package `crosscore`. Only the package's `lib/` loads it.
//!
//! Every ring is a `crosscore::Ring<u8>` whose memory JavaScript sees through an external
//! `ArrayBuffer`. JavaScript writes and reads slots that it owns and crosses into Rust to publish
//! or to look; Rust owns the cursors and never reads what is in the slots. So whatever a program
//! does to the bytes, nothing here depends on them.
//!
//! | file | what |
//! | --- | --- |
//! | `create.rs` | the cold calls: make a ring, claim a token |
//! | `memory.rs` | the ring's memory and the ArrayBuffer over it |
//! | `control.rs` | the few words through which JavaScript and Rust pass numbers at a crossing |
//! | `handle.rs` | functions bound to a handle, their lifetime, the environment's cleanup hook |
//! | `producer.rs`, `consumer.rs` | the crossings of either side |
//! | `doorbell.rs` | waking an event loop |
//! | `pacing.rs` | when a consumer should wait a moment before it looks again |
//! | `registry.rs` | tokens: handles between two threads |
//! | `status.rs` | Node-API statuses as results |
//! | `bench.rs` | sources of records for the benchmarks; only with the feature `bench` |
//!
//! # Invariants
//!
//! The SAFETY lines of this crate cite `crates/crosscore/SPEC.md`, which has the addon's own as INV-NODE-1 to
//! INV-NODE-6.

#[cfg(feature = "bench")]
pub mod bench;
mod consumer;
mod control;
pub mod create;
mod doorbell;
mod express;
mod handle;
mod memory;
mod messages;
mod pacing;
mod producer;
mod registry;
mod runtime;
mod status;

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
