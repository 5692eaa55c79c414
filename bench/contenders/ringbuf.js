// ringbuf.js by Paul Adenot, used as its documentation says: storage from getStorageForCapacity, one RingBuffer at each
// end, push and pop of typed arrays that are allocated once. It has no messages: fixed ones are so many bytes at a
// time, variable ones get a length in front, in one push so that the consumer never sees a half.

import { RingBuffer } from 'ringbuf.js';
import { BLOCKS, makeBlocks } from '../workload/blocks.js';
import { check, largest, makePool, POOL_MASK, sizeOf, stamp } from '../workload/message.js';
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

/** @param {Given} given */
function producer({ memory }) {
  const ring = new RingBuffer(memory, Float64Array);
  const one = new Float64Array(1);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let value = first; value < end; value++) {
        one[0] = value;
        while (ring.push(one) === 0);
      }
    },
  };
}

/** @param {Given} given */
function consumer({ memory }) {
  const ring = new RingBuffer(memory, Float64Array);
  const one = new Float64Array(1);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let expected = first; expected < end; expected++) {
        while (ring.pop(one) === 0);
        if (one[0] !== expected) lost(expected, one[0]);
      }
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function producerOfBlocks({ memory }, { block }) {
  const ring = new RingBuffer(memory, Float64Array);
  const blocks = makeBlocks(block);
  let next = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      for (let left = count; left > 0; left--) {
        const source = blocks[next];
        next = (next + 1) % BLOCKS;
        for (let done = 0; done < block; ) done += ring.push(source, block - done, done);
      }
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function consumerOfBlocks({ memory }, { block }) {
  const ring = new RingBuffer(memory, Float64Array);
  const into = new Float64Array(block);
  const period = BLOCKS * block;
  let expected = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      let next = expected;
      for (let left = count * block; left > 0; ) {
        const found = ring.pop(into);
        for (let i = 0; i < found; i++) {
          if (into[i] !== next) lost(next, into[i]);
          next++;
          if (next === period) next = 0;
        }
        left -= found;
      }
      expected = next;
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function producerOfFixed({ memory }, { size }) {
  const ring = new RingBuffer(memory, Uint8Array);
  const { bytes, views } = makePool(size);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        const index = seq & POOL_MASK;
        stamp(views[index], seq);
        // A push takes what there is room for, so a message that must not be torn needs the question first.
        while (ring.availableWrite() < bytes[index].length);
        ring.push(bytes[index]);
      }
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function consumerOfFixed({ memory }, { size }) {
  const ring = new RingBuffer(memory, Uint8Array);
  const length = /** @type {number} */ (size);
  const message = new Uint8Array(length);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        // Messages go in whole, so what comes out is one or nothing.
        while (ring.pop(message) === 0);
        check(message, length, seq);
      }
    },
  };
}

// 64-byte messages as eight doubles: its copy goes element by element, so wider elements are the better use of it.

/** @param {Given} given */
function producerOf8({ memory }) {
  const ring = new RingBuffer(memory, Float64Array);
  const message = Float64Array.from({ length: 8 }, (_, i) => i + 0.5);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        message[0] = seq;
        message[7] = ~seq;
        while (ring.availableWrite() < 8);
        ring.push(message);
      }
    },
  };
}

/** @param {Given} given */
function consumerOf8({ memory }) {
  const ring = new RingBuffer(memory, Float64Array);
  const message = new Float64Array(8);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        while (ring.pop(message) === 0);
        if (message[0] !== seq) lost(seq, message[0]);
        if (message[7] !== ~seq) lost(~seq, message[7]);
      }
    },
  };
}

const PREFIX = 4;

/**
 * @param {Given} given
 * @param {Params} params
 */
function producerOfPrefixed({ memory }, { size }) {
  const ring = new RingBuffer(memory, Uint8Array);
  const { bytes, views } = makePool(size);
  const staging = new Uint8Array(PREFIX + largest(size));
  const prefix = new DataView(staging.buffer);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        const index = seq & POOL_MASK;
        stamp(views[index], seq);
        const message = bytes[index];
        const whole = PREFIX + message.length;
        prefix.setUint32(0, message.length, true);
        staging.set(message, PREFIX);
        while (ring.availableWrite() < whole);
        ring.push(staging, whole);
      }
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function consumerOfPrefixed({ memory }, { size }) {
  const ring = new RingBuffer(memory, Uint8Array);
  const header = new Uint8Array(PREFIX);
  const prefix = new DataView(header.buffer);
  const body = new Uint8Array(largest(size));
  const contents = new DataView(body.buffer);
  const lengthAt = sizeOf(size);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        while (ring.pop(header) === 0);
        const length = prefix.getUint32(0, true);
        if (length !== lengthAt(seq)) lost(`${lengthAt(seq)} bytes`, `${length} bytes`);
        if (ring.pop(body, length) !== length) lost(`${length} bytes`, 'fewer');
        const front = contents.getInt32(0, true);
        if (front !== seq) lost(seq, front);
        const back = contents.getInt32(length - 4, true);
        if (back !== ~seq) lost(~seq, back);
      }
    },
  };
}

export const shapes = {
  'f64-one': { setup: setupNumbers, producer, consumer },
  'f64-blocks': { setup: setupNumbers, producer: producerOfBlocks, consumer: consumerOfBlocks },
  'messages-fixed': { setup: setupBytes, producer: producerOfFixed, consumer: consumerOfFixed },
  'messages-8xf64': { setup: setupNumbers, producer: producerOf8, consumer: consumerOf8 },
  'messages-prefixed': { setup: setupBytes, producer: producerOfPrefixed, consumer: consumerOfPrefixed },
};
