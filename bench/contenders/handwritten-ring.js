// The ring that a good programmer writes in an afternoon: free-running Int32 cursors a line apart, the peer's
// cursor cached in a local, a mask, everything inlined into the caller's loop, no allocation. Each side takes and gives
// one element at a time; the consumer polls as fast as it can.

import { lost } from '../workload/sequence.js';
import { HEAD, SLOTS_OFFSET, TAIL, allocate, cursorsOf } from './layout.js';

/** @param {{ capacity: number }} params */
function setup({ capacity }) {
  return { shared: { memory: allocate(capacity * 8) } };
}

/**
 * @param {{ memory: SharedArrayBuffer }} given
 * @param {{ capacity: number }} params
 */
function producer({ memory }, { capacity }) {
  const cursors = cursorsOf(memory);
  const slots = new Float64Array(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  let tail = 0;
  let cachedHead = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      let t = tail;
      let h = cachedHead;
      for (let value = first; value < end; value++) {
        while (((t - h) | 0) === capacity) h = Atomics.load(cursors, HEAD);
        slots[t & mask] = value;
        t = (t + 1) | 0;
        Atomics.store(cursors, TAIL, t);
      }
      tail = t;
      cachedHead = h;
    },
  };
}

/**
 * Publishes every 32 elements, and what is left at the end.
 *
 * @param {{ memory: SharedArrayBuffer }} given
 * @param {{ capacity: number }} params
 */
function producerBatch32({ memory }, { capacity }) {
  const cursors = cursorsOf(memory);
  const slots = new Float64Array(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  let tail = 0;
  let cachedHead = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      let t = tail;
      let h = cachedHead;
      for (let value = first; value < end; value++) {
        while (((t - h) | 0) === capacity) h = Atomics.load(cursors, HEAD);
        slots[t & mask] = value;
        t = (t + 1) | 0;
        if ((t & 31) === 0) Atomics.store(cursors, TAIL, t);
      }
      Atomics.store(cursors, TAIL, t);
      tail = t;
      cachedHead = h;
    },
  };
}

/**
 * @param {{ memory: SharedArrayBuffer }} given
 * @param {{ capacity: number }} params
 */
function consumer({ memory }, { capacity }) {
  const cursors = cursorsOf(memory);
  const slots = new Float64Array(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  let head = 0;
  let cachedTail = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      let h = head;
      let t = cachedTail;
      for (let expected = first; expected < end; expected++) {
        while (h === t) t = Atomics.load(cursors, TAIL);
        const value = slots[h & mask];
        if (value !== expected) lost(expected, value);
        h = (h + 1) | 0;
        Atomics.store(cursors, HEAD, h);
      }
      head = h;
      cachedTail = t;
    },
  };
}

// 64-byte messages as eight doubles: the number in the first and, complemented, in the last.

/**
 * @param {{ memory: SharedArrayBuffer }} given
 * @param {{ capacity: number }} params capacity in messages
 */
function producerOf8({ memory }, { capacity }) {
  const cursors = cursorsOf(memory);
  const slots = new Float64Array(memory, SLOTS_OFFSET, capacity * 8);
  const mask = capacity - 1;
  const message = Float64Array.from({ length: 8 }, (_, i) => i + 0.5);
  let tail = 0;
  let cachedHead = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      let t = tail;
      let h = cachedHead;
      for (let seq = first; seq < end; seq++) {
        message[0] = seq;
        message[7] = ~seq;
        while (((t - h) | 0) === capacity) h = Atomics.load(cursors, HEAD);
        const at = (t & mask) << 3;
        for (let i = 0; i < 8; i++) slots[at + i] = message[i];
        t = (t + 1) | 0;
        Atomics.store(cursors, TAIL, t);
      }
      tail = t;
      cachedHead = h;
    },
  };
}

/**
 * @param {{ memory: SharedArrayBuffer }} given
 * @param {{ capacity: number }} params capacity in messages
 */
function consumerOf8({ memory }, { capacity }) {
  const cursors = cursorsOf(memory);
  const slots = new Float64Array(memory, SLOTS_OFFSET, capacity * 8);
  const mask = capacity - 1;
  const message = new Float64Array(8);
  let head = 0;
  let cachedTail = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      let h = head;
      let t = cachedTail;
      for (let seq = first; seq < end; seq++) {
        while (h === t) t = Atomics.load(cursors, TAIL);
        const at = (h & mask) << 3;
        for (let i = 0; i < 8; i++) message[i] = slots[at + i];
        h = (h + 1) | 0;
        Atomics.store(cursors, HEAD, h);
        if (message[0] !== seq) lost(seq, message[0]);
        if (message[7] !== ~seq) lost(~seq, message[7]);
      }
      head = h;
      cachedTail = t;
    },
  };
}

export const shapes = {
  'f64-one': { setup, producer, consumer },
  'f64-batch32': { setup, producer: producerBatch32, consumer },
  'msg64-one': {
    /** @param {{ capacity: number }} params */
    setup: ({ capacity }) => ({ shared: { memory: allocate(capacity * 64) } }),
    producer: producerOf8,
    consumer: consumerOf8,
  },
};
