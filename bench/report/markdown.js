// bench/report/table.md: the short table for the README.

import { plainCases } from '../cases/catalogue.js';
import { round3 } from '../harness/statistics.js';
import { oursIn } from '../harness/verdict.js';
import { KINDS, kindOf } from './kinds.js';
import { byCase } from './result.js';
import { machineLine } from './words.js';

/** @param {import('./result.js').Result} result */
export function markdownTable(result) {
  const lines = [
    `<!-- Written by npm run bench from measured figures; do not edit. -->`,
    '',
    `| case | ${KINDS.ours} | ${KINDS.honest} | ${KINDS.library} | ${KINDS.node} |`,
    '| --- | --- | --- | --- | --- |',
  ];
  for (const [name, rows] of byCase(result.rows.filter(({ growth }) => !growth))) {
    const title = plainCases.find((known) => known.name === name)?.title ?? name;
    const ours = oursIn(rows);
    const cell = (/** @type {import('./kinds.js').Kind} */ kind) =>
      rows
        .filter(({ system }) => kindOf(system) === kind)
        .map((row) => entry(row, ours))
        .join('<br>');
    const first = rows.filter(({ system }) => kindOf(system) === 'ours').map((row) => entry(row, undefined)).join('<br>');
    lines.push(`| \`${name}\`<br>${title} (${rows[0].unit}) | ${first} | ${cell('honest')} | ${cell('library')} | ${cell('node')} |`);
  }
  lines.push(
    '',
    `Medians of ${result.method.runs} runs${result.method.quick ? ' (--quick)' : ''}; in brackets how many times our time that is, above 1 we are ahead. ${machineLine(result)}. \`npm run bench\` makes this table and the full report.`,
    '',
  );
  return lines.join('\n');
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
