//! The seam under Loom: its types, orderings that an audit can weaken, and a shadow of the slots.

use std::sync::atomic::Ordering;

pub(crate) use loom::cell::UnsafeCell;
pub(crate) use loom::sync::Arc;
pub(crate) use loom::thread;

/// A named place in the algorithm where an ordering is chosen.
///
/// `CROSSCORE_WEAKEN=NAME=ordering` in the environment replaces the ordering of the site `NAME`
/// for this process, so that one build of the Loom tests serves to show of each site in turn that
/// the tests notice when it is weaker. It exists under Loom only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    name: &'static str,
    ordering: Ordering,
}

impl Site {
    pub(crate) const fn new(name: &'static str, ordering: Ordering) -> Self {
        Self { name, ordering }
    }

    fn ordering(self) -> Ordering {
        weakened()
            .as_ref()
            .filter(|(name, _)| name == self.name)
            .map_or(self.ordering, |&(_, ordering)| ordering)
    }
}

/// The site and ordering that `CROSSCORE_WEAKEN` names, read once.
fn weakened() -> &'static Option<(String, Ordering)> {
    static WEAKENED: std::sync::OnceLock<Option<(String, Ordering)>> = std::sync::OnceLock::new();
    WEAKENED.get_or_init(|| {
        let wish = std::env::var("CROSSCORE_WEAKEN").ok()?;
        let (name, ordering) = wish
            .split_once('=')
            .expect("CROSSCORE_WEAKEN is NAME=ordering");
        assert!(
            crate::ordering::SITES.iter().any(|(site, _)| *site == name),
            "CROSSCORE_WEAKEN names no site: {name}"
        );
        let ordering = match ordering {
            "Relaxed" => Ordering::Relaxed,
            "Acquire" => Ordering::Acquire,
            "Release" => Ordering::Release,
            "AcqRel" => Ordering::AcqRel,
            other => panic!("CROSSCORE_WEAKEN: no such ordering: {other}"),
        };
        Some((name.to_owned(), ordering))
    })
}

macro_rules! modelled_atomic {
    ($name:ident, $value:ty) => {
        /// Loom's atomic, addressed by sites.
        #[derive(Debug)]
        pub(crate) struct $name(loom::sync::atomic::$name);

        impl $name {
            pub(crate) fn new(value: $value) -> Self {
                Self(loom::sync::atomic::$name::new(value))
            }

            pub(crate) fn load(&self, site: Site) -> $value {
                self.0.load(site.ordering())
            }

            #[allow(dead_code, reason = "each atomic uses some of the operations")]
            pub(crate) fn store(&self, value: $value, site: Site) {
                self.0.store(value, site.ordering());
            }

            #[allow(dead_code, reason = "each atomic uses some of the operations")]
            pub(crate) fn fetch_or(&self, value: $value, site: Site) -> $value {
                self.0.fetch_or(value, site.ordering())
            }

            #[allow(dead_code, reason = "each atomic uses some of the operations")]
            pub(crate) fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Site,
                failure: Site,
            ) -> Result<$value, $value> {
                self.0
                    .compare_exchange(current, new, success.ordering(), failure.ordering())
            }
        }
    };
}

modelled_atomic!(AtomicU32, u32);
modelled_atomic!(AtomicU64, u64);

/// Loom's fence, addressed by a site. `Relaxed` stands for no fence at all.
pub(crate) fn fence(site: Site) {
    match site.ordering() {
        Ordering::Relaxed => {}
        ordering => loom::sync::atomic::fence(ordering),
    }
}

/// Loom does not reorder what a compiler would.
pub(crate) fn compiler_fence(_site: Site) {}

/// One Loom cell for each slot: a touch that no happens-before edge orders makes the model fail.
#[derive(Debug)]
pub(crate) struct SlotShadow(Box<[UnsafeCell<()>]>);

impl SlotShadow {
    pub(crate) fn new(capacity: usize) -> Self {
        Self((0..capacity).map(|_| UnsafeCell::new(())).collect())
    }

    fn slot(&self, position: u64) -> &UnsafeCell<()> {
        &self.0[position as usize & (self.0.len() - 1)]
    }

    pub(crate) fn reads(&self, position: u64, count: usize) {
        (0..count as u64).for_each(|i| self.slot(position.wrapping_add(i)).with(|_| ()));
    }

    pub(crate) fn writes(&self, position: u64, count: usize) {
        (0..count as u64).for_each(|i| self.slot(position.wrapping_add(i)).with_mut(|_| ()));
    }
}
