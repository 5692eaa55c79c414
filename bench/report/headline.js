// What a reader of README sees: few cases, and of each the first system of this package and the quickest of the others of
// each kind. The quickest, so that nobody is beaten in the person of a slower relative.

import { KINDS, kindOf } from './kinds.js';
import { byCase } from './result.js';

/** One for each thing that the package is for. */
export const HEADLINES = ['f64-one', 'f64-batch256', 'msg64-one', 'string64', 'native-64', 'frame-8mb', 'rtt-spin', 'rtt-await'];

/** Those of the picture: more do not fit beside a text. */
export const PICTURED = ['f64-one', 'f64-batch256', 'msg64-one', 'native-64'];

/**
 * @param {import('./result.js').Result} result
 * @param {string[]} names
 * @returns {{ name: string, rows: import('../harness/runner.js').Row[] }[]} ours first; cases that were not measured are left out
 */
export function headlines(result, names) {
  const cases = byCase(result.rows);
  return names.flatMap((name) => {
    const measured = (cases.get(name) ?? []).filter(({ median }) => median !== null);
    const ours = measured.find(({ system }) => kindOf(system) === 'ours');
    if (!ours) return [];
    const others = Object.keys(KINDS).flatMap((kind) => {
      const ofKind = measured.filter(({ system }) => kind !== 'ours' && kindOf(system) === kind);
      return ofKind.length ? [ofKind.reduce((a, b) => (Number(b.median) < Number(a.median) ? b : a))] : [];
    });
    return [{ name, rows: [ours, ...others] }];
  });
}
