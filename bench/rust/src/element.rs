//! What goes through the rings: a number, over and over.

use crate::failure::fail;

/// An element of `WORDS` words, which all hold its number in the sequence.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Words<const WORDS: usize>([u64; WORDS]);

impl Words<1> {
    /// The number that it holds.
    #[inline(always)]
    pub fn number(&self) -> u64 {
        self.0[0]
    }
}

/// An element that tells its place in the sequence.
pub trait Element: Copy + Send + Sync + 'static {
    /// The element with this number, all of it written.
    fn numbered(number: u64) -> Self;

    /// Writes the number over the first and the last word only. For blocks that are copied whole,
    /// where it is the copy that is measured.
    fn stamp(&mut self, number: u64);

    /// Ends the process unless this is the element with this number, in every word.
    fn check(&self, number: u64);

    /// As [`check`](Self::check), for what [`stamp`](Self::stamp) has written.
    fn check_stamp(&self, number: u64);
}

impl<const WORDS: usize> Element for Words<WORDS> {
    #[inline(always)]
    fn numbered(number: u64) -> Self {
        Self([number; WORDS])
    }

    #[inline(always)]
    fn stamp(&mut self, number: u64) {
        self.0[0] = number;
        self.0[WORDS - 1] = number;
    }

    #[inline(always)]
    fn check(&self, number: u64) {
        // Without an early end, so that every word is read and the compiler can take several at once.
        let difference = self.0.iter().fold(0, |seen, word| seen | (word ^ number));
        if difference != 0 {
            wrong(number, self.0[0], self.0[WORDS - 1]);
        }
    }

    #[inline(always)]
    fn check_stamp(&self, number: u64) {
        let (first, last) = (self.0[0], self.0[WORDS - 1]);
        if (first ^ number) | (last ^ number) != 0 {
            wrong(number, first, last);
        }
    }
}

/// A lost, repeated, reordered or torn element.
#[cold]
#[inline(never)]
fn wrong(expected: u64, first: u64, last: u64) -> ! {
    fail(&format!(
        "expected element {expected}, found one that begins with {first} and ends with {last}"
    ))
}
