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

use core::task::{RawWakerVTable, Waker};

use super::handshake::{self, Handshake};
use super::spin::back_off;
use crate::ordering::{
    CHECK_PARKED, NOTICE_WOKEN, PARK, REGAIN_SLOT, RETRACT, RETURN_SLOT, SWITCH_TO_FENCES,
    TAKE_WAKER,
};
use crate::sync::{AtomicU32, UnsafeCell};

const IDLE: u32 = 0;
const PARKED: u32 = 1;
const NOTIFYING: u32 = 2;
/// Set by the parker only and never cleared: publishers have to fence before they can believe the rest.
const MUST_FENCE: u32 = 4;

/// Where one side leaves its waker for the other.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct WakerSlot {
    waker: UnsafeCell<Option<Waker>>,
    parker: UnsafeCell<Parker>,
    barrier: Handshake,
    /// Last, beside what its owner has on the same line.
    state: AtomicU32,
}

/// What the parker remembers; nobody else touches it.
#[derive(Clone, Copy, Debug)]
struct Parker {
    /// `MUST_FENCE` or 0, as it is in every value of `state`.
    fenced: u32,
    left: Identity,
}

/// Which waker was left, without a share in it: [`Waker::will_wake`] for one that may be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    data: *const (),
    vtable: *const RawWakerVTable,
}

impl Identity {
    const NOBODY: Self = Self {
        data: core::ptr::null(),
        vtable: core::ptr::null(),
    };

    fn of(waker: &Waker) -> Self {
        Self {
            data: waker.data(),
            vtable: waker.vtable(),
        }
    }
}

impl WakerSlot {
    /// Where in it the state is, in bytes.
    #[cfg(not(loom))]
    pub(crate) const STATE_AT: usize = core::mem::offset_of!(Self, state);

    pub(crate) fn new(barrier: Handshake) -> Self {
        let fenced = if barrier.publisher_fences() {
            MUST_FENCE
        } else {
            0
        };
        Self {
            waker: UnsafeCell::new(None),
            parker: UnsafeCell::new(Parker {
                fenced,
                left: Identity::NOBODY,
            }),
            barrier,
            state: AtomicU32::new(fenced | IDLE),
        }
    }

    pub(crate) fn barrier(&self) -> Handshake {
        self.barrier
    }

    /// The publisher, after a publication: wakes the other side if it is parked.
    ///
    /// One load and one branch where nobody is parked and no fence is needed.
    #[inline(always)]
    pub(crate) fn notify(&self) {
        handshake::light();
        // Partner: PARK in `park`, through the barriers. INV-PARK-1.
        if self.state.load(CHECK_PARKED) != IDLE {
            self.notify_slow();
        }
    }

    #[cold]
    #[inline(never)]
    fn notify_slow(&self) {
        if self.barrier.publisher_fences() {
            handshake::publisher_fence();
        }
        // P2 again, behind the fence this time; a plain load before the locked instruction below.
        let mut seen = self.state.load(CHECK_PARKED);
        if seen & MUST_FENCE != 0 && !self.barrier.publisher_fences() {
            // The parker has switched this slot.
            handshake::publisher_fence();
            seen = self.state.load(CHECK_PARKED);
        }
        loop {
            if seen & !MUST_FENCE != PARKED {
                return;
            }
            // Partner: PARK in `park`. INV-PARK-2. The failure reads nothing that matters.
            let claimed = self.state.compare_exchange(
                seen,
                seen & MUST_FENCE | NOTIFYING,
                TAKE_WAKER,
                RETRACT,
            );
            match claimed {
                Ok(_) => break,
                // Taken back; or still there, and publishers have to fence from now on.
                Err(now) => seen = now,
            }
        }
        // SAFETY: INV-PARK-2: in NOTIFYING the slot is the notifier's, and it is this thread that
        // made it so.
        let waker = self.waker.with_mut(|slot| unsafe { (*slot).take() });
        // Partner: REGAIN_SLOT in `retract`. INV-PARK-2.
        self.state.store(seen & MUST_FENCE | IDLE, RETURN_SLOT);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The parker, which has looked in vain: leaves `waker`, then looks once more. `None` means that the waker
    /// will be woken by the next publication or close; if there is something, the waker is taken back.
    ///
    /// If `waker` is there already there is nothing to do, and no barrier to pay for: a publication whose P2
    /// came before the barrier behind that W1 was visible to every look since, and a later one takes the waker.
    ///
    /// # Safety
    ///
    /// INV-PARK-2: the caller is the one side that parks on this slot.
    #[inline]
    pub(crate) unsafe fn park<R>(
        &self,
        waker: &Waker,
        look: impl FnOnce() -> Option<R>,
    ) -> Option<R> {
        // SAFETY: INV-PARK-2: the parker's own.
        let left = self.parker.with(|parker| unsafe { (*parker).left });
        // While it is parked the slot holds the waker that was left, so no other one can have its address. Asked first: the
        // rest then depends on no address that was used again, which Loom would take for chance.
        if self.is_parked() && left == Identity::of(waker) {
            return None;
        }
        // SAFETY: INV-PARK-2: passed on.
        unsafe { self.leave(waker, look) }
    }

    /// The rest of [`park`](Self::park): the waker is not there yet, or no longer.
    ///
    /// # Safety
    ///
    /// INV-PARK-2: the caller is the one side that parks on this slot.
    unsafe fn leave<R>(&self, waker: &Waker, look: impl FnOnce() -> Option<R>) -> Option<R> {
        let identity = Identity::of(waker);
        // SAFETY: INV-PARK-2: the parker's own.
        let fenced = self.parker.with(|parker| unsafe { (*parker).fenced });
        // SAFETY: INV-PARK-2: passed on. One may be parked already, with an older waker.
        unsafe { self.retract() };
        let waker = waker.clone();
        // SAFETY: INV-PARK-2: the slot is idle and so the parker's, and empty: whoever made it idle took the waker.
        self.waker.with_mut(|slot| unsafe { *slot = Some(waker) });
        self.parker.with_mut(|parker| {
            // SAFETY: INV-PARK-2: the parker's own.
            unsafe { (*parker).left = identity };
        });
        // W1. Partner: TAKE_WAKER (INV-PARK-2) and, through the barriers, CHECK_PARKED (INV-PARK-1).
        self.state.store(fenced | PARKED, PARK);
        if fenced != 0 {
            handshake::parker_fence();
        } else if !self.barrier.heavy() {
            // SAFETY: INV-PARK-2: passed on.
            unsafe { self.switch_to_fences() };
        }
        // W2.
        let found = look();
        if found.is_some() {
            // SAFETY: INV-PARK-2: passed on.
            unsafe { self.retract() };
        }
        found
    }

    /// The parker, to whom the system has refused the barrier: publishers have to fence from now on.
    ///
    /// A publisher whose P2 came before this mark could be seen has not fenced. Its P1 is in its store buffer,
    /// and the pause gives that a thousand times the time that it takes to drain before W2 looks. That is an
    /// argument about hardware and no proof, and so a blocked thread looks again now and then
    /// ([`is_certain`](Self::is_certain)). It is about one moment in the life of a ring.
    ///
    /// # Safety
    ///
    /// INV-PARK-2: the caller is the one side that parks on this slot.
    #[cold]
    unsafe fn switch_to_fences(&self) {
        // Partner: none, see SWITCH_TO_FENCES. INV-PARK-2: the waker stays where it is.
        let marked =
            self.state
                .compare_exchange(PARKED, MUST_FENCE | PARKED, SWITCH_TO_FENCES, RETRACT);
        // If it fails the waker is being woken. The next park comes here again.
        if marked.is_ok() {
            self.parker.with_mut(|parker| {
                // SAFETY: INV-PARK-2: the parker's own.
                unsafe { (*parker).fenced = MUST_FENCE };
            });
            handshake::parker_fence();
            handshake::pause_for_store_buffers();
        }
    }

    /// Whether the waker that was left is still there: nobody has woken it yet.
    #[inline]
    pub(crate) fn is_parked(&self) -> bool {
        // Partner: none, see NOTICE_WOKEN.
        self.state.load(NOTICE_WOKEN) & !MUST_FENCE == PARKED
    }

    /// The parker: whether nothing but arguments about memory models is behind "it will be woken".
    ///
    /// # Safety
    ///
    /// INV-PARK-2: the caller is the one side that parks on this slot.
    pub(crate) unsafe fn is_certain(&self) -> bool {
        // SAFETY: INV-PARK-2: the parker's own.
        let fenced = self.parker.with(|parker| unsafe { (*parker).fenced }) != 0;
        fenced == self.barrier.publisher_fences()
    }

    /// The parker: makes the slot its own again, taking the waker back if nobody has taken it.
    ///
    /// # Safety
    ///
    /// INV-PARK-2: the caller is the one side that parks on this slot.
    pub(crate) unsafe fn retract(&self) {
        // SAFETY: INV-PARK-2: the parker's own.
        let fenced = self.parker.with(|parker| unsafe { (*parker).fenced });
        let retracted =
            self.state
                .compare_exchange(fenced | PARKED, fenced | IDLE, RETRACT, RETRACT);
        if retracted.is_ok() {
            // SAFETY: INV-PARK-2: the slot is the parker's again.
            drop(self.waker.with_mut(|slot| unsafe { (*slot).take() }));
        } else {
            // Idle, or a notifier is between two instructions.
            // Partner: RETURN_SLOT in `notify_slow`. INV-PARK-2.
            let mut looks = 0;
            while self.state.load(REGAIN_SLOT) != fenced | IDLE {
                back_off(looks);
                looks += 1;
            }
        }
    }
}

#[cfg(all(test, feature = "std", not(loom)))]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::task::Wake;

    use super::*;

    /// How often its waker was woken.
    #[derive(Default)]
    struct Count(Mutex<u32>);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            *self.0.lock().unwrap() += 1;
        }
    }

    impl Count {
        fn woken(&self) -> u32 {
            *self.0.lock().unwrap()
        }
    }

    /// A waker like no other, and its count.
    fn counted() -> (Waker, Arc<Count>) {
        let count = Arc::<Count>::default();
        (Waker::from(Arc::clone(&count)), count)
    }

    /// Looks behind the barrier, which is how one sees that there was one.
    fn looks_of(slot: &WakerSlot, waker: &Waker) -> u32 {
        let mut looks = 0;
        // SAFETY: INV-PARK-2: there is one thread.
        let found = unsafe {
            slot.park(waker, || {
                looks += 1;
                None::<()>
            })
        };
        assert_eq!(found, None);
        looks
    }

    // INV-PARK-1, INV-PARK-2
    #[test]
    fn the_same_waker_is_left_once_and_pays_for_one_barrier() {
        let ((first, woken), (second, never_woken)) = (counted(), counted());
        let slot = WakerSlot::new(Handshake::in_use());
        assert_eq!(looks_of(&slot, &first), 1);
        assert_eq!(looks_of(&slot, &first), 0);
        assert_eq!(looks_of(&slot, &first.clone()), 0);
        assert_eq!(looks_of(&slot, &second), 1);
        assert_eq!(looks_of(&slot, &first), 1);
        slot.notify();
        assert_eq!(looks_of(&slot, &first), 1, "it was taken");
        // SAFETY: INV-PARK-2: there is one thread.
        unsafe { slot.retract() };
        assert_eq!(looks_of(&slot, &first), 1, "it was taken back");
        assert_eq!((woken.woken(), never_woken.woken()), (1, 0));
    }

    // INV-PARK-1, INV-PARK-2: what a refusal leaves behind works like a ring that fences from the start.
    #[test]
    fn a_slot_that_was_switched_to_fences_still_wakes() {
        let (waker, count) = counted();
        let slot = WakerSlot::new(Handshake::Accesses);
        assert_eq!(looks_of(&slot, &waker), 1);
        // SAFETY: INV-PARK-2: there is one thread.
        unsafe {
            assert!(slot.is_certain());
            slot.switch_to_fences();
            assert!(!slot.is_certain());
        }
        assert!(slot.is_parked());
        slot.notify();
        assert!(!slot.is_parked());
        assert_eq!(count.woken(), 1);
        assert_eq!(looks_of(&slot, &waker), 1);
        assert_eq!(looks_of(&slot, &waker), 0);
        // SAFETY: INV-PARK-2: there is one thread.
        unsafe { slot.retract() };
        assert!(!slot.is_parked());
    }
}
