//! The process's table of handles: where the number that JavaScript has for one leads.
//!
//! A number is a slot and a generation: it stands for one handle and never for a later one in the same slot. Slots
//! are never freed, so a number that is stale, of another thread or made up leads to memory that is there, and to
//! an answer.
//!
//! A slot is taken by a thread, used by that thread only, and given back when nothing in its environment can call
//! for it any more.

use std::cell::UnsafeCell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::control::Control;
use crate::side::Port;
use crate::thread;

/// Slots that are made at a time.
const CHUNK: usize = 256;
const CHUNKS: usize = 4096;
/// Handles that a process can have at once.
pub(crate) const MOST: usize = CHUNK * CHUNKS;

/// Generations that a slot has: with 32 bits of an index they stay below [`WHOLE`]. Then it is retired.
const GENERATIONS: u32 = 1 << 20;

/// Added to an integer below it, 2^52 makes a double whose lowest bits are that integer.
const WHOLE: f64 = (1u64 << 52) as f64;

/// A handle in an environment, as its crossings need it. `R` is what else belongs to it.
#[derive(Debug)]
pub(crate) struct Tenant<R> {
    pub(crate) port: Port,
    /// Objects of JavaScript that can call for this slot.
    pub(crate) users: u32,
    pub(crate) rest: R,
}

/// A place for one handle at a time.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Slot<R: 'static> {
    /// The control block. JavaScript sees it, so it counts among the users of the slot.
    pub(crate) control: Control,
    tenant: UnsafeCell<Option<Tenant<R>>>,
    /// The thread that uses the slot, 0 for none.
    owner: AtomicUsize,
    generation: AtomicU32,
    /// What JavaScript has for the handle that is here, as bits.
    number: AtomicU64,
    index: u32,
    /// Crossings by the express lane, of all tenants. Written by the thread that has the slot.
    hits: AtomicU64,
}

// SAFETY: INV-NODE-12: the cell is used by the thread that has taken the slot; it changes hands through the table's
// lock. The rest is atomic or never changes.
unsafe impl<R> Sync for Slot<R> {}

/// Where a process keeps its slots.
#[derive(Debug)]
pub(crate) struct Table<R: 'static> {
    chunks: [AtomicPtr<[Slot<R>; CHUNK]>; CHUNKS],
    vacant: Mutex<Vacant<R>>,
}

#[derive(Debug)]
struct Vacant<R: 'static> {
    slots: Vec<&'static Slot<R>>,
    chunks: usize,
}

impl<R: 'static> Table<R> {
    pub(crate) const fn new() -> Self {
        Self {
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
            vacant: Mutex::new(Vacant {
                slots: Vec::new(),
                chunks: 0,
            }),
        }
    }

    fn vacant(&self) -> MutexGuard<'_, Vacant<R>> {
        // A panic cannot leave it half changed.
        self.vacant.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The slot with that index, if there is one.
    #[inline]
    fn at(&self, index: u32) -> Option<&'static Slot<R>> {
        let chunk = self.chunks.get(index as usize / CHUNK)?;
        // Partner: the store in `take`. Acquire: the slots are made.
        let chunk = chunk.load(Ordering::Acquire);
        // SAFETY: INV-NODE-12: null, or leaked in `take` and so valid for ever.
        unsafe { chunk.as_ref() }?.get(index as usize % CHUNK)
    }

    /// The slot that a number of JavaScript stands for, if this thread has it.
    #[inline]
    pub(crate) fn mine(&self, number: f64) -> Option<&'static Slot<R>> {
        // One addition instead of a conversion with its checks. A number that is none of ours leads to some slot, and is
        // not that slot's.
        let index = (number + WHOLE).to_bits() as u32;
        let slot = self.at(index)?;
        // A thread that has a slot wrote both itself, so it sees what it wrote; one that has not sees that the
        // owner is another, or no one. Partner: `take`, `leave`, `disown`, on the same thread.
        let found = slot.owner.load(Ordering::Relaxed) == thread::current()
            && slot.number.load(Ordering::Relaxed) == number.to_bits();
        found.then_some(slot)
    }

    /// The slot with that index, if this thread has it.
    pub(crate) fn mine_at(&self, index: u32) -> Option<&'static Slot<R>> {
        self.at(index)
            .filter(|slot| slot.owner.load(Ordering::Relaxed) == thread::current())
    }

    /// Crossings by the express lane in the process.
    pub(crate) fn hits(&self) -> u64 {
        (0..MOST as u32)
            .map_while(|index| self.at(index))
            // Partner: `hit`, for people who want a recent number and nothing else.
            .map(|slot| slot.hits.load(Ordering::Relaxed))
            .sum()
    }

    /// Takes a slot for this thread and an end whose cursor is at `position`; `None` when a process cannot have
    /// more.
    pub(crate) fn take(&self, tenant: Tenant<R>, position: u64) -> Option<&'static Slot<R>> {
        let slot = {
            let mut vacant = self.vacant();
            if vacant.slots.is_empty() {
                let first = vacant.chunks * CHUNK;
                let place = self.chunks.get(vacant.chunks)?;
                let chunk: &'static [Slot<R>; CHUNK] =
                    Box::leak(Box::new(std::array::from_fn(|i| Slot {
                        control: Control::new(),
                        tenant: UnsafeCell::new(None),
                        owner: AtomicUsize::new(0),
                        // A number is never 0.
                        generation: AtomicU32::new(1),
                        number: AtomicU64::new(0),
                        index: (first + i) as u32,
                        hits: AtomicU64::new(0),
                    })));
                // Partner: `at`. Release: the slots are made.
                place.store(ptr::from_ref(chunk).cast_mut(), Ordering::Release);
                vacant.chunks += 1;
                // The last one is taken first.
                vacant.slots.extend(chunk.iter().rev());
            }
            vacant.slots.pop()?
        };
        slot.control.reset(position);
        // SAFETY: INV-NODE-12: taken out of the list under its lock, so it is this thread's alone.
        unsafe { *slot.tenant.get() = Some(tenant) };
        // Partner: `mine`.
        slot.number
            .store(slot.number().to_bits(), Ordering::Relaxed);
        slot.owner.store(thread::current(), Ordering::Relaxed);
        Some(slot)
    }

    /// Empties a slot for good or for the next one.
    ///
    /// # Safety
    ///
    /// INV-NODE-12: the caller is on the thread that has the slot, and has no borrow of what is in it.
    pub(crate) unsafe fn leave(&self, slot: &'static Slot<R>) {
        slot.disown();
        // SAFETY: INV-NODE-12: the caller's promise.
        drop(unsafe { (*slot.tenant.get()).take() });
        let generation = slot.generation.load(Ordering::Relaxed) + 1;
        slot.generation.store(generation, Ordering::Relaxed);
        // That of no handle. Partner: `mine`.
        slot.number.store(0, Ordering::Relaxed);
        if generation < GENERATIONS {
            self.vacant().slots.push(slot);
        }
    }
}

impl<R> Slot<R> {
    /// Counts a crossing by the express lane. A load and a store: the thread that has the slot is the only one.
    #[inline]
    pub(crate) fn hit(&self) {
        // Partner: `hits`.
        let hits = self.hits.load(Ordering::Relaxed);
        self.hits.store(hits.wrapping_add(1), Ordering::Relaxed);
    }

    /// Index and generation in one exact double.
    pub(crate) fn number(&self) -> f64 {
        let generation = u64::from(self.generation.load(Ordering::Relaxed));
        (generation << 32 | u64::from(self.index)) as f64
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    /// What is in the slot.
    ///
    /// # Safety
    ///
    /// INV-NODE-12: the caller is on the thread that has the slot, and makes no other such borrow while it has this
    /// one; so it calls nothing that could come back here.
    #[inline]
    #[expect(
        clippy::mut_from_ref,
        reason = "the cell is used by one thread, one crossing at a time"
    )]
    pub(crate) unsafe fn tenant(&self) -> Option<&mut Tenant<R>> {
        // SAFETY: INV-NODE-12: the caller's promise.
        unsafe { (*self.tenant.get()).as_mut() }
    }

    /// The thread ends: its number may come again.
    pub(crate) fn disown(&self) {
        // Partner: `mine`, on threads that have another number whatever they see.
        self.owner.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant() -> Tenant<()> {
        Tenant {
            port: Port::Ended,
            users: 1,
            rest: (),
        }
    }

    fn table() -> &'static Table<()> {
        Box::leak(Box::new(Table::new()))
    }

    // INV-NODE-12
    #[test]
    fn a_number_leads_to_its_slot_and_to_no_later_tenant() {
        let table = table();
        let slot = table.take(tenant(), 8).unwrap();
        let number = slot.number();
        assert!(ptr::eq(table.mine(number).unwrap(), slot));
        // SAFETY: INV-NODE-12: this thread has it, and no borrow.
        unsafe { table.leave(slot) };
        assert!(table.mine(number).is_none());
        let again = table.take(tenant(), 8).unwrap();
        assert!(ptr::eq(again, slot), "a slot that was left is taken again");
        assert_ne!(again.number(), number);
        assert!(table.mine(number).is_none());
        assert!(table.mine(again.number()).is_some());
    }

    // INV-NODE-12
    #[test]
    fn numbers_that_are_made_up_are_refused() {
        let table = table();
        let number = table.take(tenant(), 8).unwrap().number();
        let forged = [
            0.0,
            -0.0,
            -1.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN_POSITIVE,
            number + 0.5,
            number + 1.0,
            number - 1.0,
            number + 2f64.powi(32),
            number - 2f64.powi(32),
            -number,
            2f64.powi(52),
            number + 2f64.powi(52),
            2f64.powi(53),
            2f64.powi(64),
            MOST as f64 + 2f64.powi(32),
            f64::from(u32::MAX),
        ];
        for forged in forged {
            assert!(table.mine(forged).is_none(), "{forged}");
        }
        assert!(table.mine_at(u32::MAX).is_none());
        assert!(table.mine_at(1).is_none(), "nobody has taken it");
        assert!(table.mine_at(0).is_some());
    }

    // INV-NODE-12
    #[test]
    fn another_thread_gets_no_slot_of_this_one() {
        let table = table();
        let slot = table.take(tenant(), 8).unwrap();
        let number = slot.number();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert!(table.mine(number).is_none());
                assert!(table.mine_at(0).is_none());
                let own = table.take(tenant(), 8).unwrap().number();
                assert!(table.mine(own).is_some());
            });
        });
        assert!(table.mine(number + 1.0).is_none(), "the other thread's");
        slot.disown();
        assert!(table.mine(number).is_none());
    }

    // INV-NODE-12
    #[test]
    fn a_slot_whose_generations_are_used_up_is_retired() {
        let table = table();
        let slot = table.take(tenant(), 8).unwrap();
        // SAFETY: INV-NODE-12: this thread has it, and no borrow.
        unsafe { table.leave(slot) };
        slot.generation.store(GENERATIONS - 1, Ordering::Relaxed);
        assert!(ptr::eq(table.take(tenant(), 0).unwrap(), slot));
        let last = slot.number();
        assert!(last < WHOLE);
        assert!(table.mine(last).is_some());
        // SAFETY: INV-NODE-12: this thread has it, and no borrow.
        unsafe { table.leave(slot) };
        assert!(table.mine(last).is_none());
        for _ in 0..2 * CHUNK {
            assert!(!ptr::eq(table.take(tenant(), 8).unwrap(), slot));
        }
    }
}
