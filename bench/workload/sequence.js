// Every consumer checks every element against the sequence it must see. A ring that loses, repeats or reorders
// one fails its case: a fast wrong answer is not a figure.

// A workload gives its contenders two kinds of function, which `run` calls once for each element: `(seq) => item`, what a
// producer sends as its seq-th, and `(item, seq) => void`, which throws if that is not what arrived. One contender runs in
// an isolate, so V8 knows one of each and inlines it.

/**
 * @param {unknown} expected
 * @param {unknown} got
 * @returns {never}
 */
export function lost(expected, got) {
  throw new Error(`sequence broken: expected ${String(expected)}, got ${String(got)}`);
}

/** Numbers that are their own place in the sequence. */
export const numbers = () => (/** @type {number} */ seq) => seq;

export const checkNumbers = () => (/** @type {number} */ value, /** @type {number} */ seq) => {
  if (value !== seq) lost(seq, value);
};
