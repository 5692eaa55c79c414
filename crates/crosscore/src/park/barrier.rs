//! The one total order that the ring needs, and how each platform gives it.
//!
//! # The problem
//!
//! ```text
//! publisher                           parker
//! P1  store the cursor                W1  store "parked"
//!     ── light barrier ──                 ── heavy barrier ──
//! P2  load "parked"                   W2  load the cursor (and the close mark)
//! ```
//!
//! If P2 misses W1 *and* W2 misses P1, the parker sleeps on a full ring and nobody wakes it. Release
//! and Acquire allow that: it is the store-buffering pattern, and forbidding it takes a total order
//! over both pairs, the only one in this crate. INV-PARK-1: at least one side sees the other.
//!
//! # The argument
//!
//! *With a full fence on both sides* (`FENCE_PUBLISHER`, `FENCE_PARKER`): all `SeqCst` fences are in
//! one total order. If the publisher's comes first, P1 happens before it and W2 comes after the
//! parker's, so W2 reads P1 or something newer; if the parker's comes first, P2 reads W1. C++20
//! [atomics.order] p4.3; checked by Loom on the shipped types. The publisher pays about 8 ns on
//! every publication.
//!
//! *With an asymmetric barrier* the publisher's side costs nothing: the compiler keeps P1 before P2,
//! and the parker makes the system run a full fence on every other thread of the process between W1
//! and W2 (`membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)`, `FlushProcessWriteBuffers`). Wherever in
//! the publisher's program that fence lands, it is after P1 or before P2 or both. After P1: P1 is
//! visible before W2 loads, so W2 sees it. Otherwise P1 has not been executed yet, and P2 after it
//! comes after the fence, which came after W1: P2 sees W1. So the system call stands for the fence of
//! both sides. Source: membarrier(2); the Linux kernel, `kernel/sched/membarrier.c`, which spells out
//! this pairing; WG21 P1202, "asymmetric fences". `proofs/parked_handshake.pml` checks it under TSO.
//!
//! *With sequentially consistent accesses* on AArch64: P1 and P2 are `SeqCst`, and the parker has its
//! full fence F. All three are in the one total order S, with P1 before P2. If P2 misses W1 then P2 is
//! before F in S, since W1 happens before F; if W2 misses P1 then F is before P1 in S, since F happens
//! before W2. Together: P1 before P2 before F before P1, a contradiction (C++20 [atomics.order]
//! p4.1 to p4.4). The publisher's store is `stlr` and its load `ldar`, which the architecture keeps in
//! order (Arm ARM, B2.3, "Load-Acquire, Store-Release": RCsc); a `Release` store is `stlr` as well, so
//! the order costs nothing.
//!
//! # The strategy
//!
//! One for the process, chosen when the first ring is made ([`prepare_waiting`] chooses it earlier):
//!
//! | platform | publisher | parker |
//! | --- | --- | --- |
//! | Linux x86-64 | nothing | `membarrier` |
//! | Windows x86-64 | nothing | `FlushProcessWriteBuffers` |
//! | AArch64 | `stlr`, `ldar` instead of `ldr` | fence |
//! | anything else; no `membarrier`; without the feature `std` | fence | fence |
//!
//! A ring whose publishers must fence carries a bit beside "parked" that says so, and so the fast path
//! is the same code everywhere: one load, one branch.
//!
//! `CROSSCORE_BARRIER=fence` in the environment forces fences (qemu's user emulation needs it: it
//! does not keep STLR and LDAR in order), `membarrier` or `flush` or `accesses` the one named, where the
//! platform has it.

#[cfg(feature = "std")]
use std::sync::OnceLock;

use crate::ordering::{FENCE_PARKER, FENCE_PUBLISHER};
use crate::sync::{compiler_fence, fence};

/// How a publisher and a parker agree on an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Barrier {
    /// Both sides execute a full fence.
    Fence,
    /// The parker makes the kernel fence every other thread: `membarrier`, Linux.
    Membarrier,
    /// The parker makes the kernel fence every other thread: `FlushProcessWriteBuffers`, Windows.
    Flush,
    /// The publisher's accesses are sequentially consistent, which costs nothing more on AArch64; the
    /// parker executes a full fence.
    Accesses,
}

impl Barrier {
    #[cfg(feature = "std")]
    const ALL: [(&'static str, Self); 4] = [
        ("fence", Self::Fence),
        ("membarrier", Self::Membarrier),
        ("flush", Self::Flush),
        ("accesses", Self::Accesses),
    ];

    /// The one that this process uses. Chooses it if that has not been done yet.
    ///
    /// ```
    /// use crosscore::Handshake;
    ///
    /// assert_eq!(Handshake::in_use(), Handshake::in_use());
    /// ```
    pub fn in_use() -> Self {
        // Without `std` there is no system to ask and no environment to obey: the answer is a constant.
        #[cfg(not(feature = "std"))]
        return Self::ready(Self::native());
        #[cfg(feature = "std")]
        {
            static IN_USE: OnceLock<Barrier> = OnceLock::new();
            *IN_USE.get_or_init(|| {
                let forced = Self::ALL.into_iter().find(|(name, _)| *name == forced());
                Self::ready(forced.map(|(_, barrier)| barrier).or(Self::native()))
            })
        }
    }

    /// That one, or fences where the platform does not have it.
    fn ready(wanted: Option<Self>) -> Self {
        wanted
            .filter(|barrier| barrier.set_up())
            .unwrap_or(Self::Fence)
    }

    /// The cheapest one that this platform can have.
    fn native() -> Option<Self> {
        if cfg!(any(loom, miri)) {
            // Loom models fences, and neither system calls nor SeqCst accesses. Miri has no membarrier.
            Some(Self::Fence)
        } else if cfg!(target_arch = "aarch64") {
            Some(Self::Accesses)
        } else if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            Some(Self::Membarrier)
        } else if cfg!(all(windows, target_arch = "x86_64")) {
            Some(Self::Flush)
        } else {
            None
        }
    }

    /// Makes the strategy ready; false where the platform does not have it.
    fn set_up(self) -> bool {
        match self {
            Self::Fence => true,
            Self::Membarrier => membarrier::register(),
            Self::Flush => cfg!(all(windows, feature = "std", not(loom))),
            // Elsewhere the sites are not SeqCst.
            Self::Accesses => cfg!(all(target_arch = "aarch64", not(loom))),
        }
    }
}

/// What `CROSSCORE_BARRIER` in the environment says, as it is when this is asked first.
#[cfg(feature = "std")]
fn forced() -> &'static str {
    static FORCED: OnceLock<String> = OnceLock::new();
    FORCED.get_or_init(|| std::env::var("CROSSCORE_BARRIER").unwrap_or_default())
}

/// Chooses how publishers and parkers agree on an order, unless that has been done.
///
/// The first ring does this too. On Linux x86-64 it can take up to 20 ms in a process that has
/// threads, since the kernel waits until all of them have passed through it; a program that minds
/// calls this early, or [`prepare_waiting_in_background`].
///
/// ```
/// crosscore::prepare_waiting();
/// ```
#[cfg(feature = "std")]
pub fn prepare_waiting() {
    Barrier::in_use();
}

/// As [`prepare_waiting`], on a thread of its own, and returns at once. A first ring that comes sooner than
/// that thread is done waits for it; if the thread cannot start, the first ring does all of it.
///
/// The environment is read before this returns: a thread that reads it while another one writes to it (which
/// code in other languages can do unseen) is a data race in the C library.
///
/// ```
/// crosscore::prepare_waiting_in_background();
/// ```
#[cfg(feature = "std")]
pub fn prepare_waiting_in_background() {
    forced();
    super::spin::longest();
    drop(std::thread::Builder::new().spawn(prepare_waiting));
}

/// Whether publishers must fence.
pub(crate) fn publisher_fences() -> bool {
    #[cfg(loom)]
    if NEVER_WAITED.get().is_some() {
        return false;
    }
    Barrier::in_use() == Barrier::Fence
}

/// Rings made from now on will never be waited on: their models explore the cursors alone, without a
/// fence in every publication, which multiplies the schedules. Exists under Loom only.
#[cfg(loom)]
#[doc(hidden)]
pub fn never_waited() {
    NEVER_WAITED.get_or_init(|| ());
}

#[cfg(loom)]
static NEVER_WAITED: OnceLock<()> = OnceLock::new();

/// Between P1 and P2, always: nothing but an order for the compiler.
#[inline(always)]
pub(crate) fn light() {
    compiler_fence(FENCE_PUBLISHER);
}

/// Between P1 and P2 where [`publisher_fences`].
#[inline]
pub(crate) fn publisher_fence() {
    // Partner: FENCE_PARKER in `heavy`. INV-PARK-1.
    fence(FENCE_PUBLISHER);
}

/// Between W1 and W2.
pub(crate) fn heavy() {
    match Barrier::in_use() {
        Barrier::Membarrier => membarrier::run(),
        Barrier::Flush => flush::run(),
        // Partner: FENCE_PUBLISHER in `publisher_fence`, or the SeqCst pair PUBLISH_TAIL (PUBLISH_HEAD,
        // CLOSE_PRODUCER, CLOSE_CONSUMER) and CHECK_PARKED. INV-PARK-1.
        Barrier::Fence | Barrier::Accesses => fence(FENCE_PARKER),
    }
}

#[cfg(all(target_os = "linux", feature = "std", not(loom)))]
mod membarrier {
    use rustix::thread::{MembarrierCommand, MembarrierQuery, membarrier, membarrier_query};

    /// Asks the kernel to fence this process's threads on demand; false where it will not.
    pub(super) fn register() -> bool {
        membarrier_query().contains(MembarrierQuery::PRIVATE_EXPEDITED)
            && membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok()
            // Once for real: a sandbox may filter one command and not the other.
            && membarrier(MembarrierCommand::PrivateExpedited).is_ok()
    }

    pub(super) fn run() {
        // It fails only for a process that has not registered, and this one has. After `fork` the
        // child has threads of its own and the registration too (it is part of the memory map).
        if membarrier(MembarrierCommand::PrivateExpedited).is_err() {
            // To sleep without the barrier could be for ever; an abort says what is wrong.
            eprintln!("crosscore: the kernel has withdrawn membarrier from this process");
            std::process::abort();
        }
    }
}

#[cfg(not(all(target_os = "linux", feature = "std", not(loom))))]
mod membarrier {
    pub(super) fn register() -> bool {
        false
    }

    pub(super) fn run() {
        unreachable!("never chosen, since register() is false")
    }
}

#[cfg(all(windows, feature = "std", not(loom)))]
mod flush {
    pub(super) fn run() {
        // SAFETY: INV-PARK-1: a system call without arguments that cannot fail.
        unsafe { windows_sys::Win32::System::Threading::FlushProcessWriteBuffers() };
    }
}

#[cfg(not(all(windows, feature = "std", not(loom))))]
mod flush {
    pub(super) fn run() {
        unreachable!("never chosen, since set_up() is false")
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_made_once_and_its_barrier_runs() {
        let chosen = Barrier::in_use();
        assert_eq!(chosen, Barrier::in_use());
        heavy();
        light();
        publisher_fence();
        assert_eq!(publisher_fences(), chosen == Barrier::Fence);
    }
}
