// What Node comes with: a MessagePort straight from worker to worker, structured clone of each message.

import { MessageChannel } from 'node:worker_threads';
import { blocks, checkStretches } from '../workload/blocks.js';
import { FRAME_BYTES, checkFrame, checkFrames, frames } from '../workload/frame.js';
import { checkLines, lines } from '../workload/lines.js';
import { checkMessages, messages } from '../workload/message.js';
import {
  checkObjects,
  checkObjectTexts,
  checkSmallObjects,
  checkSmallObjectTexts,
  objects,
  objectTexts,
  smallObjects,
  smallObjectTexts,
} from '../workload/objects.js';
import { checkNumbers, lost, numbers } from '../workload/sequence.js';
import { checkTrades, trades } from '../workload/trades.js';
import { acknowledger, makeAcknowledgements, windowOf } from './window.js';

/**
 * @typedef {import('node:worker_threads').MessagePort} MessagePort
 * @typedef {{ port: MessagePort, done: SharedArrayBuffer, frames: SharedArrayBuffer[] }} Given `frames` of frames-shared only
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

/** @param {(params: Params) => (message: any, seq: number) => void} checks */
const receiving = (checks) => (/** @type {Given} */ given, /** @type {Params} */ params) => receiver(given, params, checks(params));

/**
 * @param {(given: Given, params: Params) => (seq: number) => any} source what is posted as the seq-th
 * @param {(item: any) => any[]} [transferred] of it
 */
function sending(source, transferred) {
  return (/** @type {Given} */ given, /** @type {Params} */ params) => {
    const { port } = given;
    const admit = windowOf(given.done, params.window);
    const at = source(given, params);
    return {
      /** @type {import('../harness/contract.js').End['run']} */
      run(first, count) {
        const end = first + count;
        for (let seq = first; seq < end; seq++) {
          admit();
          const item = at(seq);
          if (transferred) port.postMessage(item, transferred(item));
          else port.postMessage(item);
        }
      },
    };
  };
}

/** @param {(params: Params) => (seq: number) => any} source */
const items = (source) => (/** @type {Given} */ _given, /** @type {Params} */ params) => source(params);

/**
 * What happens to those who write `Buffer.from(…)`: the message is a slice of Node's pool, and the clone takes
 * the pool as a whole (8 KiB; 64 KiB from Node 24).
 *
 * @param {Params} params
 */
function pooledBuffers(params) {
  const at = messages(params);
  return (/** @type {number} */ seq) => Buffer.from(at(seq));
}

/** @param {Params} params */
function checkBlocks(params) {
  const { block } = params;
  const check = checkStretches(params);
  return (/** @type {Float64Array} */ message, /** @type {number} */ seq) => {
    if (message.length !== block) lost(block, message.length);
    check(message, 0, block, seq * block);
  };
}

/** Copy, then transfer the copy: the sender keeps its frame, as it does with a ring. */
function copiedFrames() {
  const at = frames();
  return (/** @type {number} */ seq) => at(seq).slice();
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
 * @param {Given} given
 * @param {Params} params
 */
function sharedFrames(given, { window }) {
  const at = frames();
  const buffers = given.frames.map((memory) => new Uint8Array(memory));
  return (/** @type {number} */ seq) => {
    const slot = seq % window;
    buffers[slot].set(at(seq));
    return slot;
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function receiverOfSharedFrames(given, params) {
  const buffers = given.frames.map((memory) => new Int32Array(memory));
  return receiver(given, params, (/** @type {number} */ slot, seq) => {
    if (slot !== seq % params.window) lost(seq % params.window, slot);
    checkFrame(buffers[slot], seq);
  });
}

const setup = setupChannel;

export const shapes = {
  numbers: { setup, producer: sending(items(numbers)), consumer: receiving(checkNumbers) },
  blocks: { setup, producer: sending(items(blocks)), consumer: receiving(checkBlocks) },
  messages: { setup, producer: sending(items(messages)), consumer: receiving(checkMessages) },
  'pooled-buffers': { setup, producer: sending(items(pooledBuffers)), consumer: receiving(checkMessages) },
  strings: { setup, producer: sending(items(lines)), consumer: receiving(checkLines) },
  records: { setup, producer: sending(items(trades)), consumer: receiving(checkTrades) },
  objects: { setup, producer: sending(items(objects)), consumer: receiving(checkObjects) },
  'object-texts': { setup, producer: sending(items(objectTexts)), consumer: receiving(checkObjectTexts) },
  'small-objects': { setup, producer: sending(items(smallObjects)), consumer: receiving(checkSmallObjects) },
  'small-object-texts': { setup, producer: sending(items(smallObjectTexts)), consumer: receiving(checkSmallObjectTexts) },
  'frames-cloned': { setup, producer: sending(items(frames)), consumer: receiving(checkFrames) },
  'frames-transferred': {
    setup,
    producer: sending(items(copiedFrames), (/** @type {Uint8Array} */ frame) => [frame.buffer]),
    consumer: receiving(checkFrames),
  },
  'frames-shared': { setup: setupSharedFrames, producer: sending(sharedFrames), consumer: receiverOfSharedFrames },
};
