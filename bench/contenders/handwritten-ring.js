// The ring that a good programmer writes in an afternoon: free-running Int32 cursors a line apart, the peer's
// cursor cached in a local, a mask, everything inlined into the caller's loop, no allocation. Each side takes and gives
// one element at a time; the consumer polls as fast as it can.

import { checkNumbers, lost } from '../workload/sequence.js';
import { HEAD, SLOTS_OFFSET, TAIL, allocate, cursorsOf } from './layout.js';

/**
 * @typedef {{ memory: SharedArrayBuffer }} Given
 * @typedef {{ capacity: number }} Params in elements
 */

/** @param {number} width doubles in an element */
const setup = (width) => (/** @type {Params} */ { capacity }) => ({ shared: { memory: allocate(capacity * width * 8) } });

/**
 * @param {number} width
 * @param {number} every a power of two: publishes so many at a time, and what is left at the end
 * @param {() => (slots: Float64Array, index: number, seq: number) => void} writer
 */
function producing(width, every, writer) {
  return (/** @type {Given} */ { memory }, /** @type {Params} */ { capacity }) => {
    const cursors = cursorsOf(memory);
    const slots = new Float64Array(memory, SLOTS_OFFSET, capacity * width);
    const write = writer();
    const mask = capacity - 1;
    let tail = 0;
    let cachedHead = 0;
    return {
      /** @type {import('../harness/contract.js').End['run']} */
      run(first, count) {
        const end = first + count;
        let t = tail;
        let h = cachedHead;
        for (let seq = first; seq < end; seq++) {
          while (((t - h) | 0) === capacity) h = Atomics.load(cursors, HEAD);
          write(slots, t & mask, seq);
          t = (t + 1) | 0;
          if ((t & (every - 1)) === 0) Atomics.store(cursors, TAIL, t);
        }
        if (every > 1) Atomics.store(cursors, TAIL, t);
        tail = t;
        cachedHead = h;
      },
    };
  };
}

/**
 * @param {number} width
 * @param {() => (slots: Float64Array, index: number) => any} reader takes an element out
 * @param {() => (element: any, seq: number) => void} checker looks at it, when its slot has been given back
 */
function consuming(width, reader, checker) {
  return (/** @type {Given} */ { memory }, /** @type {Params} */ { capacity }) => {
    const cursors = cursorsOf(memory);
    const slots = new Float64Array(memory, SLOTS_OFFSET, capacity * width);
    const read = reader();
    const check = checker();
    const mask = capacity - 1;
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
          const element = read(slots, h & mask);
          h = (h + 1) | 0;
          Atomics.store(cursors, HEAD, h);
          check(element, seq);
        }
        head = h;
        cachedTail = t;
      },
    };
  };
}

/** @type {(slots: Float64Array, index: number, seq: number) => void} */
const writeNumber = (slots, index, seq) => {
  slots[index] = seq;
};
const consumer = consuming(1, () => (slots, index) => slots[index], checkNumbers);

// 64-byte messages as eight doubles: the number in the first and, complemented, in the last.

function writerOf8() {
  const message = Float64Array.from({ length: 8 }, (_, i) => i + 0.5);
  return (/** @type {Float64Array} */ slots, /** @type {number} */ index, /** @type {number} */ seq) => {
    message[0] = seq;
    message[7] = ~seq;
    const at = index << 3;
    for (let i = 0; i < 8; i++) slots[at + i] = message[i];
  };
}

function readerOf8() {
  const message = new Float64Array(8);
  return (/** @type {Float64Array} */ slots, /** @type {number} */ index) => {
    const at = index << 3;
    for (let i = 0; i < 8; i++) message[i] = slots[at + i];
    return message;
  };
}

const checkerOf8 = () => (/** @type {Float64Array} */ message, /** @type {number} */ seq) => {
  if (message[0] !== seq) lost(seq, message[0]);
  if (message[7] !== ~seq) lost(~seq, message[7]);
};

export const shapes = {
  'f64-one': { setup: setup(1), producer: producing(1, 1, () => writeNumber), consumer },
  'f64-batch32': { setup: setup(1), producer: producing(1, 32, () => writeNumber), consumer },
  'msg64-one': { setup: setup(8), producer: producing(8, 1, writerOf8), consumer: consuming(8, readerOf8, checkerOf8) },
};
