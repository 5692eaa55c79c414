// What one reads while and after it runs.

import process from 'node:process';
import { columns } from '../../scripts/tables.mjs';
import { at } from './runner.js';
import { round3 } from './statistics.js';
import { oursIn } from './verdict.js';

const INDENT = '  ';

/**
 * One line that overwrites itself; nothing where the output is not a terminal.
 *
 * @param {string} text empty: wipe it
 */
export function progress(text) {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\x1b[2K${text}`);
}

/** @param {number | null | undefined} value */
function figure(value) {
  return value === null || value === undefined ? '-' : String(round3(value));
}

/**
 * @param {import('./contract.js').Case} benchCase
 * @param {import('./runner.js').Row[]} rows
 */
export function caseTable(benchCase, rows) {
  const ours = oursIn(rows);
  const withTail = rows.some(({ latency }) => latency);
  const scale = benchCase.unit === 'µs' ? 1000 : 1;
  const head = ['system', `median ${rows[0]?.unit ?? ''}`, 'best', ...(withTail ? ['p99', 'p99.9'] : []), ours ? `against ${ours.system}` : '', ''];
  const lines = rows.map((row) => [
    row.system,
    figure(row.median),
    figure(row.best),
    ...(withTail ? [99, 99.9].map((p) => figure(row.latency && at(row.latency, p) / scale)) : []),
    ours?.median && row.median && row !== ours ? `${round3(row.median / ours.median)} ×` : '',
    row.status === 'measured' ? row.note : `${row.status.toUpperCase()}: ${row.note}`,
  ]);
  return `\n${benchCase.name}: ${benchCase.title}\n${columns([head, ...lines], INDENT)}`;
}

/** @param {import('./verdict.js').Verdict[]} verdicts */
export function aimsTable(verdicts) {
  if (verdicts.length === 0) return '';
  const lines = verdicts.map(({ case: name, ours, against, aim, seen, met }) => [
    name,
    ours,
    against,
    aim,
    seen,
    met === null ? 'open' : met ? 'met' : 'not met',
  ]);
  return `\naims (our median against theirs)\n${columns([['case', 'ours', 'against', 'aim', 'seen', ''], ...lines], INDENT)}`;
}

/** @param {import('../micro.js').MicroRow[]} rows */
export function microTable(rows) {
  const lines = rows.map(({ call, system, median, best, note, status }) => [
    call,
    system,
    figure(median),
    figure(best),
    status === 'measured' ? note : `${status.toUpperCase()}: ${note}`,
  ]);
  return `\nsingle calls, both ends in one thread (tinybench)\n${columns([['call', 'system', 'median ns', 'best', ''], ...lines], INDENT)}`;
}
