// The best that postMessage can do with small messages: a thousand of them packed into one buffer, which is transferred.

import { checkMessagesIn, messages } from '../workload/message.js';
import { lost } from '../workload/sequence.js';
import { receiver, setupChannel } from './post-message.js';
import { windowOf } from './window.js';

/**
 * @typedef {import('./post-message.js').Given} Given
 * @typedef {{ window: number, size: number, block: number }} Params elements are messages, `block` of them to a buffer
 */

/**
 * @param {Given} given
 * @param {Params} params
 */
function producer({ port, done }, { window, size, block }) {
  const admit = windowOf(done, window);
  const at = messages({ size });
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; ) {
        const some = Math.min(block, end - seq);
        // A new buffer each time: the old one is gone. Getting it back by a second transfer costs more than it saves.
        const packed = new Uint8Array(some * size);
        for (let i = 0; i < some; i++, seq++) packed.set(at(seq), i * size);
        admit();
        port.postMessage(packed, [packed.buffer]);
      }
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function consumer(given, params) {
  const { size, block } = params;
  const check = checkMessagesIn({ size });
  let expected = 0;
  let end = 0;
  const buffers = receiver(given, /** @type {any} */ (params), (/** @type {Uint8Array} */ packed) => {
    const some = Math.min(block, end - expected);
    if (packed.length !== some * size) lost(`${some * size} bytes`, `${packed.length} bytes`);
    const memory = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
    for (let i = 0; i < some; i++, expected++) check(memory, i * size, size, expected);
  });
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      expected = first;
      end = first + count;
      return buffers.run(0, Math.ceil(count / block));
    },
  };
}

export const shapes = { messages: { setup: setupChannel, producer, consumer } };
