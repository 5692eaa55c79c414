//! Sleeping until the other side has published, at no cost to the publisher.
//!
//! | file | what |
//! | --- | --- |
//! | `handshake.rs` | the one total order that the ring needs, and how each platform gives it |
//! | `slot.rs` | the parked handshake: one side's waker, the other side's check |
//! | `spin.rs` | how long it pays to look again before sleeping; `spin_modelled.rs` under Loom, `spin_bare.rs` without `std` |
//! | `block.rs` | blocking a thread on a slot; feature `std` |

#[cfg(feature = "std")]
mod block;
pub(crate) mod handshake;
mod slot;
#[cfg_attr(loom, path = "spin_modelled.rs")]
#[cfg_attr(not(feature = "std"), path = "spin_bare.rs")]
mod spin;

#[cfg(feature = "std")]
pub(crate) use block::{Deadline, block_until};
pub(crate) use handshake::Handshake;
pub(crate) use slot::WakerSlot;
#[cfg(feature = "std")]
pub(crate) use spin::SpinBudget;
