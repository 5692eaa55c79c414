//! The parked handshake: one side's waker, the other side's check.
//!
//! Whatever is to be woken is a [`Waker`]: a thread, a task, an event loop's doorbell. It is kept in
//! a slot that two threads use in turn, and `state` says whose turn it is (INV-PARK-2):
//!
//! ```text
//!            parker: PARK                    notifier: TAKE_WAKER
//!    IDLE ───────────────────▶ PARKED ───────────────────────────▶ NOTIFYING
//!  (parker's)  ◀───────────────────       (the parker may look, not touch)
//!      ▲        parker: RETRACT                       │
//!      └──────────────────────────────────────────────┘
//!                  notifier: RETURN_SLOT, and then it wakes
//! ```
//!
//! The notifier takes the waker out, so it is woken once for each time it was put in; nothing is
//! woken per message.

use core::task::Waker;

use super::barrier;
use super::spin::back_off;
use crate::ordering::{
    CHECK_PARKED, NOTICE_WOKEN, PARK, REGAIN_SLOT, RETRACT, RETURN_SLOT, TAKE_WAKER,
};
use crate::sync::{AtomicU32, UnsafeCell};

const IDLE: u32 = 0;
const PARKED: u32 = 1;
const NOTIFYING: u32 = 2;
/// Never cleared: publishers have to fence before they can believe the rest.
const MUST_FENCE: u32 = 4;

/// Where one side leaves its waker for the other.
#[derive(Debug)]
pub(crate) struct WakerSlot {
    state: AtomicU32,
    /// `MUST_FENCE` or 0, as it is in every value of `state`.
    fenced: u32,
    waker: UnsafeCell<Option<Waker>>,
}

impl WakerSlot {
    pub(crate) fn new() -> Self {
        let fenced = if barrier::publisher_fences() {
            MUST_FENCE
        } else {
            0
        };
        Self {
            state: AtomicU32::new(fenced | IDLE),
            fenced,
            waker: UnsafeCell::new(None),
        }
    }

    /// The publisher, after a publication: wakes the other side if it is parked.
    ///
    /// One load and one branch where nobody is parked and no fence is needed.
    #[inline(always)]
    pub(crate) fn notify(&self) {
        barrier::light();
        // Partner: PARK in `park`, through the barriers. INV-PARK-1.
        if self.state.load(CHECK_PARKED) != IDLE {
            self.notify_slow();
        }
    }

    #[cold]
    #[inline(never)]
    fn notify_slow(&self) {
        if self.fenced != 0 {
            barrier::publisher_fence();
            // P2 again, behind the fence this time; a plain load before the locked instruction below.
            if self.state.load(CHECK_PARKED) != self.fenced | PARKED {
                return;
            }
        }
        // Partner: PARK in `park`. INV-PARK-2. The failure reads nothing that matters.
        let claimed = self.state.compare_exchange(
            self.fenced | PARKED,
            self.fenced | NOTIFYING,
            TAKE_WAKER,
            RETRACT,
        );
        if claimed.is_err() {
            return;
        }
        // SAFETY: INV-PARK-2: in NOTIFYING the slot is the notifier's, and it is this thread that
        // made it so.
        let waker = self.waker.with_mut(|slot| unsafe { (*slot).take() });
        // Partner: REGAIN_SLOT in `regain`. INV-PARK-2.
        self.state.store(self.fenced | IDLE, RETURN_SLOT);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The parker: leaves `waker`, then asks `ready` once more. If that says no, the waker will be
    /// woken by the next publication or close; if it says yes, the waker is taken back.
    ///
    /// # Safety
    ///
    /// INV-PARK-2: the caller is the one side that parks on this slot.
    pub(crate) unsafe fn park(&self, waker: &Waker, mut ready: impl FnMut() -> bool) -> Parked {
        // SAFETY: INV-PARK-2: passed on. One may be parked already, with an older waker.
        unsafe { self.retract() };
        let waker = waker.clone();
        // SAFETY: INV-PARK-2: the slot is idle and so the parker's.
        let old = self
            .waker
            .with_mut(|slot| unsafe { (*slot).replace(waker) });
        drop(old);
        // W1. Partner: TAKE_WAKER (INV-PARK-2) and, through the barriers, CHECK_PARKED (INV-PARK-1).
        self.state.store(self.fenced | PARKED, PARK);
        barrier::heavy();
        // W2.
        if ready() {
            // SAFETY: INV-PARK-2: passed on.
            unsafe { self.retract() };
            Parked::No
        } else {
            Parked::Yes
        }
    }

    /// Whether the waker that was left is still there: nobody has woken it yet.
    pub(crate) fn is_parked(&self) -> bool {
        // Partner: none, see NOTICE_WOKEN.
        self.state.load(NOTICE_WOKEN) == self.fenced | PARKED
    }

    /// The parker: makes the slot its own again, taking the waker back if nobody has taken it.
    ///
    /// # Safety
    ///
    /// INV-PARK-2: the caller is the one side that parks on this slot.
    pub(crate) unsafe fn retract(&self) {
        let retracted =
            self.state
                .compare_exchange(self.fenced | PARKED, self.fenced | IDLE, RETRACT, RETRACT);
        if retracted.is_ok() {
            // SAFETY: INV-PARK-2: the slot is the parker's again.
            drop(self.waker.with_mut(|slot| unsafe { (*slot).take() }));
        } else {
            // Idle, or a notifier is between two instructions.
            // Partner: RETURN_SLOT in `notify_slow`. INV-PARK-2.
            let mut looks = 0;
            while self.state.load(REGAIN_SLOT) != self.fenced | IDLE {
                back_off(looks);
                looks += 1;
            }
        }
    }
}

/// Whether a waker was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parked {
    /// It will be woken.
    Yes,
    /// There is no need to.
    No,
}
