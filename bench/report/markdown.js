// All figures as Markdown: bench/report/table.md, and docs/PERFORMANCE.md between its markers.

import { plainCases } from '../cases/catalogue.js';
import { markdown } from '../../scripts/tables.mjs';
import { round3 } from '../harness/statistics.js';
import { oursIn } from '../harness/verdict.js';
import { KINDS, kindOf } from './kinds.js';
import { byCase } from './result.js';
import { machineLine, runsLine } from './words.js';

/** @param {import('./result.js').Result} result */
export function markdownTable(result) {
  const lines = [...byCase(result.rows.filter(({ growth }) => !growth))].map(([name, rows]) => {
    const title = plainCases.find((known) => known.name === name)?.title ?? name;
    const ours = oursIn(rows);
    const cell = (/** @type {import('./kinds.js').Kind} */ kind) =>
      rows
        .filter(({ system }) => kindOf(system) === kind)
        .map((row) => entry(row, ours))
        .join('<br>');
    const first = rows.filter(({ system }) => kindOf(system) === 'ours').map((row) => entry(row, undefined)).join('<br>');
    return [`\`${name}\`<br>${title} (${rows[0].unit})`, first, cell('honest'), cell('library'), cell('node')];
  });
  return [
    `<!-- Written by npm run bench from measured figures; do not edit. -->`,
    '',
    markdown(['case', KINDS.ours, KINDS.honest, KINDS.library, KINDS.node], lines),
    '',
    `Medians of ${runsLine(result)}; in brackets how many times our time that is, above 1 we are ahead. ${machineLine(result)}. \`npm run bench\` makes this table and the full report.`,
    '',
    ...growthTables(result),
  ].join('\n');
}

/**
 * The growth curves, a table each: systems down, points across.
 *
 * @param {import('./result.js').Result} result
 * @returns {string[]} lines
 */
function growthTables({ rows }) {
  /** @type {Map<string, { axis: string, unit: string, points: number[], systems: Map<string, Map<number, string>> }>} */
  const curves = new Map();
  for (const { growth, system, unit, median } of rows) {
    if (!growth) continue;
    const curve = curves.get(growth.group) ?? { axis: growth.axis, unit, points: [], systems: new Map() };
    curves.set(growth.group, curve);
    if (!curve.points.includes(growth.x)) curve.points.push(growth.x);
    const figures = curve.systems.get(system) ?? new Map();
    curve.systems.set(system, figures.set(growth.x, median === null ? '' : String(round3(median))));
  }
  const lines = [];
  for (const [group, { axis, unit, points, systems }] of curves) {
    lines.push(`**${group[0].toUpperCase()}${group.slice(1)}** (${unit})`, '');
    const rows = [...systems].map(([system, figures]) => [system].concat(points.map((x) => figures.get(x) ?? '')));
    lines.push(markdown([axis, ...points.map(binary)], rows, (i) => i > 0), '');
  }
  return lines;
}

/** @param {number} value 65536 is 64 Ki */
function binary(value) {
  if (value >= 2 ** 20) return `${value / 2 ** 20} Mi`;
  return value >= 1024 ? `${value / 1024} Ki` : String(value);
}

/**
 * @param {import('../harness/runner.js').Row} row
 * @param {import('../harness/runner.js').Row | undefined} ours
 */
function entry(row, ours) {
  const name = kindOf(row.system) === 'ours' ? row.system.replace(/^crosscore,? ?/, '') : row.system;
  const label = name ? `${name} ` : '';
  if (row.median === null) return `${label}*${row.status}*`;
  if (!ours?.median) return `${label}**${round3(row.median)}**`;
  return `${label}${round3(row.median)} (${round3(row.median / ours.median)} ×)`;
}
