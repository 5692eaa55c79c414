// Calls of a function in another thread, one after the other: our rpc, comlink and piscina.

import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { expose, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { lost } from '../workload/sequence.js';
import { loadPackage, makeRing } from './crosscore-package.js';
import { NotAvailable } from '../harness/contract.js';
import { answerTo, questionOf } from './rpc-question.js';

/** @typedef {'number' | 'object'} Question */
/** @typedef {{ question: Question, consumerCpu?: number | null }} Params */

/**
 * @param {(question: any) => any} ask
 * @param {Question} kind
 */
function asking(ask, kind) {
  return {
    /**
     * @param {number} first
     * @param {number} count
     */
    async run(first, count) {
      const samples = new Float64Array(count);
      let before = performance.now();
      for (let i = 0; i < count; i++) {
        const answer = await ask(questionOf[kind](first + i));
        const now = performance.now();
        samples[i] = now - before;
        before = now;
        if (answer.n !== undefined ? answer.n !== first + i + 1 : answer !== first + i + 1) lost(first + i + 1, answer);
      }
      return { samples };
    },
  };
}

/**
 * The end that answers: done when it has been asked often enough.
 *
 * @param {(handler: (question: any) => any) => void} serve
 */
function answering(serve) {
  let left = 0;
  /** @type {((outcome: void) => void) | undefined} */
  let finished;
  serve((question) => {
    if (--left === 0) setImmediate(() => finished?.());
    return answerTo(question);
  });
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(_first, count) {
      left += count;
      return new Promise((resolve) => {
        finished = resolve;
        if (left === 0) resolve();
      });
    },
  };
}

async function setupRing() {
  const crosscore = await loadPackage();
  if (typeof crosscore.rpc !== 'function') throw new NotAvailable('rpc() is not there yet');
  makeRing(crosscore, { of: 'bytes', capacity: 4096 });
  const [left, right] = crosscore.createDuplex({ of: 'bytes', capacity: 1 << 16 });
  return { producer: left.move(), consumer: right.move() };
}

function setupPort() {
  const { port1, port2 } = new MessageChannel();
  return { producer: { port: port1 }, consumer: { port: port2 }, transfer: { producer: [port1], consumer: [port2] } };
}

/** @type {import('../harness/contract.js').Shape} */
const crosscore = {
  setup: setupRing,
  async producer(token, { question }) {
    const { Duplex, rpc } = await loadPackage();
    const { remote } = rpc(Duplex.from(token));
    return asking((value) => remote.next(value), /** @type {Question} */ (question));
  },
  async consumer(token) {
    const { Duplex, rpc } = await loadPackage();
    return answering((next) => void rpc(Duplex.from(token), { next }));
  },
};

/** @type {import('../harness/contract.js').Shape} */
const comlink = {
  setup: setupPort,
  producer({ port }, { question }) {
    const remote = /** @type {any} */ (wrap(nodeEndpoint(port)));
    return asking((value) => remote.next(value), /** @type {Question} */ (question));
  },
  consumer({ port }) {
    return answering((next) => expose({ next }, nodeEndpoint(port)));
  },
};

/** @type {import('../harness/contract.js').Shape} */
const piscina = {
  alone: true,
  setup: () => ({ shared: {} }),
  async producer(_given, { question, consumerCpu }) {
    const { default: Piscina } = await import('piscina');
    const pool = new Piscina({
      filename: fileURLToPath(new URL('./rpc-piscina.js', import.meta.url)),
      workerData: { cpu: consumerCpu },
      minThreads: 1,
      maxThreads: 1,
    });
    return asking((value) => pool.run(value), /** @type {Question} */ (question));
  },
};

export const shapes = { crosscore, comlink, piscina };
