// What Node comes with: a MessagePort straight from worker to worker, structured clone of each message.

import { MessageChannel } from 'node:worker_threads';
import { BLOCKS, makeBlocks } from '../workload/blocks.js';
import { FRAME_BYTES, checkFrame, stampFrame, wordsOf } from '../workload/frame.js';
import { LINES_MASK, makeLines } from '../workload/lines.js';
import { check, makePool, POOL_MASK, sizeOf, stamp } from '../workload/message.js';
import { lost } from '../workload/sequence.js';
import { acknowledger, makeAcknowledgements, windowOf } from './window.js';

/**
 * @typedef {import('node:worker_threads').MessagePort} MessagePort
 * @typedef {{ port: MessagePort, done: SharedArrayBuffer }} Given
 * @typedef {{ window: number, size: number | 'mixed', block: number }} Params
 */

/** @returns {import('../harness/contract.js').Setup} */
export function setupChannel() {
  const { port1, port2 } = new MessageChannel();
  return {
    shared: { done: makeAcknowledgements() },
    producer: { port: port1 },
    consumer: { port: port2 },
    transfer: { producer: [port1], consumer: [port2] },
  };
}

/**
 * The receiving end but for its check, which each shape gives: one shape runs in an isolate, so the call is monomorphic.
 *
 * @param {Given} given
 * @param {Params} params
 * @param {(message: any, seq: number) => void} verify
 * @returns {import('../harness/contract.js').End}
 */
export function receiver({ port, done }, { window }, verify) {
  const acknowledge = acknowledger(done, window);
  let expected = 0;
  let end = 0;
  /** @type {{ resolve: () => void, reject: (error: Error) => void }} */
  let waiting;
  port.on('message', (message) => {
    try {
      verify(message, expected);
    } catch (error) {
      waiting.reject(/** @type {Error} */ (error));
    }
    expected++;
    acknowledge(expected === end);
    if (expected === end) waiting.resolve();
  });
  return {
    run(first, count) {
      expected = first;
      end = first + count;
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
      });
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function producerOfNumbers({ port, done }, { window }) {
  const admit = windowOf(done, window);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let value = first; value < end; value++) {
        admit();
        port.postMessage(value);
      }
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function producerOfBlocks({ port, done }, { window, block }) {
  const admit = windowOf(done, window);
  const blocks = makeBlocks(block);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        admit();
        port.postMessage(blocks[seq % BLOCKS]);
      }
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function consumerOfBlocks(given, params) {
  const { block } = params;
  return receiver(given, params, (/** @type {Float64Array} */ message, seq) => {
    if (message.length !== block) lost(block, message.length);
    let expected = (seq % BLOCKS) * block;
    for (let i = 0; i < block; i++, expected++) if (message[i] !== expected) lost(expected, message[i]);
  });
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function producerOfMessages({ port, done }, { window, size }) {
  const admit = windowOf(done, window);
  const { bytes, views } = makePool(size);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        const index = seq & POOL_MASK;
        stamp(views[index], seq);
        admit();
        port.postMessage(bytes[index]);
      }
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function consumerOfMessages(given, params) {
  const lengthAt = sizeOf(params.size);
  return receiver(given, params, (/** @type {Uint8Array} */ message, seq) => check(message, lengthAt(seq), seq));
}

/**
 * What happens to those who write `Buffer.from(…)`: the message is a slice of Node's pool, and the clone takes
 * the pool as a whole (8 KiB; 64 KiB from Node 24).
 *
 * @param {Given} given
 * @param {Params} params
 */
function producerOfPooledBuffers({ port, done }, { window, size }) {
  const admit = windowOf(done, window);
  const { bytes, views } = makePool(size);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        const index = seq & POOL_MASK;
        stamp(views[index], seq);
        admit();
        port.postMessage(Buffer.from(bytes[index]));
      }
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function producerOfStrings({ port, done }, { window }) {
  const admit = windowOf(done, window);
  const lines = makeLines();
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        admit();
        port.postMessage(lines[seq & LINES_MASK]);
      }
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function consumerOfStrings(given, params) {
  const lines = makeLines();
  return receiver(given, params, (/** @type {string} */ line, seq) => {
    if (line !== lines[seq & LINES_MASK]) lost(lines[seq & LINES_MASK], line);
  });
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function producerOfFrames({ port, done }, { window }) {
  const admit = windowOf(done, window);
  const frame = new Uint8Array(FRAME_BYTES);
  const words = wordsOf(frame);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        stampFrame(words, seq);
        admit();
        port.postMessage(frame);
      }
    },
  };
}

/**
 * Copy, then transfer the copy: the sender keeps its frame, as it does with a ring.
 *
 * @param {Given} given
 * @param {Params} params
 */
function producerOfTransferredFrames({ port, done }, { window }) {
  const admit = windowOf(done, window);
  const frame = new Uint8Array(FRAME_BYTES);
  const words = wordsOf(frame);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        stampFrame(words, seq);
        admit();
        const copy = frame.slice();
        port.postMessage(copy, [copy.buffer]);
      }
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function consumerOfFrames(given, params) {
  return receiver(given, params, (/** @type {Uint8Array} */ frame, seq) => checkFrame(wordsOf(frame), seq));
}

/** @param {Params} params */
function setupSharedFrames({ window }) {
  const setup = setupChannel();
  setup.shared.frames = Array.from({ length: window }, () => new SharedArrayBuffer(FRAME_BYTES));
  return setup;
}

/**
 * Copy into shared memory, then a message that says which buffer: as many buffers as frames may be in flight.
 *
 * @param {Given & { frames: SharedArrayBuffer[] }} given
 * @param {Params} params
 */
function producerOfSharedFrames({ port, done, frames }, { window }) {
  const admit = windowOf(done, window);
  const frame = new Uint8Array(FRAME_BYTES);
  const words = wordsOf(frame);
  const buffers = frames.map((memory) => new Uint8Array(memory));
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        stampFrame(words, seq);
        admit();
        const slot = seq % window;
        buffers[slot].set(frame);
        port.postMessage(slot);
      }
    },
  };
}

/**
 * @param {Given & { frames: SharedArrayBuffer[] }} given
 * @param {Params} params
 */
function consumerOfSharedFrames(given, params) {
  const buffers = given.frames.map((memory) => new Int32Array(memory));
  return receiver(given, params, (/** @type {number} */ slot, seq) => {
    if (slot !== seq % params.window) lost(seq % params.window, slot);
    checkFrame(buffers[slot], seq);
  });
}

export const shapes = {
  numbers: {
    setup: setupChannel,
    producer: producerOfNumbers,
    /**
     * @param {Given} given
     * @param {Params} params
     */
    consumer: (given, params) =>
      receiver(given, params, (/** @type {number} */ value, seq) => {
        if (value !== seq) lost(seq, value);
      }),
  },
  blocks: { setup: setupChannel, producer: producerOfBlocks, consumer: consumerOfBlocks },
  messages: { setup: setupChannel, producer: producerOfMessages, consumer: consumerOfMessages },
  'pooled-buffers': { setup: setupChannel, producer: producerOfPooledBuffers, consumer: consumerOfMessages },
  strings: { setup: setupChannel, producer: producerOfStrings, consumer: consumerOfStrings },
  'frames-cloned': { setup: setupChannel, producer: producerOfFrames, consumer: consumerOfFrames },
  'frames-transferred': { setup: setupChannel, producer: producerOfTransferredFrames, consumer: consumerOfFrames },
  'frames-shared': { setup: setupSharedFrames, producer: producerOfSharedFrames, consumer: consumerOfSharedFrames },
};
