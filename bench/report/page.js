// bench/report/index.html: one file, no scripts, nothing loaded from anywhere.

import { growthCases, plainCases } from '../cases/catalogue.js';
import { at } from '../harness/runner.js';
import { round3 } from '../harness/statistics.js';
import { oursIn } from '../harness/verdict.js';
import { barsOfCase, growthCurve, latencyOfCase } from './charts.js';
import { KINDS } from './kinds.js';
import { DARK, LIGHT } from './palette.js';
import { byCase } from './result.js';
import { machineLine, method, runsLine, threats, versionsLine } from './words.js';

const STYLE = `
:root {
  color-scheme: light dark;
  ${LIGHT}
}
@media (prefers-color-scheme: dark) {
  :root {
    ${DARK}
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 3rem 0 .5rem; border-top: 1px solid var(--grid); padding-top: 1.5rem; }
h3 { font-size: 1.05rem; margin: 2.25rem 0 .15rem; }
h3 code { font-weight: normal; font-size: .85em; color: var(--soft); }
p { margin: .4rem 0; max-width: 46rem; } .soft { color: var(--soft); font-size: .92rem; }
svg { max-width: 100%; height: auto; display: block; margin: .5rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; margin: .5rem 0; }
th, td { text-align: left; padding: .28rem .9rem .28rem 0; border-bottom: 1px solid var(--grid); vertical-align: top; }
td.met, td.not, td.open { white-space: nowrap; } th { color: var(--soft); font-weight: 600; } td.n, th.n { text-align: right; white-space: nowrap; }
.met { color: var(--good); } .not { color: var(--bad); } .open { color: var(--soft); }
details { margin: .25rem 0; } summary { cursor: pointer; color: var(--soft); font-size: .92rem; }
.key { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; margin: 1rem 0; list-style: none; font-size: .92rem; }
.key i { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .4rem; vertical-align: -.05rem; }
.panel { background: var(--panel); padding: .75rem 1rem; border-radius: 6px; }
@media print { details > * { display: block; } }
`;

/** @param {unknown} text */
function escape(text) {
  return String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** @param {import('./result.js').Result} result */
export async function page(result) {
  const plain = byCase(result.rows.filter(({ growth }) => !growth));
  const sections = [];
  for (const [name, rows] of plain) sections.push(await caseSection(name, rows));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>crosscore: figures</title>
<style>${STYLE}</style>
<h1>crosscore against its peers</h1>
<p class="soft">${escape(machineLine(result))}. ${escape(result.method.startedAt.slice(0, 10))}, ${runsLine(result)}${result.method.quick ? ': take it as a sketch' : ''}.</p>
${aims(result)}
<ul class="key">${Object.entries(KINDS)
    .map(([kind, label]) => `<li><i style="background: var(--${kind})"></i>${escape(label)}</li>`)
    .join('')}</ul>
<p class="soft">Shorter is better. Ticks across a bar are its single runs. A bar more than ten times the shortest is cut and says so.</p>
<h2>Cases</h2>
${sections.join('\n')}
${await growth(result)}
${micro(result)}
<h2>How it was measured</h2>
<ul>${method(result)
    .map((line) => `<li>${escape(line)}</li>`)
    .join('')}</ul>
<p class="soft">${escape(versionsLine(result))}. Load average at the start: ${escape(result.machine.loadAverageAtStart.join(', '))}.</p>
<h2>Why to doubt it</h2>
<ul>${threats(result)
    .map((line) => `<li>${escape(line)}</li>`)
    .join('')}</ul>
<p class="soft">Made by <code>npm run bench</code>; the figures alone: <code>npm run bench -- --json FILE</code>.</p>
</html>
`;
}

/** @param {import('./result.js').Result} result */
function aims({ aims: verdicts }) {
  if (verdicts.length === 0) return '';
  const told = verdicts.filter(({ met }) => met !== null);
  const met = told.filter((verdict) => verdict.met);
  const lines = verdicts
    .map(({ case: name, ours, against, aim, seen, met: verdict }) => {
      const [mark, word] = verdict === null ? ['open', 'open'] : verdict ? ['met', 'met'] : ['not', 'not met'];
      return `<tr><td><a href="#${escape(name)}">${escape(name)}</a></td><td>${escape(ours)}</td><td>${escape(against)}</td><td>${escape(aim)}</td><td class="n">${escape(seen)}</td><td class="${mark}">${word}</td></tr>`;
    })
    .join('\n');
  return `<div class="panel"><p><strong>${met.length} of ${told.length} aims met</strong>${told.length < verdicts.length ? `, ${verdicts.length - told.length} open because a row is missing` : ''}.</p>
<details><summary>each aim</summary><div class="scroll"><table>
<tr><th>case</th><th>ours</th><th>against</th><th>aim</th><th class="n">their median in ours</th><th></th></tr>
${lines}
</table></div></details></div>`;
}

/**
 * @param {string} name
 * @param {import('../harness/runner.js').Row[]} rows
 */
async function caseSection(name, rows) {
  const known = plainCases.find((benchCase) => benchCase.name === name);
  const bars = await barsOfCase(rows);
  const latency = await latencyOfCase(rows);
  const missing = rows
    .filter(({ status }) => status !== 'measured')
    .map(({ system, status, note }) => `<p class="${status === 'failed' ? 'not' : 'open'}">${escape(system)}: ${status}. ${escape(note)}</p>`);
  return `<section id="${escape(name)}"><h3>${escape(known?.title ?? name)} <code>${escape(name)}</code></h3>
<p class="soft">${escape(known?.about ?? '')}</p>
${bars ?? ''}
${latency ?? ''}
${missing.join('\n')}
${rowsTable(rows)}
</section>`;
}

/** @param {import('../harness/runner.js').Row[]} rows */
function rowsTable(rows) {
  const ours = oursIn(rows);
  const tail = rows.some(({ latency }) => latency);
  const scale = rows[0].unit.startsWith('µs') ? 1000 : 1;
  const body = rows
    .filter(({ median }) => median !== null)
    .map((row) => {
      const ratio = ours?.median && row !== ours ? `${round3(/** @type {number} */ (row.median) / ours.median)} ×` : '';
      const cells = [row.median, row.best, ...(tail ? [99, 99.9].map((p) => row.latency && at(row.latency, p) / scale) : [])];
      return `<tr><td>${escape(row.system)}</td>${cells.map((cell) => `<td class="n">${cell === undefined ? '' : round3(Number(cell))}</td>`).join('')}<td class="n">${ratio}</td><td class="n">${row.work.toLocaleString('en')}</td><td>${escape(row.note)}</td></tr>`;
    })
    .join('\n');
  if (!body) return '';
  return `<details><summary>figures</summary><div class="scroll"><table>
<tr><th>system</th><th class="n">median ${escape(rows[0].unit)}</th><th class="n">best</th>${tail ? '<th class="n">p99</th><th class="n">p99.9</th>' : ''}<th class="n">${ours ? `in ${escape(ours.system)}’s` : ''}</th><th class="n">work a run</th><th></th></tr>
${body}
</table></div></details>`;
}

/** @param {import('./result.js').Result} result */
async function growth({ rows }) {
  /** @type {Map<string, import('../harness/runner.js').Row[]>} */
  const groups = new Map();
  for (const row of rows) {
    if (!row.growth) continue;
    groups.set(row.growth.group, [...(groups.get(row.growth.group) ?? []), row]);
  }
  if (groups.size === 0) {
    return `<h2>How cost grows</h2>
<p class="soft">Not measured in this run: <code>npm run bench -- --growth</code> adds ${growthCases.length} points (size of the ring and of the message, number of rings, both ends in one thread).</p>`;
  }
  const curves = [];
  for (const [group, points] of groups) curves.push(`<h3>${escape(group)}</h3>${(await growthCurve(points)) ?? '<p class="open">nothing was measured</p>'}`);
  return `<h2>How cost grows</h2>${curves.join('\n')}`;
}

/** @param {import('./result.js').Result} result */
function micro({ micro: rows }) {
  if (rows.length === 0) return '';
  const body = rows
    .map(
      ({ call, system, median, best, note, status }) =>
        `<tr><td><code>${escape(call)}</code></td><td>${escape(system)}</td><td class="n">${median === null ? '' : round3(median)}</td><td class="n">${best === null ? '' : round3(best)}</td><td>${status === 'measured' ? '' : `${status}: `}${escape(note)}</td></tr>`,
    )
    .join('\n');
  return `<h2>Single calls</h2>
<p class="soft">Both ends in one thread, by tinybench, thousands of calls to a sample: what a call costs when nobody shares its cache lines.</p>
<div class="scroll"><table><tr><th>call</th><th>system</th><th class="n">median ns</th><th class="n">best</th><th></th></tr>
${body}
</table></div>`;
}
