// Every consumer checks every element against the sequence it must see. A ring that loses, repeats or reorders
// one fails its case: a fast wrong answer is not a figure.

/**
 * @param {unknown} expected
 * @param {unknown} got
 * @returns {never}
 */
export function lost(expected, got) {
  throw new Error(`sequence broken: expected ${String(expected)}, got ${String(got)}`);
}
