// One measurement, in a process of its own: a contender that crashes takes one row with it and not the bench, what
// one leaves behind (heap, feedback of the JIT, loaded libraries) is not the next one's burden, and a
// measurement that hangs can be killed. Both ends are new Workers; this main thread only looks after them.

import { Worker } from 'node:worker_threads';
import { makeRendezvous } from './rendezvous.js';
import { NotAvailable } from './contract.js';
import { runEnd } from './end.js';

/**
 * @typedef {object} Job
 * @property {string} contender
 * @property {string} shape
 * @property {import('./contract.js').Params} params
 * @property {number} work
 * @property {number} warmUp
 * @property {'apart' | 'together' | 'main'} placement
 * @property {[number, number] | null} cpus
 *
 * @typedef {{ ok: true, ns: number, pinned: boolean, waited: number, lane?: { name: string, reason: string }, latency?: { percent: number, ns: number }[] }
 *   | { ok: false, unavailable: boolean, message: string }} Report
 */

const endFile = new URL('./end.js', import.meta.url);

/** @param {Job} job */
async function measure(job) {
  const { shapes } = await import(`../contenders/${job.contender}.js`);
  /** @type {import('./contract.js').Shape | undefined} */
  const shape = shapes[job.shape];
  if (!shape) throw new Error(`contender ${job.contender} has no shape ${job.shape}`);
  const [producerCpu, consumerCpu] = job.cpus
    ? job.placement === 'together'
      ? [job.cpus[1], job.cpus[1]]
      : job.cpus
    : [null, null];
  const params = { ...job.params, consumerCpu };
  const setup = await shape.setup(params);
  const meeting = makeRendezvous();
  const parties = shape.alone ? 1 : 2;
  /** @param {'producer' | 'consumer'} role */
  const plan = (role) => ({
    role,
    contender: job.contender,
    shape: job.shape,
    params,
    given: { ...setup.shared, ...setup[role] },
    meeting,
    parties,
    work: job.work,
    warmUp: job.warmUp,
    cpu: role === 'producer' ? producerCpu : consumerCpu,
  });
  const consumer = shape.alone ? null : inWorker(plan('consumer'), setup.transfer?.consumer);
  const producer =
    job.placement === 'main' ? runEnd(plan('producer')) : inWorker(plan('producer'), setup.transfer?.producer);
  const [produced, consumed] = await Promise.all([producer, consumer]);
  // From the first end's start to the last element checked. A round trip is timed, and ended, by its initiator.
  const ended = consumed && !produced.latency ? consumed.ended : produced.ended;
  return {
    ok: true,
    ns: Number(ended - produced.started) / job.work,
    pinned: produced.pinned && (consumed?.pinned ?? true),
    waited: Math.max(produced.waited, consumed?.waited ?? 0) / Number(ended - produced.started),
    lane: setup.lane,
    latency: produced.latency,
  };
}

/**
 * @param {import('./end.js').Plan} plan
 * @param {any[]} [transferList]
 * @returns {Promise<Awaited<ReturnType<typeof runEnd>>>}
 */
function inWorker(plan, transferList = []) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(endFile, { workerData: { end: 'crosscore-bench', plan }, transferList });
    worker.once('message', resolve);
    worker.once('error', (error) => reject(new Error(`${plan.role}: ${error.message}`, { cause: error })));
    worker.once('exit', (code) => reject(new Error(`${plan.role} ended early with exit code ${code}`)));
  });
}

/** @param {Report} report */
function finish(report) {
  // The ends may still be spinning or hold open ports: the process goes down with them.
  process.send?.(report, () => process.exit(0));
}

process.once('message', async (/** @type {Job} */ job) => {
  try {
    finish(/** @type {Report} */ (await measure(job)));
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    finish({ ok: false, unavailable: error instanceof NotAvailable, message });
  }
});
