//! What a loop does for handles that wait, before it sleeps: it looks whether what they wait for is there, for a while if
//! that is worth it, and leaves the wakers of those for whom it is not.

use super::{Listener, Lobby};
use crate::control::Control;
use crate::handle::HANDLES;
use crate::side::Side;
use crate::slot::Tenant;

/// What a wait is for, seen from when it began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expectation {
    pub(super) wanted: usize,
    /// Where this side was.
    pub(super) position: u64,
}

impl Expectation {
    /// Whether it is worth a look of JavaScript's. How much that is may depend on where this side is (`flushed()`), so it is
    /// asked anew when this side has gone on.
    fn is_met(self, side: &dyn Side, control: &Control) -> bool {
        side.has(self.wanted) || side.position(control) != self.position
    }
}

impl Lobby {
    /// The loop is about to poll: calls those who have what they expect, or leaves their wakers.
    pub(super) fn attend(&self) {
        self.vigil.borrow_mut().begin();
        while self.attend_once() {}
    }

    /// Whether to do so again before the loop polls.
    fn attend_once(&self) -> bool {
        let Some(eve) = self.eve.get() else {
            return false;
        };
        eve.keep_awake(false);
        let mut expecting = self.expecting.take();
        let mut found = self.taken.take();
        let mut vigil_paid = false;
        self.find(&mut expecting, &mut found);
        if found.is_empty() && !expecting.is_empty() && eve.will_sleep() {
            let is_there = || expecting.iter().any(|&place| self.has(place) == Some(true));
            vigil_paid = self.vigil.borrow_mut().keep(is_there);
            if vigil_paid {
                self.find(&mut expecting, &mut found);
            } else {
                for place in expecting.drain(..) {
                    if !self.leave_waker(place) {
                        found.push(place);
                    }
                }
            }
        }
        let room = self.expecting.replace(expecting);
        debug_assert!(room.is_empty(), "nothing above runs JavaScript");
        self.call_all(found);
        // What was called may have ended the environment.
        let Some(eve) = self.eve.get() else {
            return false;
        };
        if self.expecting.borrow().is_empty() {
            eve.stop();
            return false;
        }
        // Some have not left their wakers, so nothing would wake the loop for them.
        eve.keep_awake(true);
        vigil_paid && self.vigil.borrow().goes_on()
    }

    /// Moves those who have what they expect from one list to the other, and those who expect nothing off the list.
    fn find(&self, expecting: &mut Vec<u32>, found: &mut Vec<u32>) {
        expecting.retain(|&place| {
            let has = self.has(place);
            if has != Some(false) {
                self.unlist(place);
            }
            if has == Some(true) {
                found.push(place);
            }
            has == Some(false)
        });
    }

    /// Whether what is expected at a place is there; `None` if nothing is.
    fn has(&self, place: u32) -> Option<bool> {
        self.with_guest(place, |side, control, _, expects| {
            expects.is_met(side, control)
        })
    }

    /// Leaves the waker of a guest with the other side; false if what is expected is there now.
    fn leave_waker(&self, place: u32) -> bool {
        let left = self.with_guest(place, |side, control, listener, expects| {
            // A program may have written something else since.
            control.set_wanted(expects.wanted as u32);
            listener.arm(side, control)
        });
        self.unlist(place);
        left.unwrap_or(true)
    }

    fn unlist(&self, place: u32) {
        if let Some(Some(guest)) = self.guests.borrow_mut().get_mut(place as usize) {
            guest.expects = None;
            guest.is_listed = false;
        }
    }

    /// Has `f` use the handle at a place, if it expects something.
    fn with_guest<T>(
        &self,
        place: u32,
        f: impl FnOnce(&mut dyn Side, &Control, &Listener, Expectation) -> T,
    ) -> Option<T> {
        let guest = self
            .guests
            .borrow()
            .get(place as usize)
            .copied()
            .flatten()?;
        let expects = guest.expects?;
        let slot = HANDLES.mine_at(guest.slot)?;
        // SAFETY: INV-NODE-12: `mine_at` has asked for the thread, and what `f` calls does not come back here.
        let Tenant { port, rest, .. } = unsafe { slot.tenant() }?;
        let listener = rest.listener.as_ref().filter(|it| it.place == place)?;
        Some(f(port.side()?, &slot.control, listener, expects))
    }
}
