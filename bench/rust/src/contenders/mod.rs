//! The systems, each behind the traits of `contender`, by the calls that its documentation advises.

mod crossbeam_queue;
mod crosscore;
mod gil;
mod heapless;
mod large_stack;
mod less;
mod nexus_queue;
mod plain_copy;
mod quickring;
mod raw_lines;
mod ringbuf;
mod rtrb;
mod slot_flags;
mod yring;

pub use self::crossbeam_queue::CrossbeamQueue;
pub use self::crosscore::{Crosscore, CrosscoreMirrored, CrosscoreWaited};
pub use self::gil::Gil;
pub use self::heapless::Heapless;
pub use self::less::{Bare, Unpadded};
pub use self::nexus_queue::NexusQueue;
pub use self::plain_copy::PlainCopy;
pub use self::quickring::Quickring;
pub use self::raw_lines::RawLines;
pub use self::ringbuf::Ringbuf;
pub use self::rtrb::Rtrb;
pub use self::slot_flags::SlotFlags;
pub use self::yring::Yring;
