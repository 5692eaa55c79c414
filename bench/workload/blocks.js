// Pooled blocks of doubles for the bulk cases. The pool as a whole is one rising sequence, sent round and round,
// so the producer does no work but handing blocks over and the consumer can still check every element.

/** Blocks in the pool: a power of two. */
export const BLOCKS = 64;

/** @param {number} length */
export function makeBlocks(length) {
  return Array.from({ length: BLOCKS }, (_, k) => Float64Array.from({ length }, (_, j) => k * length + j));
}
