// The honest bar for messages: variable length, a prefix of eight bytes so that every payload is aligned, written
// and visited in place, paced like the tuned ring (which says why). A message never straddles the end: where it does
// not fit, a prefix of -1 sends the consumer back to the start. Cursors count bytes and run freely.

import { checkAt, largest, makePool, POOL_MASK, sizeOf, stamp } from '../workload/message.js';
import { lost } from '../workload/sequence.js';
import { LINES_MASK, LINE_LENGTH, makeLines } from '../workload/lines.js';
import { HEAD, SLOTS_OFFSET, TAIL, allocate, cursorsOf } from './layout.js';
import { pause, turnsFor } from './pause.js';

const PREFIX = 8;
const SKIP = -1;

/** Bytes: a poll that finds less came too early. The same time's worth of data as in the tuned ring. */
const FEW = 2048;
const PAUSE_NS = 400;
const SOON = 32;
const SHARE = 4;

/**
 * Up to here a loop over 64-bit words (which TurboFan keeps in registers: no BigInt is made) beats the call that
 * TypedArray.set is: 21 against 24 ns for a whole 64-byte message, 32-bit words 32 ns.
 */
const SHORT = 128;

/**
 * @typedef {{ memory: SharedArrayBuffer }} Given
 * @typedef {{ bytes: number, size: number | 'mixed', publish: number }} Params
 */

/** @param {Params} params */
function setup({ bytes, size }) {
  if (largest(size) + PREFIX > bytes / 2) throw new RangeError(`a ring of ${bytes} bytes is too small for messages of ${size}`);
  return { shared: { memory: allocate(bytes) } };
}

/** @param {number} length */
function roomFor(length) {
  return (length + PREFIX + 7) & ~7;
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function producer({ memory }, { bytes: capacity, size, publish }) {
  const cursors = cursorsOf(memory);
  const words = new Int32Array(memory, SLOTS_OFFSET, capacity / 4);
  const wide = new BigInt64Array(memory, SLOTS_OFFSET, capacity / 8);
  const octets = new Uint8Array(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  const { bytes, views } = makePool(size);
  // Whole words for the copy loop; what is left of a size that is no multiple of eight goes byte by byte.
  const sources = bytes.map((message) => new BigInt64Array(message.buffer, 0, message.length >> 3));
  let tail = 0;
  let cachedHead = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      let t = tail;
      let h = cachedHead;
      let pending = 0;
      for (let seq = first; seq < end; seq++) {
        const index = seq & POOL_MASK;
        stamp(views[index], seq);
        const message = bytes[index];
        const length = message.length;
        const room = roomFor(length);
        let at = t & mask;
        const skipped = at + room > capacity ? capacity - at : 0;
        if (((t - h) | 0) + skipped + room > capacity) {
          // What is pending must be seen before one waits for room.
          if (pending > 0) Atomics.store(cursors, TAIL, t);
          pending = 0;
          do h = Atomics.load(cursors, HEAD);
          while (((t - h) | 0) + skipped + room > capacity);
        }
        if (skipped > 0) {
          words[at >> 2] = SKIP;
          t = (t + skipped) | 0;
          at = 0;
        }
        words[at >> 2] = length;
        const to = at + PREFIX;
        if (length <= SHORT) {
          const source = sources[index];
          const base = to >> 3;
          const whole = source.length;
          for (let i = 0; i < whole; i++) wide[base + i] = source[i];
          for (let i = length & ~7; i < length; i++) octets[to + i] = message[i];
        } else {
          octets.set(message, to);
        }
        t = (t + room) | 0;
        if (++pending >= publish) {
          Atomics.store(cursors, TAIL, t);
          pending = 0;
        }
      }
      Atomics.store(cursors, TAIL, t);
      tail = t;
      cachedHead = h;
    },
  };
}

/**
 * @param {Given} given
 * @param {Params} params
 */
function consumer({ memory }, { bytes: capacity, size }) {
  const cursors = cursorsOf(memory);
  const words = new Int32Array(memory, SLOTS_OFFSET, capacity / 4);
  const octets = new DataView(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  const most = capacity / SHARE;
  const lengthAt = sizeOf(size);
  const turns = turnsFor(PAUSE_NS);
  let head = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      let h = head;
      let empty = 0;
      for (let seq = first; seq < end; ) {
        const tail = Atomics.load(cursors, TAIL);
        const from = h;
        if (tail === from) {
          empty++;
          continue;
        }
        while (h !== tail && ((h - from) | 0) < most) {
          const at = h & mask;
          const length = words[at >> 2];
          if (length === SKIP) {
            h = (h + capacity - at) | 0;
            continue;
          }
          if (length !== lengthAt(seq)) lost(`${lengthAt(seq)} bytes`, `${length} bytes`);
          checkAt(octets, at + PREFIX, length, seq);
          seq++;
          h = (h + roomFor(length)) | 0;
        }
        Atomics.store(cursors, HEAD, h);
        if (empty < SOON && ((h - from) | 0) < FEW) pause(turns);
        empty = 0;
      }
      head = h;
    },
  };
}

// Strings: the same ring, with Buffer's UTF-8 routines working straight on its memory (TextEncoder and TextDecoder refuse
// shared memory or are slower).

/** Three bytes is the most that one UTF-16 unit can become. */
const MOST_UTF8 = 3;

/**
 * @param {Given} given
 * @param {Params} params
 */
function producerOfStrings({ memory }, { bytes: capacity }) {
  const cursors = cursorsOf(memory);
  const words = new Int32Array(memory, SLOTS_OFFSET, capacity / 4);
  const octets = Buffer.from(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  const lines = makeLines();
  let tail = 0;
  let cachedHead = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      let t = tail;
      let h = cachedHead;
      for (let seq = first; seq < end; seq++) {
        const line = lines[seq & LINES_MASK];
        const room = roomFor(line.length * MOST_UTF8);
        let at = t & mask;
        const skipped = at + room > capacity ? capacity - at : 0;
        while (((t - h) | 0) + skipped + room > capacity) h = Atomics.load(cursors, HEAD);
        if (skipped > 0) {
          words[at >> 2] = SKIP;
          t = (t + skipped) | 0;
          at = 0;
        }
        const length = octets.write(line, at + PREFIX, 'utf8');
        words[at >> 2] = length;
        t = (t + roomFor(length)) | 0;
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
function consumerOfStrings({ memory }, { bytes: capacity }) {
  const cursors = cursorsOf(memory);
  const words = new Int32Array(memory, SLOTS_OFFSET, capacity / 4);
  const octets = Buffer.from(memory, SLOTS_OFFSET, capacity);
  const mask = capacity - 1;
  const most = capacity / SHARE;
  const lines = makeLines();
  const turns = turnsFor(PAUSE_NS);
  let head = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      let h = head;
      let empty = 0;
      for (let seq = first; seq < end; ) {
        const tail = Atomics.load(cursors, TAIL);
        const from = h;
        if (tail === from) {
          empty++;
          continue;
        }
        while (h !== tail && ((h - from) | 0) < most) {
          const at = h & mask;
          const length = words[at >> 2];
          if (length === SKIP) {
            h = (h + capacity - at) | 0;
            continue;
          }
          const line = octets.toString('utf8', at + PREFIX, at + PREFIX + length);
          if (line !== lines[seq & LINES_MASK]) lost(lines[seq & LINES_MASK], line);
          seq++;
          h = (h + roomFor(length)) | 0;
        }
        Atomics.store(cursors, HEAD, h);
        // A string costs a hundred nanoseconds at either end: fewer of them make the same pause worth it.
        if (empty < SOON && ((h - from) | 0) < 4 * (LINE_LENGTH + PREFIX)) pause(turns);
        empty = 0;
      }
      head = h;
    },
  };
}

export const shapes = {
  messages: { setup, producer, consumer },
  strings: {
    /** @param {Params} params */
    setup: ({ bytes }) => ({ shared: { memory: allocate(bytes) } }),
    producer: producerOfStrings,
    consumer: consumerOfStrings,
  },
};
