// Round trips over a MessagePort, worker to worker, through both event loops.

import { MessageChannel } from 'node:worker_threads';
import { lost } from '../workload/sequence.js';

/** @typedef {{ port: import('node:worker_threads').MessagePort }} Given */

function setup() {
  const { port1, port2 } = new MessageChannel();
  return {
    producer: { port: port1 },
    consumer: { port: port2 },
    transfer: { producer: [port1], consumer: [port2] },
  };
}

/** @param {Given} given */
function producer({ port }) {
  /** @type {((echo: number) => void) | undefined} */
  let onEcho;
  port.on('message', (echo) => onEcho?.(echo));
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const samples = new Float64Array(count);
      return new Promise((resolve, reject) => {
        let i = 0;
        let before = performance.now();
        onEcho = (echo) => {
          const now = performance.now();
          samples[i] = now - before;
          before = now;
          try {
            if (echo !== first + i) lost(first + i, echo);
          } catch (error) {
            reject(error);
          }
          if (++i === count) resolve({ samples });
          else port.postMessage(first + i);
        };
        port.postMessage(first);
      });
    },
  };
}

/** @param {Given} given */
function consumer({ port }) {
  let left = 0;
  /** @type {((outcome: void) => void) | undefined} */
  let finished;
  port.on('message', (value) => {
    port.postMessage(value);
    if (--left === 0) finished?.();
  });
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(_first, count) {
      left = count;
      return new Promise((resolve) => {
        finished = resolve;
      });
    },
  };
}

export const shapes = { 'round-trip': { setup, producer, consumer } };
