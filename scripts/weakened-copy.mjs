// Copies of the workspace in which one memory ordering is wrong. The shipped source knows nothing of it.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './package-bin.mjs'
import { patchedCopy } from './patched-copy.mjs'

const ordering = 'crates/crosscore/src/ordering.rs'
const modelled = 'crates/crosscore/src/sync/modelled.rs'

/** A copy with `weaken` (SITE=Ordering) on every architecture; returns its path. */
export function weakenedCopy(weaken) {
  const [site, to] = weaken.split('=')
  const source = readFileSync(path.join(root, ordering), 'utf8')
  const [line] = source.match(new RegExp(`^    ${site} = [^;]+;`, 'm')) ?? []
  if (line === undefined) throw new Error(`ordering.rs has no site ${site}`)
  return patchedCopy(`weakened ${weaken}`, [[ordering, line, `    ${site} = ${to};`]])
}

/**
 * A copy whose Loom models take one weaker ordering from CROSSCORE_WEAKEN=SITE=Ordering in their environment, so that
 * one build serves for all of them. `Relaxed` stands for no fence at all.
 */
export function copyToBeWeakenedUnderLoom() {
  return patchedCopy('weakened under Loom', [
    [ordering, 'Site = sites!(@pick $ordering $(, $aarch64)?);', 'Site = Site(stringify!($name), sites!(@pick $ordering $(, $aarch64)?));'],
    [modelled, 'pub(crate) use std::sync::atomic::Ordering as Site;', namedSite],
    [modelled, 'pub(crate) use loom::sync::atomic::fence;', fenceOfASite],
    [modelled, 'self.0.load(site)', 'self.0.load(site.ordering())'],
    [modelled, 'self.0.store(value, site)', 'self.0.store(value, site.ordering())'],
    [modelled, 'self.0.fetch_or(value, site)', 'self.0.fetch_or(value, site.ordering())'],
    [modelled, 'compare_exchange(current, new, success, failure)', 'compare_exchange(current, new, success.ordering(), failure.ordering())'],
  ])
}

const namedSite = `#[derive(Clone, Copy, Debug)]
pub(crate) struct Site(pub(crate) &'static str, pub(crate) std::sync::atomic::Ordering);

impl Site {
    fn ordering(self) -> std::sync::atomic::Ordering {
        use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
        static WISH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let wish = WISH.get_or_init(|| std::env::var("CROSSCORE_WEAKEN").unwrap_or_default());
        match wish.split_once('=') {
            Some((name, to)) if name == self.0 => [Relaxed, Acquire, Release, AcqRel]
                .into_iter()
                .find(|ordering| format!("{ordering:?}") == to)
                .expect("CROSSCORE_WEAKEN is SITE=Ordering"),
            _ => self.1,
        }
    }
}`

const fenceOfASite = `pub(crate) fn fence(site: Site) {
    match site.ordering() {
        std::sync::atomic::Ordering::Relaxed => {}
        ordering => loom::sync::atomic::fence(ordering),
    }
}`
