// The same benchmarks on several machines side by side, as Markdown: node bench/report/compare.js FIGURES.json FIGURES.json...
//
// What is compared is how each system stands against ours on the same machine. Nanoseconds of different machines say
// nothing about each other, so none of them makes this fail.

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { markdown } from '../../scripts/tables.mjs';
import { round3 } from '../harness/statistics.js';
import { oursIn } from '../harness/verdict.js';
import { asResult, byCase } from './result.js';
import { machineLine, runsLine } from './words.js';

/**
 * @param {import('./result.js').Result[]} results
 * @returns {string}
 */
export function compare(results) {
  const names = results.map(nameOf);
  const cases = results.map(({ rows }) => byCase(rows));
  const head = ['case', 'system', ...names.flatMap((name) => [name, `in ours, ${name}`])];
  const lines = ['# Benchmarks by machine', '', ...results.map((result, i) => `- **${names[i]}**: ${machineLine(result)}; ${runsLine(result)}, threads ${result.machine.pinned ? 'pinned' : 'not pinned'}`)];
  const figuresOfCases = [];
  for (const name of inOrder(cases.map((known) => [...known.keys()]))) {
    const ofCase = cases.map((known) => known.get(name) ?? []);
    const unit = ofCase.flat()[0].unit;
    for (const [i, system] of inOrder(ofCase.map((rows) => rows.map((row) => row.system))).entries()) {
      const cells = ofCase.flatMap((rows) => figures(rows, system));
      figuresOfCases.push([i === 0 ? `\`${name}\`, ${unit}` : '', system, ...cells]);
    }
  }
  const aims = new Map(results.flatMap(({ aims: verdicts }) => verdicts.map((verdict) => [aimOf(verdict), verdict])));
  const verdicts = [...aims].map(([key, { case: name, ours, against, aim }]) => {
    const seen = results.map(({ aims: own }) => seenIn(own.find((verdict) => aimOf(verdict) === key)));
    return [`\`${name}\``, ours, against, aim].concat(seen);
  });
  lines.push('', markdown(head, figuresOfCases, (i) => i >= 2), '', '## Aims', '', markdown(['case', 'ours', 'against', 'aim', ...names], verdicts));
  return `${lines.join('\n')}\n`;
}

/** @param {import('./result.js').Result} result */
function nameOf({ machine, node }) {
  return `${machine.os.split(' ')[0]} ${machine.arch}, Node ${node.split('.')[0]}`;
}

/**
 * The median, and how many times ours it is.
 *
 * @param {import('../harness/runner.js').Row[]} rows of one case on one machine
 * @param {string} system
 */
function figures(rows, system) {
  const row = rows.find((known) => known.system === system);
  if (!row) return ['', ''];
  if (row.median === null) return [row.status, ''];
  const ours = oursIn(rows);
  return [String(round3(row.median)), ours?.median && row !== ours ? `${round3(row.median / ours.median)} ×` : ''];
}

/** @param {import('../harness/verdict.js').Verdict} verdict */
function aimOf({ case: name, ours, against, aim }) {
  return JSON.stringify([name, ours, against, aim]);
}

/** @param {import('../harness/verdict.js').Verdict | undefined} verdict */
function seenIn(verdict) {
  if (!verdict) return '';
  return `${verdict.seen}${verdict.met === null ? '' : verdict.met ? ', met' : ', not met'}`;
}

/**
 * Every name once: in the order of the first list that has it.
 *
 * @param {string[][]} lists
 */
function inOrder(lists) {
  return [...new Set(lists.flat())];
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const files = process.argv.slice(2);
  if (files.length < 2) {
    console.error('Usage: node bench/report/compare.js FIGURES.json FIGURES.json...\n\nThey come from npm run bench -- --json FIGURES.json.');
    process.exitCode = 2;
  } else {
    process.stdout.write(compare(files.map((file) => asResult(JSON.parse(readFileSync(file, 'utf8'))))));
  }
}
