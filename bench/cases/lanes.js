// Rows for both ways of crossing into Rust: the express lane, where the package takes it, and Node-API.

import { NODE_API, isOurs } from '../harness/ours.js';

/**
 * The case with a second row of ours: the first one again, with the express lane switched off.
 *
 * @param {import('../harness/contract.js').Case} benchCase
 * @returns {import('../harness/contract.js').Case}
 */
export function withBothLanes(benchCase) {
  const entries = benchCase.entries.flatMap((entry) => {
    if (entry !== benchCase.entries.find(({ system }) => isOurs(system))) return [entry];
    return [entry, { ...entry, system: `${entry.system}${NODE_API}`, env: { CROSSCORE_EXPRESS: '0' } }];
  });
  return { ...benchCase, entries };
}
