//! Elements that account for themselves: each has a number, and its ledger knows how often it was
//! dropped.

#![allow(
    dead_code,
    reason = "each test file is a crate of its own and uses some of this"
)]

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct Entries {
    /// The number of drops of each element.
    drops: Vec<u32>,
    order: Vec<usize>,
    bombs: HashSet<usize>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger(Arc<Mutex<Entries>>);

#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) number: usize,
    ledger: Ledger,
}

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        // The panics that these tests provoke poison the lock and leave the entries sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new element, numbered from 0 on.
    pub(crate) fn element(&self) -> Element {
        let mut entries = self.entries();
        let number = entries.drops.len();
        entries.drops.push(0);
        drop(entries);
        Element {
            number,
            ledger: self.clone(),
        }
    }

    pub(crate) fn elements(&self, count: usize) -> impl Iterator<Item = Element> {
        (0..count).map(|_| self.element())
    }

    /// The destructor of this element will panic.
    pub(crate) fn arm(&self, number: usize) {
        self.entries().bombs.insert(number);
    }

    /// The numbers of the elements that were dropped, in the order in which it happened.
    pub(crate) fn dropped(&self) -> Vec<usize> {
        self.entries().order.clone()
    }

    /// How many elements were made and not dropped.
    pub(crate) fn alive(&self) -> usize {
        self.entries().drops.iter().filter(|&&n| n == 0).count()
    }

    #[track_caller]
    pub(crate) fn assert_each_dropped_once(&self) {
        let drops = self.entries().drops.clone();
        assert!(drops.iter().all(|&n| n == 1), "drops by element: {drops:?}");
    }
}

impl Drop for Element {
    fn drop(&mut self) {
        let mut entries = self.ledger.entries();
        entries.drops[self.number] += 1;
        entries.order.push(self.number);
        let armed = entries.bombs.contains(&self.number);
        drop(entries);
        if armed {
            panic!("the destructor of element {} panics", self.number);
        }
    }
}
