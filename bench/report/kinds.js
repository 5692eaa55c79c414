// Who is who in charts and tables. The honest opponents are what a reader could write in JavaScript with the same
// knowledge; they stand beside the flattering ones everywhere.

import { isOurs } from '../harness/ours.js';

/** @typedef {'ours' | 'honest' | 'library' | 'node'} Kind */

/** @type {Record<Kind, string>} */
export const KINDS = {
  ours: 'crosscore',
  honest: 'written by hand in JavaScript',
  library: 'libraries',
  node: "Node's own",
};

/**
 * @param {string} system
 * @returns {Kind}
 */
export function kindOf(system) {
  if (isOurs(system)) return 'ours';
  if (/^(?:ringbuf\.js|thread-stream)/.test(system)) return 'library';
  if (/ring|^packed transfer|^Atomics|^copy into Shared/.test(system)) return 'honest';
  return 'node';
}
