// Pooled blocks of doubles for the bulk cases. The pool as a whole is one rising sequence, sent round and round,
// so the producer does no work but handing blocks over and the consumer can still check every element.

import { lost } from './sequence.js';

/** Blocks in the pool: a power of two. */
const BLOCKS = 64;

/** @param {number} length */
function makeBlocks(length) {
  return Array.from({ length: BLOCKS }, (_, k) => Float64Array.from({ length }, (_, j) => k * length + j));
}

/** @param {{ block: number }} params */
export function blocks({ block }) {
  const pool = makeBlocks(block);
  return (/** @type {number} */ seq) => pool[seq % BLOCKS];
}

/**
 * Checks a stretch of the sequence of all blocks, of any length.
 *
 * @param {{ block: number }} params
 * @returns {(elements: Float64Array, start: number, end: number, at: number) => void} `at`: elements before the stretch
 */
export function checkStretches({ block }) {
  const period = BLOCKS * block;
  return (elements, start, end, at) => {
    let expected = at % period;
    for (let i = start; i < end; i++) {
      if (elements[i] !== expected) lost(expected, elements[i]);
      expected++;
      if (expected === period) expected = 0;
    }
  };
}
