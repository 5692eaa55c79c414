//! Orderings that a checker has made wrong, to show that it notices. Outside of Loom, whose seam has
//! its own way at run time (`modelled.rs`).

use core::sync::atomic::Ordering;

/// The ordering of the site `name`: what `ordering.rs` chose.
#[cfg(not(crosscore_weaken))]
pub(crate) const fn unless_weakened(_name: &str, chosen: Ordering) -> Ordering {
    chosen
}

/// The ordering of the site `name`: what `ordering.rs` chose, or what `CROSSCORE_WEAKEN=NAME=ordering`
/// in the environment of the build says instead. Only with `--cfg crosscore_weaken`, which no build
/// that is shipped has: for `scripts/test-tsan.mjs` and `scripts/test-codegen.mjs`.
#[cfg(crosscore_weaken)]
pub(crate) const fn unless_weakened(name: &str, chosen: Ordering) -> Ordering {
    let (name, wish) = (name.as_bytes(), env!("CROSSCORE_WEAKEN").as_bytes());
    if wish.len() <= name.len() || wish[name.len()] != b'=' {
        return chosen;
    }
    let (site, ordering) = wish.split_at(name.len());
    let mut at = 0;
    while at < name.len() {
        if site[at] != name[at] {
            return chosen;
        }
        at += 1;
    }
    match ordering {
        b"=Relaxed" => Ordering::Relaxed,
        b"=Acquire" => Ordering::Acquire,
        b"=Release" => Ordering::Release,
        b"=AcqRel" => Ordering::AcqRel,
        b"=SeqCst" => Ordering::SeqCst,
        _ => panic!("CROSSCORE_WEAKEN: no such ordering"),
    }
}
