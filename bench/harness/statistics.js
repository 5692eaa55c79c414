/** @param {Iterable<number>} values */
export function sortedFigures(values) {
  return Float64Array.from(values).sort();
}

/** @param {Iterable<number>} values */
export function median(values) {
  const sorted = sortedFigures(values);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The points of a latency distribution that the report draws: evenly spread over the number of nines, because the
 * tail is what one looks at.
 */
export const PERCENTILES = [0, 1, 5, 10, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.9, 99.95, 99.99, 100];

/**
 * Nearest rank, so every figure is one that occurred; undefined of none.
 *
 * @param {Float64Array} sorted
 * @param {number} percent
 */
export function percentile(sorted, percent) {
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.min(sorted.length - 1, Math.max(0, rank - 1))];
}

/** @param {number} value three significant digits, no exponent */
export function round3(value) {
  if (value === 0 || !Number.isFinite(value)) return value;
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return Number(value.toFixed(digits));
}
