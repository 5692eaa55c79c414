// Figures for README.md and docs/PERFORMANCE.md, between their markers, and the picture beside them. `npm run bench -- --readme` calls it at its end;
// alone: node bench/report/readme.js FIGURES.json..., one file for each Node

import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { markdown } from '../../scripts/tables.mjs';
import { plainCases } from '../cases/catalogue.js';
import { defaultRuns } from '../harness/options.js';
import { NODE_API } from '../harness/ours.js';
import { round3 } from '../harness/statistics.js';
import { HEADLINES, headlines } from './headline.js';
import { KINDS, kindOf } from './kinds.js';
import { markdownTable } from './markdown.js';
import { DARK, LIGHT } from './palette.js';
import { NARROW, picture } from './picture.js';
import { asResult } from './result.js';
import { machineLine, runsLine } from './words.js';

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

const PICTURES = { light: 'docs/bench.svg', dark: 'docs/bench-dark.svg', narrow: 'docs/bench-narrow.svg', narrowDark: 'docs/bench-narrow-dark.svg' };

const root = new URL('../../', import.meta.url);

const kinds = /** @type {import('./kinds.js').Kind[]} */ (Object.keys(KINDS));

/**
 * @param {import('./result.js').Result} result
 * @returns {string[][]} a row for each headline
 */
function rowsOf(result) {
  const { quick, runs } = result.method;
  const command = ['npm run bench --', quick && '--quick', runs !== defaultRuns(quick) && `--runs ${runs}`, '--case']
    .filter(Boolean)
    .join(' ');
  return headlines(result, HEADLINES).map(({ name, rows }) => {
    const title = plainCases.find((known) => known.name === name)?.title ?? name;
    const cells = kinds.map((kind) => {
      const row = rows.find(({ system }) => kindOf(system) === kind);
      if (!row) return '';
      const figure = round3(/** @type {number} */ (row.median));
      // Which way of ours, where it is not the plain one.
      if (kind === 'ours') {
        const way = row.system.replace(/^crosscore,? ?/, '');
        const nodeApi = result.rows.find((other) => other.case === name && other.system === row.system + NODE_API)?.median;
        return `**${figure}**${way && ` (${way})`}${nodeApi ? `, Node-API ${round3(nodeApi)}` : ''}`;
      }
      return `${figure} ${row.system}`;
    });
    return [`${title}, ${rows[0].unit}`, result.node.split('.')[0]].concat(cells, `\`${command} ${name}\``);
  });
}

/**
 * @param {import('./result.js').Result[]} results one for each Node
 * @returns {string} Markdown: for each headline, a row for each Node
 */
export function readmeTable(results) {
  const all = results.flatMap(rowsOf);
  const lines = [];
  for (const what of new Set(all.map(([title]) => title))) {
    const rows = all.filter(([title]) => title === what);
    // What it is stands once, before the first of them.
    for (const row of rows.slice(1)) row[0] = '';
    lines.push(...rows);
  }
  return markdown(['what', 'Node', ...kinds.map((kind) => KINDS[kind]), 'command'], lines);
}

/**
 * @param {string} text
 * @param {string[]} lines
 * @returns {string} the text with these lines between its markers
 */
export function between(text, lines) {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`there is no ${BEGIN} … ${END}`);
  return [text.slice(0, begin) + BEGIN, ...lines, text.slice(end)].join('\n');
}

/** @param {import('./result.js').Result[]} results one for each Node */
export function readmeSection(results) {
  const [{ method, machine }] = results;
  return [
    '<!-- Written by npm run bench -- --readme from measured figures; do not edit. -->',
    '',
    '<picture>',
    `  <source media="(prefers-color-scheme: dark)" srcset="${PICTURES.dark}">`,
    `  <img src="${PICTURES.light}" alt="Bars: time per element of crosscore and of the quickest peers of each kind">`,
    '</picture>',
    '',
    readmeTable(results),
    '',
    `Median of ${runsLine(results[0])}, Node ${results.map(({ node }) => node).join(' and ')}, ${method.startedAt.slice(0, 10)}, ${machineLine({ machine })}; both ends in workers, each on a CPU of its own, every element checked. First the express lane where`,
    'there is one, then the same by Node-API. Of the peers of a kind it is the quickest; `npm run bench` measures all of them.',
  ];
}

/**
 * @param {import('./result.js').Result[]} results one for each Node
 * @returns {Promise<string[]>} what was written; the picture is of the first
 */
export async function writeReadme(results) {
  const drawn = {
    light: await picture(results[0], LIGHT),
    dark: await picture(results[0], DARK),
    narrow: await picture(results[0], LIGHT, NARROW),
    narrowDark: await picture(results[0], DARK, NARROW),
  };
  if (!drawn.light) throw new Error(`README shows ${HEADLINES.join(', ')}, and none of them was measured`);
  const texts = { 'README.md': readmeSection(results), 'docs/PERFORMANCE.md': results.map((result) => markdownTable(result).trimEnd()) };
  for (const [name, lines] of Object.entries(texts)) {
    const file = new URL(name, root);
    writeFileSync(file, between(readFileSync(file, 'utf8'), lines));
  }
  for (const [which, svg] of Object.entries(drawn)) writeFileSync(new URL(PICTURES[/** @type {keyof typeof PICTURES} */ (which)], root), String(svg));
  return [...Object.keys(texts), ...Object.values(PICTURES)];
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const files = process.argv.slice(2);
  if (files.length === 0) {
    console.error('Usage: node bench/report/readme.js FIGURES.json...\n\nFIGURES.json comes from npm run bench -- --json FIGURES.json.');
    process.exitCode = 2;
  } else {
    const results = files.map((file) => asResult(JSON.parse(readFileSync(file, 'utf8'))));
    console.log((await writeReadme(results)).join('\n'));
  }
}
