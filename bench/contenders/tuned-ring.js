// The honest bar: the hand-written ring with every technique that we know, in JavaScript alone. Nobody ships it. Against
// the plain one: the consumer takes all there is at each poll and gives it back at once; and it is paced. A consumer
// that has caught up otherwise polls after every element or two and each time takes the line of `tail` away from the
// producer; a pause after a poll that found few lets the producer get on. It pauses only in a stream, which is told by how
// few empty polls lie between: to ask for none at all does not do, for a consumer that is faster than its producer then
// sees one element, nothing, one element, … and stays unpaced for good (measured: runs of 60 and of 200 ns in turn).

import { blocks, checkStretches } from '../workload/blocks.js';
import { lost } from '../workload/sequence.js';
import { HEAD, SLOTS_OFFSET, TAIL, allocate, cursorsOf } from './layout.js';
import { pause, turnsFor } from './pause.js';
import { initiator, responder } from './round-trips.js';

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
 * @typedef {(slots: Float64Array, start: number, end: number, at: number) => void} Check looks at these slots, which are `at`
 * elements after the beginning of the sequence
 */

/** @param {Params} params */
function setup({ capacity }) {
  return { shared: { memory: allocate(capacity * 8) } };
}

/** @param {number} every a power of two: publishes so many at a time, and what is left at the end */
function producing(every) {
  return (/** @type {Given} */ { memory }, /** @type {Params} */ { capacity }) => {
    const cursors = cursorsOf(memory);
    const slots = new Float64Array(memory, SLOTS_OFFSET, capacity);
    const mask = capacity - 1;
    let tail = 0;
    let limit = capacity;
    return {
      /** @type {import('../harness/contract.js').End['run']} */
      run(first, count) {
        const end = first + count;
        const low = every - 1;
        let t = tail;
        let stop = limit;
        for (let value = first; value < end; value++) {
          while (t === stop) stop = (Atomics.load(cursors, HEAD) + capacity) | 0;
          slots[t & mask] = value;
          t = (t + 1) | 0;
          if ((t & low) === 0) Atomics.store(cursors, TAIL, t);
        }
        if (every > 1) Atomics.store(cursors, TAIL, t);
        tail = t;
        limit = stop;
      },
    };
  };
}

/**
 * @param {(params: Params) => number} elementsOf elements in one of what `run` counts
 * @param {(params: Params) => Check} checker
 */
function consuming(elementsOf, checker) {
  return (/** @type {Given} */ { memory }, /** @type {Params} */ params) => {
    const { capacity } = params;
    const elements = elementsOf(params);
    const check = checker(params);
    const cursors = cursorsOf(memory);
    const slots = new Float64Array(memory, SLOTS_OFFSET, capacity);
    const mask = capacity - 1;
    const most = capacity / SHARE;
    const turns = turnsFor(PAUSE_NS);
    let head = 0;
    return {
      /** @type {import('../harness/contract.js').End['run']} */
      run(first, count) {
        const end = (first + count) * elements;
        let h = head;
        let empty = 0;
        for (let expected = first * elements; expected < end; ) {
          let found = (Atomics.load(cursors, TAIL) - h) | 0;
          if (found === 0) {
            empty++;
            continue;
          }
          if (found > most) found = most;
          // The rest is the next run's: many-rings.js takes turns.
          if (found > end - expected) found = end - expected;
          const start = h & mask;
          const front = Math.min(found, capacity - start);
          check(slots, start, start + front, expected);
          if (front < found) check(slots, 0, found - front, expected + front);
          expected += found;
          h = (h + found) | 0;
          Atomics.store(cursors, HEAD, h);
          if (empty < SOON && found < FEW && expected < end) pause(turns);
          empty = 0;
        }
        head = h;
      },
    };
  };
}

/** One counter in the loop, not two: 1.4 ns for 1.9. @type {Check} */
const checkNumbers = (slots, start, end, at) => {
  const ahead = at - start;
  for (let i = start; i < end; i++) if (slots[i] !== i + ahead) lost(i + ahead, slots[i]);
};

const consumer = consuming(() => 1, () => checkNumbers);

/**
 * Whole blocks by TypedArray.set, published once each.
 *
 * @param {Given} given
 * @param {Params} params
 */
function producerOfBlocks({ memory }, params) {
  const { capacity, block } = params;
  const cursors = cursorsOf(memory);
  const slots = new Float64Array(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  const sourceAt = blocks(params);
  let tail = 0;
  let cachedHead = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      let t = tail;
      let h = cachedHead;
      for (let seq = first; seq < end; seq++) {
        const source = sourceAt(seq);
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
 * @param {(send: import('./round-trips.js').Send, receive: import('./round-trips.js').Receive) => import('../harness/contract.js').End} make
 * @param {'there' | 'back'} out
 * @param {'there' | 'back'} home
 */
function endOfPair(make, out, home) {
  return (/** @type {{ there: SharedArrayBuffer, back: SharedArrayBuffer }} */ given, /** @type {Params} */ { capacity }) => {
    const mask = capacity - 1;
    const away = cursorsOf(given[out]);
    const awaySlots = new Float64Array(given[out], SLOTS_OFFSET, capacity);
    const here = cursorsOf(given[home]);
    const hereSlots = new Float64Array(given[home], SLOTS_OFFSET, capacity);
    let tail = 0;
    let head = 0;
    return make(
      (seq) => {
        awaySlots[tail & mask] = seq;
        tail = (tail + 1) | 0;
        Atomics.store(away, TAIL, tail);
      },
      () => {
        while (Atomics.load(here, TAIL) === head);
        const value = hereSlots[head & mask];
        head = (head + 1) | 0;
        Atomics.store(here, HEAD, head);
        return value;
      },
    );
  };
}

export const shapes = {
  'f64-one': { setup, producer: producing(1), consumer },
  'f64-batch32': { setup, producer: producing(32), consumer },
  'f64-blocks': { setup, producer: producerOfBlocks, consumer: consuming(({ block }) => block, checkStretches) },
  'u64-one': { setup, producer: producerOfBigInts, consumer: consumerOfBigInts },
  'rtt-spin': { setup: setupPair, producer: endOfPair(initiator, 'there', 'back'), consumer: endOfPair(responder, 'back', 'there') },
};
