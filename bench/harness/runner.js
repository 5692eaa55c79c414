// Runs the cases: contenders in an order that rotates from run to run, each measurement in its own process.

import { fork } from 'node:child_process';
import process from 'node:process';
import { benchAddon } from './bench-addon.js';
import { DISTURBED } from './interference.js';
import { isOurs } from './ours.js';
import { median } from './statistics.js';

const measureFile = new URL('./measure.js', import.meta.url);

const UNPINNED = 'not pinned in at least one run';

/** Long enough for the slowest contender on a slow, busy machine; a deadlock is certain by then. */
const HANG_MS = 120_000;

/**
 * @typedef {object} Row
 * @property {string} case
 * @property {string} system
 * @property {string} unit
 * @property {number | null} median
 * @property {number | null} best
 * @property {number[]} runs
 * @property {string} note
 * @property {'measured' | 'not available yet' | 'failed'} status
 * @property {number[]} waited share of each run in which an end was ready and had no CPU
 * @property {number} work elements (or blocks) a run
 * @property {{ percent: number, ns: number }[]} [latency] median over the runs, point by point
 * @property {{ axis: string, x: number, group: string }} [growth]
 */

/**
 * The order of one run: every contender takes every place in turn, so that none is always the one that
 * finds the machine warm, or always follows the heaviest.
 *
 * @template T
 * @param {T[]} entries
 * @param {number} run
 * @returns {T[]}
 */
export function rotate(entries, run) {
  const shift = entries.length ? run % entries.length : 0;
  return [...entries.slice(shift), ...entries.slice(0, shift)];
}

/**
 * @param {import('./measure.js').Job} job
 * @param {NodeJS.ProcessEnv} [env] beside that of this process
 * @returns {Promise<import('./measure.js').Report>}
 */
export function measureOnce(job, env) {
  return new Promise((resolve) => {
    const child = fork(measureFile, {
      execArgv: ['--expose-gc'],
      env: { ...process.env, ...env },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    /** @type {import('./measure.js').Report | null} */
    let report = null;
    const watchdog = setTimeout(() => {
      report ??= { ok: false, unavailable: false, message: `no result after ${HANG_MS / 1000} s: deadlock or lost element` };
      child.kill('SIGKILL');
    }, HANG_MS);
    child.once('message', (message) => {
      report ??= /** @type {import('./measure.js').Report} */ (message);
    });
    child.once('error', (error) => {
      report ??= { ok: false, unavailable: false, message: error.message };
    });
    child.once('exit', (code, signal) => {
      clearTimeout(watchdog);
      resolve(report ?? { ok: false, unavailable: false, message: `the process died (${signal ?? `exit code ${code}`})` });
    });
    child.send(job);
  });
}

/**
 * @param {import('./contract.js').Case} benchCase
 * @param {object} options
 * @param {number} options.runs
 * @param {number} options.scale share of the full work
 * @param {import('./pinning.js').Cpus} options.cpus
 * @param {string[]} options.systems empty: all
 * @param {(text: string) => void} options.progress
 * @returns {Promise<Row[]>}
 */
export async function runCase(benchCase, { runs, scale, cpus, systems, progress }) {
  const chosen = benchCase.entries.filter(({ system }) => systems.length === 0 || systems.includes(system));
  /** @type {Map<import('./contract.js').Entry, Row>} */
  const rows = new Map();
  /** @type {Map<import('./contract.js').Entry, { percent: number, ns: number }[][]>} */
  const latencies = new Map();
  const placement = benchCase.placement ?? 'apart';
  for (const entry of chosen) {
    const unpinnable = placement === 'together' && !cpus.apart ? `both ends cannot be put on one CPU: ${cpus.reason}` : '';
    const missing = entry.missing ?? unpinnable;
    rows.set(entry, {
      case: benchCase.name,
      system: entry.system,
      unit: `${benchCase.unit}/${benchCase.per}`,
      median: null,
      best: null,
      runs: [],
      waited: [],
      note: missing || entry.note || '',
      status: missing ? 'not available yet' : 'measured',
      work: Math.max(1, Math.round((entry.work ?? benchCase.work) * scale)),
      ...(benchCase.growth && { growth: benchCase.growth }),
    });
    latencies.set(entry, []);
  }
  const ours = chosen.find(({ system, env }) => isOurs(system) && !env);
  const addon = await addonFor(chosen, progress);
  for (const entry of chosen) {
    const row = /** @type {Row} */ (rows.get(entry));
    if (entry.rustThread && addon.missing && row.status === 'measured') {
      row.status = 'not available yet';
      row.note = addon.missing;
    }
  }
  for (let run = 0; run < runs; run++) {
    for (const entry of rotate(chosen, run)) {
      const row = /** @type {Row} */ (rows.get(entry));
      if (row.status !== 'measured') continue;
      progress(`${benchCase.name}  run ${run + 1}/${runs}  ${entry.system}`);
      const job = {
        contender: entry.contender,
        shape: entry.shape,
        params: entry.params ?? {},
        work: row.work,
        // The same warm-up in elements at every scale: what V8 needs to see does not shrink with --quick.
        warmUp: (benchCase.warmUp ?? 0.6) / scale,
        placement,
        cpus: cpus.apart,
      };
      const report = await measureOnce(job, {
        ...entry.env,
        // Instead of the addon that is shipped.
        ...(entry.rustThread && { NAPI_RS_NATIVE_LIBRARY_PATH: addon.file }),
      });
      if (!report.ok) {
        row.status = report.unavailable ? 'not available yet' : 'failed';
        row.note = report.message;
        continue;
      }
      const ns = (report.latency ? at(report.latency, 50) : report.ns) / (benchCase.batch ?? 1);
      row.runs.push(benchCase.unit === 'µs' ? ns / 1000 : ns);
      row.waited.push(Math.round(report.waited * 1e4) / 1e4);
      if (report.latency) latencies.get(entry)?.push(report.latency);
      if (cpus.apart && !report.pinned) remark(row, UNPINNED);
      // Told by the row that the others are compared with.
      if (report.lane?.name === 'node-api' && entry === ours) remark(row, `no express lane: ${report.lane.reason}`);
    }
  }
  for (const [entry, row] of rows) {
    if (row.status !== 'measured') {
      // A figure from the runs before a failure would look like a result.
      row.runs = [];
      continue;
    }
    row.median = median(row.runs);
    row.best = Math.min(...row.runs);
    const disturbed = row.waited.filter((share) => share > DISTURBED).length;
    // On one CPU the ends wait for each other: that is the case, not a disturbance.
    if (disturbed > 0 && placement !== 'together') {
      remark(row, `${disturbed} of ${row.runs.length} runs disturbed by others on the CPU`);
    }
    const distributions = /** @type {{ percent: number, ns: number }[][]} */ (latencies.get(entry));
    if (distributions.length) {
      row.latency = distributions[0].map(({ percent }, i) => ({ percent, ns: median(distributions.map((d) => d[i].ns)) }));
    }
  }
  return [...rows.values()];
}

/**
 * @param {Row} row
 * @param {string} text
 */
function remark(row, text) {
  if (!row.note.includes(text)) row.note = `${row.note && `${row.note}; `}${text}`;
}

/**
 * The addon with threads of Rust, if any of the entries needs it.
 *
 * @param {import('./contract.js').Entry[]} entries
 * @param {(text: string) => void} progress
 * @returns {Promise<{ file?: string, missing?: string }>}
 */
async function addonFor(entries, progress) {
  if (!entries.some(({ rustThread }) => rustThread)) return {};
  progress('building the addon with threads of Rust');
  try {
    return { file: await benchAddon() };
  } catch (error) {
    return { missing: /** @type {Error} */ (error).message };
  }
}

/**
 * @param {{ percent: number, ns: number }[]} latency
 * @param {number} percent
 */
export function at(latency, percent) {
  return /** @type {{ ns: number }} */ (latency.find((point) => point.percent === percent)).ns;
}
