// What each kind costs: a table of kinds by time, allocation and postMessage of the same value, for docs/PERFORMANCE.md.
//
//   node bench/by-kind.js [--write] [NODE...]
//
// NODE is the path of an executable; this one without. For each it runs the cases below as `npm run bench -- --quick` does
// and __test__/workers/allocate.js. --write puts the tables between their markers in docs/PERFORMANCE.md.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { markdown } from '../scripts/tables.mjs';
import { round3 } from './harness/statistics.js';
import { machineLine } from './report/words.js';

const RUNS = 5;
const BEGIN = '<!-- by-kind:begin -->';
const END = '<!-- by-kind:end -->';

/**
 * What the table says of a kind: the case and the row of ours, and where allocate.js has the bytes that a write and a read
 * take.
 *
 * @type {{ kind: string, name: string, system: string, group: string, write: string, read: string }[]}
 */
const LINES = [
  { kind: "`'f64'`: `push`, `pop`", name: 'f64-one', system: 'crosscore', group: 'f64, each', write: 'push', read: 'pop' },
  { kind: "`'f64'`: `push`, `visit`", name: 'f64-one', system: 'crosscore, visit', group: 'f64, each', write: 'push', read: 'visit' },
  { kind: "`'bytes'`, 64: `push`, `visit`", name: 'msg64-one', system: 'crosscore', group: 'bytes', write: 'push', read: 'visit' },
  { kind: "`'bytes'`, 64: `push`, `drain`", name: 'msg64-one', system: 'crosscore, drain', group: 'bytes', write: 'push', read: 'drain' },
  { kind: "`'string'`, 64: `push`, `pop`", name: 'string64', system: 'crosscore', group: 'strings', write: 'push', read: 'pop' },
  { kind: "`'string'`, 64: `push`, `drain`", name: 'string64-drain', system: 'crosscore', group: 'strings', write: 'push', read: 'drain' },
  { kind: '`record`, six numbers: `push`, `pop`', name: 'record', system: 'crosscore', group: 'trades', write: 'push', read: 'pop' },
  { kind: '`record`: `reserve(1)`, `drain`', name: 'record', system: 'crosscore, in place', group: 'records', write: 'reserve and write, 1 each', read: 'drain' },
  { kind: '`record`: `reserve(32)`, `drain`', name: 'record', system: 'crosscore, in place, 32', group: 'records', write: 'reserve and write, 64 each', read: 'drain' },
  { kind: "`'json'`, 123 characters: `push`, `pop`", name: 'json', system: 'crosscore', group: 'json', write: 'push', read: 'pop' },
  { kind: "`'value'`, the same object", name: 'value', system: 'crosscore', group: 'value', write: 'push', read: 'pop' },
  { kind: 'a codec, msgpackr, the same object', name: 'codec', system: 'crosscore', group: 'msgpackr', write: 'push', read: 'pop' },
];

const THEIRS = 'postMessage';
const ALLOCATE_FLAGS = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256', '--no-concurrent-recompilation'];

/** @param {string} path */
const file = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * @param {string} node
 * @returns {string}
 */
function table(node) {
  const folder = mkdtempSync(join(tmpdir(), 'crosscore-by-kind-'));
  const json = join(folder, 'figures.json');
  const cases = [...new Set(LINES.map(({ name }) => name))].join(',');
  const systems = [...new Set([...LINES.map(({ system }) => system), THEIRS])].flatMap((system) => ['--system', system]);
  const run = [file('./run.js'), '--quick', '--runs', String(RUNS), '--no-micro', '--no-report', '--case', cases, ...systems, '--json', json];
  execFileSync(node, run, { stdio: ['ignore', 'inherit', 'inherit'] });
  const result = JSON.parse(readFileSync(json, 'utf8'));
  rmSync(folder, { recursive: true });
  const bytes = JSON.parse(execFileSync(node, [...ALLOCATE_FLAGS, file('../__test__/workers/allocate.js')], { encoding: 'utf8' }));
  const lines = LINES.map(({ kind, name, system, group, write, read }) => {
    /** @type {(system: string) => number | undefined} */
    const median = (system) => result.rows.find((/** @type {any} */ row) => row.case === name && row.system === system)?.median ?? undefined;
    const ours = median(system);
    const theirs = median(THEIRS);
    /** @type {(call: string) => string} */
    const allocated = (call) => (bytes[group]?.[call] === undefined ? '' : String(Math.max(0, Math.round(bytes[group][call]))));
    return [
      kind,
      ours === undefined ? 'failed' : String(round3(ours)),
      allocated(write),
      allocated(read),
      theirs === undefined ? '' : String(round3(theirs)),
      ours === undefined || theirs === undefined ? '' : `${round3(theirs / ours)} ×`,
    ];
  });
  const head = ['kind', 'ns/element', 'bytes, write', 'bytes, read', 'postMessage, ns', 'postMessage / ours'];
  return [`Node ${result.node}, medians of ${RUNS} runs of a quarter of the work; ${machineLine({ machine: result.machine })}:`, '', markdown(head, lines)].join('\n');
}

const args = process.argv.slice(2);
const nodes = args.filter((arg) => arg !== '--write');
const text = (nodes.length > 0 ? nodes : [process.execPath]).map(table).join('\n\n');
console.log(text);
if (args.includes('--write')) {
  const page = new URL('../docs/PERFORMANCE.md', import.meta.url);
  const before = readFileSync(page, 'utf8');
  const [start, end] = [before.indexOf(BEGIN), before.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`docs/PERFORMANCE.md has no ${BEGIN} and ${END}`);
  writeFileSync(page, `${before.slice(0, start + BEGIN.length)}\n${text}\n${before.slice(end)}`);
}
