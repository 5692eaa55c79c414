// The honest bar: the hand-written ring with every technique that we know, in JavaScript alone. Nobody ships it. Against
// the plain one: the consumer takes all there is at each poll and gives it back at once; and it is paced. A consumer
// that has caught up otherwise polls after every element or two and each time takes the line of `tail` away from the
// producer; a pause after a poll that found few lets the producer get on. It pauses only in a stream, which is told by how
// few empty polls lie between: to ask for none at all does not do, for a consumer that is faster than its producer then
// sees one element, nothing, one element, … and stays unpaced for good (measured: runs of 60 and of 200 ns in turn).

import { BLOCKS, makeBlocks } from '../workload/blocks.js';
import { lost } from '../workload/sequence.js';
import { HEAD, SLOTS_OFFSET, TAIL, allocate, cursorsOf } from './layout.js';
import { pause, turnsFor } from './pause.js';

/** A poll that finds fewer is one that came too early. */
const FEW = 64;
const PAUSE_NS = 400;

/** Empty polls since the last element, below which it is a stream: tens of nanoseconds. */
const SOON = 32;

/** At most this share of the ring is held before it is given back, or the producer would stand still meanwhile. */
const SHARE = 4;

/**
 * @typedef {{ memory: SharedArrayBuffer }} Given
 * @typedef {{ capacity: number, block: number }} Params
 */

/** @param {Params} params */
function setup({ capacity }) {
  return { shared: { memory: allocate(capacity * 8) } };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function producer({ memory }, { capacity }) {
  const cursors = cursorsOf(memory);
  const slots = new Float64Array(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  let tail = 0;
  let limit = capacity;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      let t = tail;
      let stop = limit;
      for (let value = first; value < end; value++) {
        while (t === stop) stop = (Atomics.load(cursors, HEAD) + capacity) | 0;
        slots[t & mask] = value;
        t = (t + 1) | 0;
        Atomics.store(cursors, TAIL, t);
      }
      tail = t;
      limit = stop;
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function producerBatch32({ memory }, { capacity }) {
  const cursors = cursorsOf(memory);
  const slots = new Float64Array(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  let tail = 0;
  let limit = capacity;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      let t = tail;
      let stop = limit;
      for (let value = first; value < end; value++) {
        while (t === stop) stop = (Atomics.load(cursors, HEAD) + capacity) | 0;
        slots[t & mask] = value;
        t = (t + 1) | 0;
        if ((t & 31) === 0) Atomics.store(cursors, TAIL, t);
      }
      Atomics.store(cursors, TAIL, t);
      tail = t;
      limit = stop;
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function consumer({ memory }, { capacity }) {
  const cursors = cursorsOf(memory);
  const slots = new Float64Array(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  const most = capacity / SHARE;
  const turns = turnsFor(PAUSE_NS);
  let head = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      let h = head;
      let empty = 0;
      for (let expected = first; expected < end; ) {
        let found = (Atomics.load(cursors, TAIL) - h) | 0;
        if (found === 0) {
          empty++;
          continue;
        }
        if (found > most) found = most;
        // The rest is the next run's: many-rings.js takes turns.
        if (found > end - expected) found = end - expected;
        for (let i = 0; i < found; i++) {
          const value = slots[(h + i) & mask];
          if (value !== expected) lost(expected, value);
          expected++;
        }
        h = (h + found) | 0;
        Atomics.store(cursors, HEAD, h);
        if (empty < SOON && found < FEW && expected < end) pause(turns);
        empty = 0;
      }
      head = h;
    },
  };
}

/**
 * Whole blocks by TypedArray.set, published once each.
 *
 * @param {Given} given
 * @param {Params} params
 */
function producerOfBlocks({ memory }, { capacity, block }) {
  const cursors = cursorsOf(memory);
  const slots = new Float64Array(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  const blocks = makeBlocks(block);
  let tail = 0;
  let cachedHead = 0;
  let next = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      let t = tail;
      let h = cachedHead;
      for (let left = count; left > 0; left--) {
        const source = blocks[next];
        next = (next + 1) % BLOCKS;
        while (((t - h) | 0) > capacity - block) h = Atomics.load(cursors, HEAD);
        const at = t & mask;
        if (at + block <= capacity) {
          slots.set(source, at);
        } else {
          const front = capacity - at;
          slots.set(source.subarray(0, front), at);
          slots.set(source.subarray(front), 0);
        }
        t = (t + block) | 0;
        Atomics.store(cursors, TAIL, t);
      }
      tail = t;
      cachedHead = h;
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function consumerOfBlocks({ memory }, { capacity, block }) {
  const cursors = cursorsOf(memory);
  const slots = new Float64Array(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  const most = capacity / SHARE;
  const period = BLOCKS * block;
  const turns = turnsFor(PAUSE_NS);
  let head = 0;
  let expected = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      let h = head;
      let next = expected;
      let empty = 0;
      for (let left = count * block; left > 0; ) {
        let found = (Atomics.load(cursors, TAIL) - h) | 0;
        if (found === 0) {
          empty++;
          continue;
        }
        if (found > most) found = most;
        for (let i = 0; i < found; i++) {
          const value = slots[(h + i) & mask];
          if (value !== next) lost(next, value);
          next++;
          if (next === period) next = 0;
        }
        h = (h + found) | 0;
        Atomics.store(cursors, HEAD, h);
        left -= found;
        if (empty < SOON && found < FEW) pause(turns);
        empty = 0;
      }
      head = h;
      expected = next;
    },
  };
}

// The same ring over BigInt64Array. The numbers are wrapped to 64 bits, which lets TurboFan keep them in registers.

/**
 * @param {Given} given
 * @param {Params} params
 */
function producerOfBigInts({ memory }, { capacity }) {
  const cursors = cursorsOf(memory);
  const slots = new BigUint64Array(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  let tail = 0;
  let limit = capacity;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      let value = BigInt(first);
      let t = tail;
      let stop = limit;
      for (let left = count; left > 0; left--) {
        while (t === stop) stop = (Atomics.load(cursors, HEAD) + capacity) | 0;
        slots[t & mask] = value;
        value = BigInt.asUintN(64, value + 1n);
        t = (t + 1) | 0;
        Atomics.store(cursors, TAIL, t);
      }
      tail = t;
      limit = stop;
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function consumerOfBigInts({ memory }, { capacity }) {
  const cursors = cursorsOf(memory);
  const slots = new BigUint64Array(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  const most = capacity / SHARE;
  const turns = turnsFor(PAUSE_NS);
  let head = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      let expected = BigInt(first);
      let h = head;
      let empty = 0;
      for (let left = count; left > 0; ) {
        let found = (Atomics.load(cursors, TAIL) - h) | 0;
        if (found === 0) {
          empty++;
          continue;
        }
        if (found > most) found = most;
        for (let i = 0; i < found; i++) {
          const value = slots[(h + i) & mask];
          if (value !== expected) lost(expected, value);
          expected = BigInt.asUintN(64, expected + 1n);
        }
        h = (h + found) | 0;
        Atomics.store(cursors, HEAD, h);
        left -= found;
        if (empty < SOON && found < FEW) pause(turns);
        empty = 0;
      }
      head = h;
    },
  };
}

// Round trips over two of these rings, one number there and back; nothing is a stream here, so nothing is paced.

/** @param {Params} params */
function setupPair({ capacity }) {
  return { shared: { there: allocate(capacity * 8), back: allocate(capacity * 8) } };
}

/**
 * @param {{ there: SharedArrayBuffer, back: SharedArrayBuffer }} given
 * @param {Params} params
 */
function initiator({ there, back }, { capacity }) {
  const out = cursorsOf(there);
  const outSlots = new Float64Array(there, SLOTS_OFFSET, capacity);
  const home = cursorsOf(back);
  const homeSlots = new Float64Array(back, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  let at = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const samples = new Float64Array(count);
      let t = at;
      let before = performance.now();
      for (let i = 0; i < count; i++) {
        outSlots[t & mask] = first + i;
        Atomics.store(out, TAIL, (t + 1) | 0);
        while (Atomics.load(home, TAIL) === t);
        const value = homeSlots[t & mask];
        if (value !== first + i) lost(first + i, value);
        t = (t + 1) | 0;
        Atomics.store(home, HEAD, t);
        const now = performance.now();
        samples[i] = now - before;
        before = now;
      }
      at = t;
      return { samples };
    },
  };
}

/**
 * @param {{ there: SharedArrayBuffer, back: SharedArrayBuffer }} given
 * @param {Params} params
 */
function responder({ there, back }, { capacity }) {
  const away = cursorsOf(there);
  const awaySlots = new Float64Array(there, SLOTS_OFFSET, capacity);
  const home = cursorsOf(back);
  const homeSlots = new Float64Array(back, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  let at = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      let t = at;
      for (let i = 0; i < count; i++) {
        while (Atomics.load(away, TAIL) === t);
        homeSlots[t & mask] = awaySlots[t & mask];
        t = (t + 1) | 0;
        Atomics.store(away, HEAD, t);
        Atomics.store(home, TAIL, t);
      }
      at = t;
    },
  };
}

export const shapes = {
  'f64-one': { setup, producer, consumer },
  'f64-batch32': { setup, producer: producerBatch32, consumer },
  'f64-blocks': { setup, producer: producerOfBlocks, consumer: consumerOfBlocks },
  'u64-one': { setup, producer: producerOfBigInts, consumer: consumerOfBigInts },
  'rtt-spin': { setup: setupPair, producer: initiator, consumer: responder },
};
