//! Every memory ordering of the crate, by name and in one place.
//!
//! A site is the weakest ordering with which the algorithm is right. Each names its partner, the
//! edge that the pair makes and the invariant of `SPEC.md` that rests on it. A site that is
//! `Relaxed` makes no edge, and says why it needs none.

#[cfg(not(loom))]
use core::sync::atomic::Ordering;
#[cfg(loom)]
use std::sync::atomic::Ordering;

use crate::sync::Site;

macro_rules! sites {
    ($($(#[$meta:meta])* $name:ident = $ordering:ident;)*) => {
        $(
            $(#[$meta])*
            #[cfg(not(loom))]
            pub(crate) const $name: Site = Ordering::$ordering;
            $(#[$meta])*
            #[cfg(loom)]
            pub(crate) const $name: Site = Site::new(stringify!($name), Ordering::$ordering);
        )*

        /// Each site with its ordering.
        #[cfg(loom)]
        pub(crate) const SITES: &[(&str, Ordering)] =
            &[$((stringify!($name), Ordering::$ordering)),*];
    };
}

sites! {
    /// The producer reads its own cursor. Nobody else writes it (INV-SW-1), and a thread sees its
    /// own writes in program order: no edge is needed.
    OWN_TAIL = Relaxed;

    /// The consumer reads its own cursor. As `OWN_TAIL`, with INV-SW-2.
    OWN_HEAD = Relaxed;

    /// The producer's publication edge: what it wrote into the slots happens before whatever the
    /// consumer does after `OBSERVE_TAIL` has read this value. INV-ORD-1.
    PUBLISH_TAIL = Release;

    /// The consumer's side of that edge; partner `PUBLISH_TAIL`. INV-ORD-1.
    OBSERVE_TAIL = Acquire;

    /// The consumer's publication edge: its reads of the slots happen before whatever the
    /// producer does after `OBSERVE_HEAD` has read this value, so that a slot is written anew only
    /// after its old value was read. INV-ORD-2.
    PUBLISH_HEAD = Release;

    /// The producer's side of that edge; partner `PUBLISH_HEAD`. INV-ORD-2.
    OBSERVE_HEAD = Acquire;

    /// Either side marks itself closed. What the producer published before happens before
    /// whatever the consumer does after `OBSERVE_CLOSED` has read the mark, which is why a
    /// consumer that finds the ring closed, looks at the tail again and finds nothing, is done.
    /// A read-modify-write continues the release sequence of the other side's mark. INV-ORD-3.
    CLOSE = Release;

    /// The consumer, having found the ring empty, asks whether it is closed; partner `CLOSE`.
    /// INV-ORD-3.
    OBSERVE_CLOSED = Acquire;

    /// The producer asks, before it writes, whether the consumer is gone. It only refuses work by
    /// the answer and touches no memory because of it: no edge is needed.
    NOTICE_CLOSED = Relaxed;

    /// Counters for people. Each has one writer; readers want a recent value and nothing else.
    METRIC = Relaxed;
}
