// Micro-benches of single calls, both ends in one thread: what a call costs when nobody shares its cache lines. Each
// runs in a Worker of its own, so that none inherits another's type feedback. Part of `npm run bench`; alone: node bench/micro.js.

import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { NotAvailable } from './harness/contract.js';
import { calls } from './micro/calls.js';
import { CALLS } from './micro/single-call.js';

/**
 * @typedef {object} MicroRow
 * @property {string} call
 * @property {string} system
 * @property {'ns/call'} unit
 * @property {number | null} median
 * @property {number | null} best
 * @property {number} samples rounds of CALLS calls
 * @property {string} note
 * @property {'measured' | 'not available yet' | 'failed'} status
 */

const CALLER = 'crosscore-micro';

/**
 * @param {{ quick: boolean }} options
 * @returns {Promise<MicroRow[]>}
 */
export async function measureSingleCalls({ quick }) {
  /** @type {MicroRow[]} */
  const rows = [];
  for (const index of calls.keys()) rows.push(await inWorker(index, quick));
  return rows;
}

/**
 * @param {number} index
 * @param {boolean} quick
 * @returns {Promise<MicroRow>}
 */
function inWorker(index, quick) {
  const { call, system, note = '' } = calls[index];
  const row = { call, system, unit: /** @type {const} */ ('ns/call'), median: null, best: null, samples: 0, note };
  return new Promise((resolve) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { caller: CALLER, index, quick } });
    worker.once('message', (measured) => resolve({ ...row, status: 'measured', ...measured }));
    worker.once('error', (error) => resolve({ ...row, status: 'failed', note: error.message }));
    worker.once('exit', () => resolve({ ...row, status: 'failed', note: 'the worker ended without a result' }));
  });
}

/**
 * @param {number} index
 * @param {boolean} quick
 * @returns {Promise<Partial<MicroRow>>}
 */
async function measure(index, quick) {
  const { Bench } = await import('tinybench');
  const { call, make, asynchronous } = calls[index];
  let round;
  try {
    round = await make();
  } catch (error) {
    if (!(error instanceof NotAvailable)) throw error;
    return { status: 'not available yet', note: error.message };
  }
  const bench = new Bench({ time: quick ? 100 : 500, warmupTime: 100, iterations: 50, throws: true });
  const timed = round;
  // tinybench must see at once whether a task is asynchronous: awaiting a plain number would cost a turn of microtasks.
  bench.add(call, asynchronous ? async () => perCall(await timed()) : () => perCall(/** @type {number} */ (timed())));
  await bench.run();
  const { result } = bench.tasks[0];
  if (result.state !== 'completed') throw new Error(`tinybench: ${result.state}`);
  return {
    median: result.latency.p50 * 1e6,
    best: result.latency.min * 1e6,
    samples: result.latency.samplesCount,
  };
}

/** @param {number} elapsed */
function perCall(elapsed) {
  return { overriddenDuration: elapsed / CALLS, overriddenIterationCost: elapsed };
}

if (!isMainThread && workerData?.caller === CALLER) {
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  port.postMessage(await measure(workerData.index, workerData.quick));
} else if (isMainThread && process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { microTable } = await import('./harness/terminal.js');
  const rows = await measureSingleCalls({ quick: process.argv.includes('--quick') });
  console.log(microTable(rows));
  if (rows.some(({ status }) => status === 'failed')) process.exitCode = 1;
}
