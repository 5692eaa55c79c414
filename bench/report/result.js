// What the JSON of `npm run bench -- --json FILE` holds; the report is made from this and nothing else.

/**
 * @typedef {object} Result
 * @property {ReturnType<typeof import('../harness/machine.js').describeMachine>} machine
 * @property {string} node
 * @property {Record<string, string>} versions
 * @property {{ runs: number, quick: boolean, startedAt: string, seconds: number }} method
 * @property {import('../harness/runner.js').Row[]} rows
 * @property {import('../micro.js').MicroRow[]} micro
 * @property {import('../harness/verdict.js').Verdict[]} aims
 */

/**
 * @param {unknown} value parsed JSON
 * @returns {Result}
 */
export function asResult(value) {
  const missing = ['machine', 'node', 'versions', 'method', 'rows', 'micro', 'aims'].filter(
    (key) => typeof value !== 'object' || value === null || !(key in value),
  );
  if (missing.length) throw new Error(`not the figures of npm run bench: ${missing.join(', ')} missing`);
  return /** @type {Result} */ (value);
}

/**
 * Rows by case, in the order in which they were measured.
 *
 * @param {import('../harness/runner.js').Row[]} rows
 * @returns {Map<string, import('../harness/runner.js').Row[]>}
 */
export function byCase(rows) {
  /** @type {Map<string, import('../harness/runner.js').Row[]>} */
  const groups = new Map();
  for (const row of rows) {
    const group = groups.get(row.case);
    if (group) group.push(row);
    else groups.set(row.case, [row]);
  }
  return groups;
}
