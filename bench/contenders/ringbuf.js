// ringbuf.js by Paul Adenot, used as its documentation says: storage from getStorageForCapacity, one RingBuffer at each
// end, push and pop of typed arrays that are allocated once. It has no messages: fixed ones are so many bytes at a
// time, variable ones get a length in front, in one push so that the consumer never sees a half.

import { RingBuffer } from 'ringbuf.js';
import { blocks, checkStretches } from '../workload/blocks.js';
import { checkMessages, checkMessagesIn, largest, messages } from '../workload/message.js';
import { lost } from '../workload/sequence.js';

/**
 * @typedef {{ memory: SharedArrayBuffer }} Given
 * @typedef {{ capacity: number, block: number, bytes: number, size: number | 'mixed' }} Params
 */

/** @param {Params} params */
function setupNumbers({ capacity }) {
  return { shared: { memory: RingBuffer.getStorageForCapacity(capacity, Float64Array) } };
}

/** @param {Params} params */
function setupBytes({ bytes }) {
  return { shared: { memory: RingBuffer.getStorageForCapacity(bytes, Uint8Array) } };
}

/**
 * Makes an end of what is done for each number of the sequence.
 *
 * @param {Float64ArrayConstructor | Uint8ArrayConstructor} type
 * @param {(ring: RingBuffer, params: Params) => (seq: number) => void} make
 */
function each(type, make) {
  return (/** @type {Given} */ { memory }, /** @type {Params} */ params) => {
    const step = make(new RingBuffer(memory, type), params);
    return {
      /** @type {import('../harness/contract.js').End['run']} */
      run(first, count) {
        const end = first + count;
        for (let seq = first; seq < end; seq++) step(seq);
      },
    };
  };
}

const numbers = {
  setup: setupNumbers,
  producer: each(Float64Array, (ring) => {
    const one = new Float64Array(1);
    return (seq) => {
      one[0] = seq;
      while (ring.push(one) === 0);
    };
  }),
  consumer: each(Float64Array, (ring) => {
    const one = new Float64Array(1);
    return (seq) => {
      while (ring.pop(one) === 0);
      if (one[0] !== seq) lost(seq, one[0]);
    };
  }),
};

const whole = {
  setup: setupNumbers,
  producer: each(Float64Array, (ring, params) => {
    const at = blocks(params);
    return (seq) => {
      const source = at(seq);
      for (let done = 0; done < source.length; ) done += ring.push(source, source.length - done, done);
    };
  }),
  consumer: each(Float64Array, (ring, params) => {
    const check = checkStretches(params);
    const { block } = params;
    const into = new Float64Array(block);
    return (seq) => {
      for (let done = 0; done < block; ) {
        const found = ring.pop(into, block - done);
        check(into, 0, found, seq * block + done);
        done += found;
      }
    };
  }),
};

const fixed = {
  setup: setupBytes,
  producer: each(Uint8Array, (ring, params) => {
    const at = messages(params);
    return (seq) => {
      const message = at(seq);
      // A push takes what there is room for, so a message that must not be torn needs the question first.
      while (ring.availableWrite() < message.length);
      ring.push(message);
    };
  }),
  consumer: each(Uint8Array, (ring, params) => {
    const message = new Uint8Array(/** @type {number} */ (params.size));
    const check = checkMessages(params);
    return (seq) => {
      // Messages go in whole, so what comes out is one or nothing.
      while (ring.pop(message) === 0);
      check(message, seq);
    };
  }),
};

// 64-byte messages as eight doubles: its copy goes element by element, so wider elements are the better use of it.

const of8 = {
  setup: setupNumbers,
  producer: each(Float64Array, (ring) => {
    const message = Float64Array.from({ length: 8 }, (_, i) => i + 0.5);
    return (seq) => {
      message[0] = seq;
      message[7] = ~seq;
      while (ring.availableWrite() < 8);
      ring.push(message);
    };
  }),
  consumer: each(Float64Array, (ring) => {
    const message = new Float64Array(8);
    return (seq) => {
      while (ring.pop(message) === 0);
      if (message[0] !== seq) lost(seq, message[0]);
      if (message[7] !== ~seq) lost(~seq, message[7]);
    };
  }),
};

const PREFIX = 4;

const prefixed = {
  setup: setupBytes,
  producer: each(Uint8Array, (ring, params) => {
    const at = messages(params);
    const staging = new Uint8Array(PREFIX + largest(params.size));
    const prefix = new DataView(staging.buffer);
    return (seq) => {
      const message = at(seq);
      const length = PREFIX + message.length;
      prefix.setUint32(0, message.length, true);
      staging.set(message, PREFIX);
      while (ring.availableWrite() < length);
      ring.push(staging, length);
    };
  }),
  consumer: each(Uint8Array, (ring, params) => {
    const header = new Uint8Array(PREFIX);
    const prefix = new DataView(header.buffer);
    const body = new Uint8Array(largest(params.size));
    const contents = new DataView(body.buffer);
    const check = checkMessagesIn(params);
    return (seq) => {
      while (ring.pop(header) === 0);
      const length = prefix.getUint32(0, true);
      if (ring.pop(body, length) !== length) lost(`${length} bytes`, 'fewer');
      check(contents, 0, length, seq);
    };
  }),
};

export const shapes = {
  'f64-one': numbers,
  'f64-blocks': whole,
  'messages-fixed': fixed,
  'messages-8xf64': of8,
  'messages-prefixed': prefixed,
};
