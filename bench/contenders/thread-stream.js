// thread-stream, what pino writes its logs through. It starts its own worker; thread-stream-destination.js is what
// runs there, checks every line and says when the last one came.

import { fileURLToPath } from 'node:url';
import { once } from 'node:events';
import ThreadStream from 'thread-stream';
import { lines } from '../workload/lines.js';

/**
 * @typedef {{ control: SharedArrayBuffer }} Given
 * @typedef {{ sync: boolean, consumerCpu: number | null }} Params
 */

function setup() {
  return { shared: { control: new SharedArrayBuffer(16) } };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
async function start({ control }, { sync, consumerCpu }) {
  const stream = new ThreadStream({
    filename: fileURLToPath(new URL('./thread-stream-destination.js', import.meta.url)),
    workerData: { control, cpu: consumerCpu },
    sync,
  });
  stream.on('error', (/** @type {Error} */ error) => {
    throw error;
  });
  await once(stream, 'ready');
  return stream;
}

/**
 * @param {Given} given
 * @param {number} total lines since the beginning
 */
async function arrived({ control }, total) {
  const received = new Int32Array(control, 0, 1);
  for (let seen = Atomics.load(received, 0); seen !== total; seen = Atomics.load(received, 0)) {
    const { async, value } = Atomics.waitAsync(received, 0, seen, 1000);
    if (async) await value;
  }
  return new BigInt64Array(control, 8, 1)[0];
}

/** @param {Given} given @param {Params} params */
async function producer(given, params) {
  const stream = await start(given, params);
  const lineAt = lines();
  return {
    /** @param {number} first @param {number} count */
    async run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        if (!stream.write(lineAt(seq)) && !params.sync) await once(stream, 'drain');
      }
      if (params.sync) stream.flushSync();
      return { end: await arrived(given, end) };
    },
  };
}

export const shapes = { strings: { alone: true, setup, producer } };
