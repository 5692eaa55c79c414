//! How long something that was in vain is left alone: longer each time, until it has paid.

/// Occasions that are passed over after a try in vain: first, and at most.
const PATIENCE: std::ops::RangeInclusive<u32> = 4..=512;

/// Decides whether to try something that may not pay.
#[derive(Debug, Default)]
pub(crate) struct Restraint {
    /// Occasions to pass over before the next try.
    rest: u32,
    /// How many that will be after the next try in vain.
    next_rest: u32,
}

impl Restraint {
    /// Whether to try; asked once for each occasion.
    #[inline]
    pub(crate) fn allows(&mut self) -> bool {
        if self.rest > 0 {
            self.rest -= 1;
            return false;
        }
        true
    }

    /// What came of a try.
    #[inline]
    pub(crate) fn learn(&mut self, paid: bool) {
        if paid {
            self.next_rest = *PATIENCE.start();
        } else {
            self.rest = self.next_rest.clamp(*PATIENCE.start(), *PATIENCE.end());
            self.next_rest = self.rest * 2;
        }
    }
}
