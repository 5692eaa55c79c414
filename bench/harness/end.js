// One end of one measurement: makes the contender's end, warms it up, meets the other end, runs against the clock.

import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { waitedForCpu } from './interference.js';
import { PERCENTILES, percentile } from './statistics.js';
import { pinThisThread } from './pinning.js';
import { rendezvous } from './rendezvous.js';

/**
 * @typedef {object} Plan
 * @property {'producer' | 'consumer'} role
 * @property {string} contender
 * @property {string} shape
 * @property {import('./contract.js').Params} params
 * @property {any} given
 * @property {SharedArrayBuffer} meeting
 * @property {number} parties
 * @property {number} work
 * @property {number} warmUp
 * @property {number | null} cpu
 */

/**
 * Rounds of warm-up: V8 must have seen the loop from its start several times, or the timed run would be spent
 * in a version that was entered half-way (on-stack replacement) and leaves it again at the first surprise.
 */
const ROUNDS = 24;

/** Rounds that follow the collection of garbage: it throws code away, and has some compiled again. */
const AFTER_COLLECTION = 10;

/**
 * Between two rounds both ends sleep. V8 compiles and collects in threads of its own, which on a machine of two CPUs get one
 * only from an end: compiling a loop with all that is part of it takes 8 to 25 ms, as long as a whole timed run of --quick.
 * Without a rest most of that came in the timed run, which then took up to twice as long.
 */
const REST_MS = 10;

/** @param {Plan} plan */
export async function runEnd(plan) {
  const pinned = pinThisThread(plan.cpu);
  const { shapes } = await import(`../contenders/${plan.contender}.js`);
  /** @type {import('./contract.js').End} */
  const end = await shapes[plan.shape][plan.role](plan.given, plan.params);
  const meet = rendezvous(plan.meeting, plan.parties);
  const warm = Math.max(1, Math.ceil((plan.work * plan.warmUp) / ROUNDS));
  let first = 0;
  for (let round = 0; round < ROUNDS; round++) {
    // The garbage of the warm-up is not the timed run's to collect.
    if (round === ROUNDS - AFTER_COLLECTION) globalThis.gc?.();
    meet();
    const outcome = end.run(first, warm);
    if (isPromise(outcome)) await outcome;
    first += warm;
    rest();
  }
  const waitedBefore = waitedForCpu();
  meet();
  const started = process.hrtime.bigint();
  const pending = end.run(first, plan.work);
  const outcome = isPromise(pending) ? await pending : pending;
  const ended = outcome?.end ?? process.hrtime.bigint();
  const waited = (waitedForCpu() ?? 0) - (waitedBefore ?? 0);
  // An end that is done takes its handle with it when its thread ends, and the other one may not have returned yet.
  meet();
  return { pinned, started, ended, waited, latency: outcome?.samples && distribution(outcome.samples) };
}

function rest() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REST_MS);
}

/** @param {unknown} value */
function isPromise(value) {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/** @param {Float64Array} samples in milliseconds; ordered in place */
function distribution(samples) {
  samples.sort();
  return PERCENTILES.map((percent) => ({ percent, ns: percentile(samples, percent) * 1e6 }));
}

if (!isMainThread && workerData?.end === 'crosscore-bench') {
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  port.postMessage(await runEnd(workerData.plan));
}
