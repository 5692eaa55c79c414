//! Elements handed to a function, one by one, and their slots given back together.

use core::convert::Infallible;
use core::ops::ControlFlow;

use crate::alloc::BufferAllocator;
use crate::consumer::Consumer;
use crate::cursors::{Cursors, Grant};

/// Gives slots back when dropped: after the work, or when the work panics.
pub(crate) struct Release<'a> {
    pub(crate) cursors: &'a Cursors,
    /// The consumer's.
    pub(crate) own: &'a mut u64,
    /// The position after the last element that was taken.
    pub(crate) head: u64,
}

impl Drop for Release<'_> {
    // Otherwise `head` would be counted in memory, for each element.
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: INV-SW-2: whoever made this guard holds the consumer mutably. INV-DROP-1 and
        // INV-DROP-2: `head` was moved past an element before that element was handed on.
        unsafe { self.cursors.publish_head(self.own, self.head) };
    }
}

impl<T, A: BufferAllocator> Consumer<T, A> {
    /// Moves up to `max` elements out, in order, each into a call of `f`; returns how many.
    ///
    /// Fewer than `max` can be taken although there are more: it looks at the producer's cursor only
    /// when it knows of no element. 0 means that there was none.
    ///
    /// The slots are given back together, at the end. If `f` panics, the element it was given is
    /// gone with the panic; those before it were taken, those after it stay.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push_slice(&[1, 2, 3]);
    /// let mut seen = Vec::new();
    /// assert_eq!(consumer.drain(2, |n| seen.push(n)), 2);
    /// assert_eq!(seen, [1, 2]);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn drain(&mut self, max: usize, mut f: impl FnMut(T)) -> usize {
        let ControlFlow::Continue(taken) = self.try_drain(max, |element| {
            f(element);
            ControlFlow::<Infallible>::Continue(())
        });
        taken
    }

    /// As [`drain`](Self::drain), until `f` says [`Break`](ControlFlow::Break): the element it was given
    /// is taken, those after it stay.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push_slice(&[1, 2, 3, 4]);
    /// let found = consumer.try_drain(usize::MAX, |n| match n {
    ///     2 => ControlFlow::Break("two"),
    ///     _ => ControlFlow::Continue(()),
    /// });
    /// assert_eq!(found, ControlFlow::Break("two"));
    /// assert_eq!(consumer.pop(), Some(3));
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn try_drain<B>(
        &mut self,
        max: usize,
        mut f: impl FnMut(T) -> ControlFlow<B>,
    ) -> ControlFlow<B, usize> {
        self.drain_slots(max, |slot| {
            // SAFETY: INV-INIT-1 and INV-DROP-1: `drain_slots` hands out each initialised slot
            // once and counts it as taken first.
            f(unsafe { slot.read() })
        })
    }

    /// Shows up to `max` elements to `f`, in order and in place, and drops each after its call;
    /// returns how many.
    ///
    /// How many are taken, and what happens to the slots, is as in [`drain`](Self::drain).
    ///
    /// If `f` panics, the element it was shown is dropped; those before it were taken, those after
    /// it stay.
    ///
    /// ```
    /// let (mut producer, mut consumer) = crosscore::Ring::with_capacity(8)?;
    /// producer.push([0u8; 256]).unwrap();
    /// let mut bytes = 0;
    /// consumer.drain_ref(usize::MAX, |block| bytes += block.len());
    /// assert_eq!(bytes, 256);
    /// # Ok::<(), crosscore::RingError>(())
    /// ```
    #[inline]
    pub fn drain_ref(&mut self, max: usize, mut f: impl FnMut(&T)) -> usize {
        /// Drops the element where it lies, also when `f` panics.
        struct DropInPlace<T>(*mut T);
        impl<T> Drop for DropInPlace<T> {
            fn drop(&mut self) {
                // SAFETY: INV-DROP-1: `drain_slots` hands out each initialised slot once and
                // counts it as taken first; the reference given to `f` is gone (INV-ALIAS-2).
                unsafe { self.0.drop_in_place() };
            }
        }
        let ControlFlow::Continue(taken) = self.drain_slots(max, |slot| {
            let element = DropInPlace(slot);
            // SAFETY: INV-INIT-1: the slot is initialised and the consumer's until it is released
            // at the end of the drain.
            f(unsafe { &*element.0 });
            ControlFlow::<Infallible>::Continue(())
        });
        taken
    }

    /// Hands up to `max` slots to `f`, each once and counted as taken before the call, so that a
    /// panic neither repeats nor loses another one. `f` must move out or drop the element.
    #[inline]
    fn drain_slots<B>(
        &mut self,
        max: usize,
        mut f: impl FnMut(*mut T) -> ControlFlow<B>,
    ) -> ControlFlow<B, usize> {
        let ring = &*self.ring;
        let slots = ring.cursors().consumers_slots();
        let wanted = (max as u64).min(slots.capacity());
        // At least one, but not all of `max`: to look again on each drain only because fewer than
        // `max` are known would pull the producer's line without need.
        // SAFETY: INV-SW-2: `&mut self` on the only consumer.
        let grant = unsafe { ring.cursors().claim_available(self.head, wanted.min(1)) };
        let count = grant.count.min(wanted);
        if count == 0 {
            return ControlFlow::Continue(0);
        }
        let mut release = Release {
            cursors: ring.cursors(),
            own: &mut self.head,
            head: grant.position,
        };
        let mut left = count;
        while left > 0 {
            // By runs, so that the mask is applied once for each and not once for each element.
            let run = slots.contiguous(Grant {
                position: release.head,
                count: left,
            });
            let first = ring.consumers_slot(release.head);
            for index in 0..run {
                ring.shadow().reads(release.head, 1);
                release.head = release.head.wrapping_add(1);
                // SAFETY: INV-MEM-2: the run is contiguous from `first` on.
                f(unsafe { first.add(index) })?;
            }
            left -= run as u64;
        }
        ControlFlow::Continue(count as usize)
    }
}
