// Pages of the site that are kept elsewhere in the repository. scripts/site.mjs copies them into site/; their links are
// turned to the site's own pages or into the repository.

/** Page of site/: where it is kept. */
export const COPIED = {
  'native-sources.md': 'docs/NATIVE.md',
  'runtimes.md': 'docs/COMPATIBILITY.md',
  'platforms.md': 'docs/PLATFORMS.md',
  'soundness.md': 'docs/SOUNDNESS.md',
  'performance.md': 'docs/PERFORMANCE.md',
  'orderings.md': 'docs/ORDERINGS.md',
  'matrix.md': 'docs/MATRIX.md',
}
