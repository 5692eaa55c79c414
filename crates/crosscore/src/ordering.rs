//! Every memory ordering of the crate, by name and in one place.
//!
//! A site is the weakest ordering with which the algorithm is right. Each names its partner, the
//! edge that the pair makes and the invariant of `SPEC.md` that rests on it. A site that is
//! `Relaxed` makes no edge, and says why it needs none.

use core::sync::atomic::Ordering;

use crate::sync::Site;

macro_rules! sites {
    ($($(#[$meta:meta])* $name:ident = $ordering:ident $(, aarch64: $aarch64:ident)?;)*) => {
        $(
            $(#[$meta])*
            pub(crate) const $name: Site = sites!(@pick $ordering $(, $aarch64)?);
        )*
    };
    (@pick $ordering:ident) => { Ordering::$ordering };
    // Loom counts a SeqCst access as AcqRel, which would hide what is wrong.
    (@pick $ordering:ident, $aarch64:ident) => {
        if cfg!(all(target_arch = "aarch64", not(loom))) { Ordering::$aarch64 } else { Ordering::$ordering }
    };
}

sites! {
    /// A debug assertion asks whether a side's cursor is where its handle says. Nobody else writes it (INV-SW-1,
    /// INV-SW-2), and a thread sees its own writes in program order: no edge is needed. The ring's last owner asks where
    /// both sides have stopped, when their accesses happen before (INV-LIFE-1).
    OWN_CURSOR = Relaxed;

    /// The producer's publication edge: what it wrote into the slots happens before whatever the
    /// consumer does after `OBSERVE_TAIL` has read this value. INV-ORD-1.
    ///
    /// On AArch64 it is `SeqCst` for the parked handshake (`park/handshake.rs`), which is the same
    /// instruction there, `stlr`.
    PUBLISH_TAIL = Release, aarch64: SeqCst;

    /// The consumer's side of that edge; partner `PUBLISH_TAIL`. INV-ORD-1.
    OBSERVE_TAIL = Acquire;

    /// The consumer's publication edge: its reads of the slots happen before whatever the
    /// producer does after `OBSERVE_HEAD` has read this value, so that a slot is written anew only
    /// after its old value was read. INV-ORD-2. On AArch64 as `PUBLISH_TAIL`.
    PUBLISH_HEAD = Release, aarch64: SeqCst;

    /// The producer's side of that edge; partner `PUBLISH_HEAD`. INV-ORD-2.
    OBSERVE_HEAD = Acquire;

    /// The producer marks itself closed. What it published before happens before whatever the consumer
    /// does after `OBSERVE_CLOSED` has read the mark, which is why a consumer that finds the ring
    /// closed, looks at the tail again and finds nothing, is done. INV-ORD-3.
    ///
    /// On AArch64 it is `SeqCst` for the parked handshake, as `PUBLISH_TAIL` is.
    CLOSE_PRODUCER = Release, aarch64: SeqCst;

    /// The consumer marks itself closed. The producer refuses work by the mark (`NOTICE_CLOSED`) and
    /// touches no memory because of it: no edge is needed. On AArch64 as `CLOSE_PRODUCER`.
    CLOSE_CONSUMER = Relaxed, aarch64: SeqCst;

    /// A side that closes says so to itself as well, on the line that it has at hand: no edge is needed. As a
    /// read-modify-write it continues the release sequence of `CLOSE_PRODUCER`, whichever mark comes first.
    NOTE_OWN_CLOSE = Relaxed;

    /// The consumer, having found the ring empty, asks whether it is closed; partner `CLOSE_PRODUCER`.
    /// INV-ORD-3.
    OBSERVE_CLOSED = Acquire;

    /// The producer asks, before it writes, whether the consumer is gone. It only refuses work by
    /// the answer and touches no memory because of it: no edge is needed.
    NOTICE_CLOSED = Relaxed;

    /// The parker has put its waker into the slot and says so: the waker happens before whatever
    /// the notifier does after `TAKE_WAKER` has read this. INV-PARK-2.
    PARK = Release;

    /// After a publication, the publisher asks whether the other side is parked. What orders this
    /// load after the publication is the barrier between them (`park/handshake.rs`), not the load; on
    /// AArch64 there is none, and the load is `SeqCst` as the publication is. INV-PARK-1.
    CHECK_PARKED = Relaxed, aarch64: SeqCst;

    /// The notifier claims the slot and with it the waker; partner `PARK`. INV-PARK-2.
    TAKE_WAKER = Acquire;

    /// The notifier has taken the waker and gives the slot back; partner `REGAIN_SLOT`. INV-PARK-2.
    RETURN_SLOT = Release;

    /// The parker finds its slot idle before it writes into it; partner `RETURN_SLOT`. INV-PARK-2.
    REGAIN_SLOT = Acquire;

    /// A sleeping parker asks whether it has been woken. It touches neither the slot nor an element
    /// because of the answer: `REGAIN_SLOT` and a look at the cursor come first. No edge is needed.
    NOTICE_WOKEN = Relaxed;

    /// The parker takes its own mark back. If that succeeds nobody has touched the slot since, and
    /// there is nothing to synchronise with; if not, `REGAIN_SLOT` follows.
    RETRACT = Relaxed;

    /// A parker to whom the system has refused the barrier adds to its mark that publishers have to fence. As a
    /// read-modify-write it continues the release sequence of `PARK`, and `FENCE_PARKER` follows: no edge is
    /// needed.
    SWITCH_TO_FENCES = Relaxed;

    /// The publisher's full fence, where the strategy asks for one: its publication comes before
    /// `CHECK_PARKED` in the total order of fences; partner `FENCE_PARKER`. INV-PARK-1.
    FENCE_PUBLISHER = SeqCst;

    /// The parker's full fence, under the same strategies: `PARK` comes before its last look at the
    /// cursor and the close mark; partner `FENCE_PUBLISHER`. INV-PARK-1.
    FENCE_PARKER = SeqCst;

    /// Whoever comes first claims a `StaticRing`. It finds the storage as it was when the program began, and who comes later
    /// touches nothing: no edge is needed. INV-LIFE-2.
    CLAIM_STORAGE = Relaxed;

    /// Counters for people. Each has one writer; readers want a recent value and nothing else.
    METRIC = Relaxed;
}
