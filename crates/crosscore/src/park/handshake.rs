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
//! One for the process, chosen when the first ring is made ([`prepare_waiting`] chooses it earlier), or one
//! for a ring alone ([`Ring::with_handshake_in`](crate::Ring::with_handshake_in)):
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
//! # What sleeping costs the others
//!
//! `membarrier` and `FlushProcessWriteBuffers` interrupt every thread of the process that is running at that
//! moment, on its processor, for some microseconds; threads that do not run are left alone. It is paid once for
//! each time that a thread goes to sleep or a task leaves a waker, and not for a poll whose waker is already
//! there. Rings with [`Handshake::Fence`] interrupt nobody.
//!
//! # When the system takes it back
//!
//! A sandbox that is entered later can refuse `membarrier` to a process that has used it. The ring then goes
//! over to fences, each side at its next sleep, and its blocked threads look again every 10 ms
//! (`slot.rs`, `block.rs`).
//!
//! # Fork
//!
//! Nothing here is held over a system call: the choice is made by whoever comes first, by several at once if
//! need be, and the first answer counts. So a child that was forked while another thread made it has nobody to
//! wait for. The registration itself is part of the memory map, which the child inherits.
//!
//! `CROSSCORE_BARRIER=fence` in the environment forces fences (qemu's user emulation needs it: it
//! does not keep STLR and LDAR in order), `membarrier` or `flush` or `accesses` the one named, where the
//! platform has it.

#[cfg(feature = "std")]
use core::num::NonZeroUsize;

#[cfg(feature = "std")]
use once_cell::race::OnceNonZeroUsize;

use crate::ordering::{FENCE_PARKER, FENCE_PUBLISHER};
use crate::sync::{compiler_fence, fence};

/// How the two sides of a ring make sure that a publication and a sleep do not miss each other, and who
/// pays for it.
///
/// Chosen for the process ([`in_use`](Self::in_use)), or for a ring ([`Ring::with_handshake_in`]).
///
/// [`Ring::with_handshake_in`]: crate::Ring::with_handshake_in
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum Handshake {
    /// Both sides execute a full fence: some 8 ns for every publication.
    Fence = 1,
    /// The sleeper makes the kernel fence every other thread: `membarrier`, Linux. A publication costs nothing
    /// more. Each time that a thread goes to sleep, or a task leaves a waker, every running thread of the
    /// process is interrupted for some microseconds.
    Membarrier,
    /// The same by `FlushProcessWriteBuffers`, Windows.
    Flush,
    /// The publisher's accesses are sequentially consistent, which costs nothing more on AArch64; the
    /// parker executes a full fence.
    Accesses,
}

impl Handshake {
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
    #[cfg(feature = "std")]
    pub fn in_use() -> Self {
        static IN_USE: OnceNonZeroUsize = OnceNonZeroUsize::new();
        let chosen = IN_USE.get_or_init(|| {
            Self::from_number(forced())
                .unwrap_or(Self::native())
                .or_fences()
                .number()
        });
        Self::from_number(chosen.get()).unwrap_or(Self::Fence)
    }

    /// The one that this program uses. Without `std` there is no system to ask and no environment to obey: it is
    /// always the same.
    #[cfg(not(feature = "std"))]
    pub fn in_use() -> Self {
        Self::native().or_fences()
    }

    /// What a new ring takes if it is told nothing.
    pub(crate) fn for_a_ring() -> Self {
        #[cfg(loom)]
        if NEVER_WAITED.get().is_some() {
            // Without a fence at the publisher.
            return Self::Accesses;
        }
        Self::in_use()
    }

    /// That one, made ready; or fences where the platform does not have it.
    pub(crate) fn or_fences(self) -> Self {
        if self.set_up() { self } else { Self::Fence }
    }

    #[cfg(feature = "std")]
    fn number(self) -> NonZeroUsize {
        NonZeroUsize::MIN.saturating_add(self as usize - 1)
    }

    #[cfg(feature = "std")]
    fn from_number(number: usize) -> Option<Self> {
        let all = Self::ALL.into_iter().map(|(_, barrier)| barrier);
        all.into_iter()
            .find(|barrier| barrier.number().get() == number)
    }

    /// The cheapest one that this platform can have.
    fn native() -> Self {
        if cfg!(any(loom, miri)) {
            // Loom models fences, and neither system calls nor SeqCst accesses. Miri has no membarrier.
            Self::Fence
        } else if cfg!(target_arch = "aarch64") {
            Self::Accesses
        } else if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            Self::Membarrier
        } else if cfg!(all(windows, target_arch = "x86_64")) {
            Self::Flush
        } else {
            Self::Fence
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

/// The number of the one that `CROSSCORE_BARRIER` in the environment names, as it is when this is asked first;
/// something else if it names none.
#[cfg(feature = "std")]
fn forced() -> usize {
    static FORCED: OnceNonZeroUsize = OnceNonZeroUsize::new();
    let read = FORCED.get_or_init(|| {
        let wish = std::env::var("CROSSCORE_BARRIER").unwrap_or_default();
        Handshake::ALL
            .into_iter()
            .find(|(name, _)| *name == wish)
            .map_or(NonZeroUsize::MAX, |(_, barrier)| barrier.number())
    });
    read.get()
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
    Handshake::in_use();
}

/// As [`prepare_waiting`], on a thread of its own, and returns at once. A first ring that comes sooner than
/// that thread is done, or if the thread cannot start, does all of it.
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

/// Rings made from now on will never be waited on: their models explore the cursors alone, without a
/// fence in every publication, which multiplies the schedules. Exists under Loom only.
#[cfg(loom)]
#[doc(hidden)]
pub fn never_waited() {
    NEVER_WAITED.get_or_init(|| ());
}

#[cfg(loom)]
static NEVER_WAITED: std::sync::OnceLock<()> = std::sync::OnceLock::new();

/// Between P1 and P2, always: nothing but an order for the compiler.
#[inline(always)]
pub(crate) fn light() {
    compiler_fence(FENCE_PUBLISHER);
}

/// Between P1 and P2 where the publisher must fence.
#[inline]
pub(crate) fn publisher_fence() {
    // Partner: FENCE_PARKER in `parker_fence`. INV-PARK-1.
    fence(FENCE_PUBLISHER);
}

/// Between W1 and W2 where the publisher fences, or its accesses are sequentially consistent.
pub(crate) fn parker_fence() {
    // Partner: FENCE_PUBLISHER in `publisher_fence`, or the SeqCst pair PUBLISH_TAIL (PUBLISH_HEAD,
    // CLOSE_PRODUCER, CLOSE_CONSUMER) and CHECK_PARKED. INV-PARK-1.
    fence(FENCE_PARKER);
}

impl Handshake {
    /// Whether publishers must fence.
    pub(crate) fn publisher_fences(self) -> bool {
        self == Self::Fence
    }

    /// Between W1 and W2. False if the system has refused it.
    #[must_use]
    pub(crate) fn heavy(self) -> bool {
        match self {
            Self::Membarrier => return membarrier::run(),
            Self::Flush => flush::run(),
            Self::Fence | Self::Accesses => parker_fence(),
        }
        true
    }
}

/// After a refusal: longer than any store stays in a store buffer.
pub(crate) fn pause_for_store_buffers() {
    #[cfg(all(feature = "std", not(loom)))]
    crate::sync::thread::sleep(core::time::Duration::from_millis(1));
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

    /// False if a sandbox that was entered after [`register`] refuses it. After `fork` the child has threads
    /// of its own and the registration too (it is part of the memory map).
    pub(super) fn run() -> bool {
        membarrier(MembarrierCommand::PrivateExpedited).is_ok()
    }
}

#[cfg(not(all(target_os = "linux", feature = "std", not(loom))))]
mod membarrier {
    pub(super) fn register() -> bool {
        false
    }

    pub(super) fn run() -> bool {
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

#[cfg(all(test, feature = "std", not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_made_once_and_its_barrier_runs() {
        let chosen = Handshake::in_use();
        assert_eq!(chosen, Handshake::in_use());
        assert!(chosen.heavy());
        light();
        publisher_fence();
        assert_eq!(Handshake::from_number(chosen.number().get()), Some(chosen));
    }

    #[test]
    fn what_the_platform_does_not_have_becomes_fences() {
        for (_, barrier) in Handshake::ALL {
            let ready = barrier.or_fences();
            assert!(ready == barrier || ready == Handshake::Fence);
            assert!(ready.heavy());
        }
        // There is no platform with both.
        let both = [Handshake::Membarrier, Handshake::Flush].map(Handshake::or_fences);
        assert!(both.contains(&Handshake::Fence));
    }
}
