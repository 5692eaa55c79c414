//! The one seam between the standard library and [Loom](https://docs.rs/loom).
//!
//! The rest of the crate takes its atomics, cells and `Arc` from here and never learns which it
//! runs on. Built with `--cfg loom` the same source is executed by Loom's scheduler, with every
//! slot shadowed by a Loom cell, so that an access which is not ordered by a happens-before edge
//! is reported although the buffer itself is raw memory.

#[cfg(not(target_has_atomic = "64"))]
mod absent;
#[cfg(not(loom))]
mod native;
#[cfg(not(loom))]
pub(crate) use native::*;

#[cfg(loom)]
mod modelled;
#[cfg(loom)]
pub(crate) use modelled::*;
