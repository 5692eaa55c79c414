// The honest bar for messages: variable length, a prefix of eight bytes so that every payload is aligned, written
// and visited in place, paced like the tuned ring (which says why). A message never straddles the end: where it does
// not fit, a prefix of -1 sends the consumer back to the start. Cursors count bytes and run freely.

import { checkMessagesIn, largest, makePool, POOL_MASK, stamp } from '../workload/message.js';
import { LINE_LENGTH, checkLines, lines } from '../workload/lines.js';
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
 * @typedef {{ words: Int32Array, wide: BigInt64Array, octets: Buffer, view: DataView }} Views of the same bytes
 * @typedef {{ most(seq: number): number, write(at: number, seq: number): number }} Writer room for the payload at most,
 * and how much of it was taken
 * @typedef {{ begin(from: number, to: number): void, read(at: number, length: number, seq: number): void }} Reader told of
 * each run that has been published, and of each payload in it
 */

/** @param {number} length */
function roomFor(length) {
  return (length + PREFIX + 7) & ~7;
}

/** @param {Given} given @param {Params} params @returns {Views} */
function viewsOf({ memory }, { bytes }) {
  return {
    words: new Int32Array(memory, SLOTS_OFFSET, bytes / 4),
    wide: new BigInt64Array(memory, SLOTS_OFFSET, bytes / 8),
    octets: Buffer.from(memory, SLOTS_OFFSET, bytes),
    view: new DataView(memory, SLOTS_OFFSET, bytes),
  };
}

/** @param {(views: Views, params: Params) => Writer} writer */
function producing(writer) {
  return (/** @type {Given} */ given, /** @type {Params} */ params) => {
    const cursors = cursorsOf(given.memory);
    const { bytes: capacity, publish = 1 } = params;
    const views = viewsOf(given, params);
    const { words } = views;
    const { most, write } = writer(views, params);
    const mask = capacity - 1;
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
          const room = roomFor(most(seq));
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
          const length = write(at + PREFIX, seq);
          words[at >> 2] = length;
          t = (t + roomFor(length)) | 0;
          if (++pending >= publish) {
            Atomics.store(cursors, TAIL, t);
            pending = 0;
          }
        }
        if (pending > 0) Atomics.store(cursors, TAIL, t);
        tail = t;
        cachedHead = h;
      },
    };
  };
}

/**
 * @param {number} few bytes
 * @param {(views: Views, params: Params) => Reader} reader
 */
function consuming(few, reader) {
  return (/** @type {Given} */ given, /** @type {Params} */ params) => {
    const cursors = cursorsOf(given.memory);
    const { bytes: capacity } = params;
    const views = viewsOf(given, params);
    const { words } = views;
    const { begin, read } = reader(views, params);
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
        for (let seq = first; seq < end; ) {
          const tail = Atomics.load(cursors, TAIL);
          const from = h;
          if (tail === from) {
            empty++;
            continue;
          }
          begin(from & mask, Math.min((from & mask) + ((tail - from) | 0), capacity));
          while (h !== tail && ((h - from) | 0) < most) {
            const at = h & mask;
            const length = words[at >> 2];
            if (length === SKIP) {
              h = (h + capacity - at) | 0;
              begin(0, (tail - h) | 0);
              continue;
            }
            read(at + PREFIX, length, seq);
            seq++;
            h = (h + roomFor(length)) | 0;
          }
          Atomics.store(cursors, HEAD, h);
          if (empty < SOON && ((h - from) | 0) < few) pause(turns);
          empty = 0;
        }
        head = h;
      },
    };
  };
}

function ignore() {}

/** @type {(views: Views, params: Params) => Writer} */
function messageWriter({ wide, octets }, { size }) {
  const { bytes, views } = makePool(size);
  // Whole words for the copy loop; what is left of a size that is no multiple of eight goes byte by byte.
  const sources = bytes.map((message) => new BigInt64Array(message.buffer, 0, message.length >> 3));
  return {
    most: (seq) => bytes[seq & POOL_MASK].length,
    write(at, seq) {
      const index = seq & POOL_MASK;
      stamp(views[index], seq);
      const message = bytes[index];
      const length = message.length;
      if (length > SHORT) {
        octets.set(message, at);
        return length;
      }
      const source = sources[index];
      const base = at >> 3;
      const whole = source.length;
      for (let i = 0; i < whole; i++) wide[base + i] = source[i];
      for (let i = length & ~7; i < length; i++) octets[at + i] = message[i];
      return length;
    },
  };
}

/** @type {(views: Views, params: Params) => Reader} */
function messageReader({ view }, params) {
  const check = checkMessagesIn(params);
  return { begin: ignore, read: (at, length, seq) => check(view, at, length, seq) };
}

// Strings: the same ring, with Buffer's routines working straight on its memory (TextEncoder and TextDecoder refuse
// shared memory or are slower). The second half of the prefix says whether all of it is ASCII, which is told by a length in
// bytes that is that in characters: Latin-1 is decoded in half the time of UTF-8.

/** Three bytes is the most that one UTF-16 unit can become. */
const MOST_UTF8 = 3;

/** @type {(views: Views, params: Params) => Writer} */
function stringWriter({ words, octets }) {
  const lineAt = lines();
  return {
    most: (seq) => lineAt(seq).length * MOST_UTF8,
    write(at, seq) {
      const line = lineAt(seq);
      const length = octets.utf8Write(line, at, line.length * MOST_UTF8);
      words[(at >> 2) - 1] = length === line.length ? 1 : 0;
      return length;
    },
  };
}

/** Each string by itself. @type {(views: Views, params: Params) => Reader} */
function stringReader({ words, octets }) {
  const check = checkLines();
  return {
    begin: ignore,
    read(at, length, seq) {
      check(words[(at >> 2) - 1] === 1 ? octets.latin1Slice(at, at + length) : octets.utf8Slice(at, at + length), seq);
    },
  };
}

/** Bytes that are decoded at once, at most: 4 and 16 KiB cost the same, 64 KiB a tenth more. */
const TEXT = 16 * 1024;

/** All that is there as one text, which is cut. @type {(views: Views, params: Params) => Reader} */
function textReader({ words, octets }) {
  const check = checkLines();
  let text = '';
  let base = 0;
  let published = 0;
  return {
    begin(from, to) {
      text = '';
      base = from;
      published = to;
    },
    read(at, length, seq) {
      if (words[(at >> 2) - 1] !== 1) {
        check(octets.utf8Slice(at, at + length), seq);
        return;
      }
      if (at + length > base + text.length) {
        base = at;
        text = octets.latin1Slice(base, Math.max(at + length, Math.min(published, base + TEXT)));
      }
      check(text.substring(at - base, at - base + length), seq);
    },
  };
}

/** A string costs tens of nanoseconds at either end: fewer of them make the same pause worth it. */
const FEW_STRINGS = 4 * (LINE_LENGTH + PREFIX);

const strings = {
  /** @param {Params} params */
  setup: ({ bytes }) => ({ shared: { memory: allocate(bytes) } }),
  producer: producing(stringWriter),
};

export const shapes = {
  messages: {
    /** @param {Params} params */
    setup({ bytes, size }) {
      if (largest(size) + PREFIX > bytes / 2) throw new RangeError(`a ring of ${bytes} bytes is too small for messages of ${size}`);
      return { shared: { memory: allocate(bytes) } };
    },
    producer: producing(messageWriter),
    consumer: consuming(FEW, messageReader),
  },
  strings: { ...strings, consumer: consuming(FEW_STRINGS, stringReader) },
  'strings-at-once': { ...strings, consumer: consuming(FEW_STRINGS, textReader) },
};
