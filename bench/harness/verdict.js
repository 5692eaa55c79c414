// The aims of the cases against what was measured.

import { plainCases } from '../cases/catalogue.js';
import { isOurs } from './ours.js';
import { round3 } from './statistics.js';

/**
 * @typedef {object} Verdict
 * @property {string} case
 * @property {string} ours
 * @property {string} against
 * @property {string} aim in words
 * @property {string} seen in words
 * @property {number | null} ratio the opponent's median by ours: above one we are ahead
 * @property {boolean | null} met null: cannot be told, because a row is missing
 */

/**
 * @param {import('./runner.js').Row[]} rows
 * @returns {Verdict[]}
 */
export function judge(rows) {
  return plainCases.flatMap((benchCase) =>
    benchCase.aims.flatMap((aim) => {
      const of = rows.filter((row) => row.case === benchCase.name);
      if (of.length === 0) return [];
      return [aim.against === undefined ? absolute(benchCase, aim, of) : relative(benchCase, aim, of)];
    }),
  );
}

/**
 * @param {import('./contract.js').Case} benchCase
 * @param {import('./contract.js').Aim} aim
 * @param {import('./runner.js').Row[]} rows
 * @returns {Verdict}
 */
function relative({ name }, aim, rows) {
  const against = /** @type {string} */ (aim.against);
  const wanted = /** @type {number} */ (aim.ratio);
  const ours = medianOf(rows, aim.ours);
  const theirs = medianOf(rows, against);
  const ratio = ours !== null && theirs !== null ? theirs / ours : null;
  return {
    case: name,
    ours: aim.ours,
    against,
    aim: inWords(wanted),
    seen: ratio === null ? 'not measured' : `${round3(ratio)} ×`,
    ratio,
    met: ratio === null ? null : ratio >= wanted,
  };
}

/** @param {number} ratio */
function inWords(ratio) {
  if (ratio === 1) return 'no slower';
  return ratio > 1 ? `${round3(ratio)} × as fast` : `at most ${round3(1 / ratio)} × its time`;
}

/**
 * @param {import('./contract.js').Case} benchCase
 * @param {import('./contract.js').Aim} aim
 * @param {import('./runner.js').Row[]} rows
 * @returns {Verdict}
 */
function absolute({ name, unit, per }, aim, rows) {
  const below = /** @type {number} */ (aim.below);
  const ours = medianOf(rows, aim.ours);
  return {
    case: name,
    ours: aim.ours,
    against: '',
    aim: `under ${below} ${unit}/${per}`,
    seen: ours === null ? 'not measured' : `${round3(ours)} ${unit}`,
    ratio: null,
    met: ours === null ? null : ours < below,
  };
}

/**
 * @param {import('./runner.js').Row[]} rows
 * @param {string} system
 */
function medianOf(rows, system) {
  return rows.find((row) => row.system === system)?.median ?? null;
}

/**
 * The row of this package that the others of its case are compared with: the first that was measured.
 *
 * @param {import('./runner.js').Row[]} rows of one case
 */
export function oursIn(rows) {
  return rows.find(({ system, median }) => isOurs(system) && median !== null);
}
