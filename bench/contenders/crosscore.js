// The ring of this package, through its public surface and nothing else.

import { BLOCKS, makeBlocks } from '../workload/blocks.js';
import { FRAME_BYTES, checkFrame, stampFrame, wordsOf } from '../workload/frame.js';
import { LINES_MASK, makeLines } from '../workload/lines.js';
import { check, checkAt, makePool, POOL_MASK, sizeOf, stamp } from '../workload/message.js';
import { lost } from '../workload/sequence.js';
import { loadPackage, makeRing } from './crosscore-package.js';

/**
 * @typedef {any} Handle
 * @typedef {{ handle: Handle }} Given
 * @typedef {{ of: string, capacity: number, publish: 'each' | 'tick' | number, memory: string | undefined, needs: string[],
 *   size: number | 'mixed', block: number, timeout: number }} Params
 */

/**
 * @param {any} crosscore
 * @param {Params} params
 */
function ringFor(crosscore, { of, capacity, publish = 'each', memory, needs }) {
  return makeRing(crosscore, { of, capacity, publish, ...(memory && { memory }) }, needs);
}

/** @param {Params} params */
async function setup(params) {
  const { producer, consumer } = ringFor(await loadPackage(), params);
  return { producer: { token: producer.move() }, consumer: { token: consumer.move() } };
}

/**
 * Wraps what makes an end from a handle into what makes one from a token.
 *
 * @param {'Producer' | 'Consumer'} kind
 * @param {(handle: Handle, params: Params) => import('../harness/contract.js').End} make
 */
function claim(kind, make) {
  return async (/** @type {{ token: any }} */ { token }, /** @type {Params} */ params) => {
    const crosscore = await loadPackage();
    return make(crosscore[kind].from(token), params);
  };
}

// Numbers, one at a time.

/** @param {Handle} ring */
function pushOneByOne(ring) {
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let value = first; value < end; value++) {
        while (!ring.push(value));
      }
      ring.flush();
    },
  };
}

/** @param {Handle} ring */
function popOneByOne(ring) {
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let expected = first; expected < end; ) {
        const value = ring.pop();
        if (value === undefined) continue;
        if (value !== expected) lost(expected, value);
        expected++;
      }
    },
  };
}

/** @param {Handle} ring */
function drainNumbers(ring) {
  let expected = 0;
  /** @param {number} value */
  const visit = (value) => {
    if (value !== expected) lost(expected, value);
    expected++;
  };
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      expected = first;
      for (let left = count; left > 0; ) left -= ring.drain(visit);
    },
  };
}

/** @param {Handle} ring */
function visitNumbers(ring) {
  let expected = 0;
  /** @type {(elements: Float64Array, start: number, end: number) => void} */
  const visit = (elements, start, end) => {
    for (let i = start; i < end; i++) {
      if (elements[i] !== expected) lost(expected, elements[i]);
      expected++;
    }
  };
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      expected = first;
      for (let left = count; left > 0; ) left -= ring.visit(visit);
    },
  };
}

/** @param {Handle} ring */
function pushBigInts(ring) {
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      let value = BigInt(first);
      for (let left = count; left > 0; left--) {
        while (!ring.push(value));
        value = BigInt.asUintN(64, value + 1n);
      }
      ring.flush();
    },
  };
}

/** @param {Handle} ring */
function popBigInts(ring) {
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      let expected = BigInt(first);
      for (let left = count; left > 0; ) {
        const value = ring.pop();
        if (value === undefined) continue;
        if (value !== expected) lost(expected, value);
        expected = BigInt.asUintN(64, expected + 1n);
        left--;
      }
    },
  };
}

// Numbers in blocks.

/**
 * @param {Handle} ring
 * @param {Params} params
 */
function pushBlocks(ring, { block }) {
  const blocks = makeBlocks(block);
  let next = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(_first, count) {
      for (let left = count; left > 0; left--) {
        const source = blocks[next];
        next = (next + 1) % BLOCKS;
        let done = ring.pushMany(source);
        while (done < block) done += ring.pushMany(source.subarray(done));
      }
      ring.flush();
    },
  };
}

/**
 * @param {Handle} ring
 * @param {Params} params
 */
function popBlocks(ring, { block }) {
  const into = new Float64Array(block);
  const period = BLOCKS * block;
  let expected = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(_first, count) {
      let next = expected;
      for (let left = count * block; left > 0; ) {
        const found = ring.popMany(into);
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
 * @param {Handle} ring
 * @param {Params} params
 */
function reserveBlocks(ring, { block }) {
  const blocks = makeBlocks(block);
  let next = 0;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(_first, count) {
      for (let left = count; left > 0; left--) {
        const source = blocks[next];
        next = (next + 1) % BLOCKS;
        let view = ring.reserve(block);
        while (view === null) view = ring.reserve(block);
        view.set(source);
        ring.commit();
      }
      ring.flush();
    },
  };
}

/**
 * @param {Handle} ring
 * @param {Params} params
 */
function visitBlocks(ring, { block }) {
  const period = BLOCKS * block;
  let expected = 0;
  /** @type {(elements: Float64Array, start: number, end: number) => void} */
  const visit = (elements, start, end) => {
    let next = expected;
    for (let i = start; i < end; i++) {
      if (elements[i] !== next) lost(next, elements[i]);
      next++;
      if (next === period) next = 0;
    }
    expected = next;
  };
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(_first, count) {
      for (let left = count * block; left > 0; ) left -= ring.visit(visit);
    },
  };
}

// Messages.

/**
 * @param {Handle} ring
 * @param {Params} params
 */
function pushMessages(ring, { size }) {
  const { bytes, views } = makePool(size);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        const index = seq & POOL_MASK;
        stamp(views[index], seq);
        while (!ring.push(bytes[index]));
      }
      ring.flush();
    },
  };
}

/**
 * @param {Handle} ring
 * @param {Params} params
 */
function reserveMessages(ring, { size }) {
  const { bytes, views } = makePool(size);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        const index = seq & POOL_MASK;
        stamp(views[index], seq);
        const message = bytes[index];
        let view = ring.reserve(message.length);
        while (view === null) view = ring.reserve(message.length);
        view.set(message);
        ring.commit();
      }
      ring.flush();
    },
  };
}

/**
 * Blocks until there is room, as its user on the main thread of `nx-shape` does.
 *
 * @param {Handle} ring
 * @param {Params} params
 */
function pushMessagesSync(ring, { size }) {
  const { bytes, views } = makePool(size);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        const index = seq & POOL_MASK;
        stamp(views[index], seq);
        if (!ring.pushSync(bytes[index])) lost(seq, 'a refusal by pushSync');
      }
      ring.flush();
    },
  };
}

/**
 * @param {Handle} ring
 * @param {Params} params
 */
function drainMessages(ring, { size }) {
  const lengthAt = sizeOf(size);
  let expected = 0;
  /** @param {Uint8Array} message */
  const visit = (message) => {
    check(message, lengthAt(expected), expected);
    expected++;
  };
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      expected = first;
      for (let left = count; left > 0; ) left -= ring.drain(visit);
    },
  };
}

/**
 * As drainMessages, without a view for each message.
 *
 * @param {Handle} ring
 * @param {Params} params
 */
function visitMessages(ring, { size }) {
  const lengthAt = sizeOf(size);
  let expected = 0;
  /** @type {DataView | undefined} */
  let memory;
  /** @type {(bytes: Uint8Array, start: number, end: number) => void} */
  const visit = (bytes, start, end) => {
    memory ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const length = end - start;
    if (length !== lengthAt(expected)) lost(`${lengthAt(expected)} bytes`, `${length} bytes`);
    checkAt(memory, start, length, expected);
    expected++;
  };
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      expected = first;
      for (let left = count; left > 0; ) left -= ring.visit(visit);
    },
  };
}

// Strings.

/** @param {Handle} ring */
function pushLines(ring) {
  const lines = makeLines();
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        const line = lines[seq & LINES_MASK];
        while (!ring.push(line));
      }
      ring.flush();
    },
  };
}

/** @param {Handle} ring */
function drainLines(ring) {
  const lines = makeLines();
  let expected = 0;
  /** @param {string} line */
  const visit = (line) => {
    if (line !== lines[expected & LINES_MASK]) lost(lines[expected & LINES_MASK], line);
    expected++;
  };
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      expected = first;
      for (let left = count; left > 0; ) left -= ring.drain(visit);
    },
  };
}

// Strings as messages, encoded and decoded by the program.

/** A code unit of UTF-16 takes at most so many bytes of UTF-8. */
const MOST_UTF8 = 3;

/** @param {Handle} ring */
function encodeLines(ring) {
  const lines = makeLines();
  /** @type {Buffer | undefined} */
  let memory;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        const line = lines[seq & LINES_MASK];
        const most = line.length * MOST_UTF8;
        let view = ring.reserve(most);
        while (view === null) view = ring.reserve(most);
        // One Buffer over the ring's memory, because only a Buffer writes a string without making anything.
        memory ??= Buffer.from(view.buffer);
        ring.commit(memory.write(line, view.byteOffset, most, 'utf8'));
      }
      ring.flush();
    },
  };
}

/** @param {Handle} ring */
function decodeLines(ring) {
  const lines = makeLines();
  let expected = 0;
  /** @type {Buffer | undefined} */
  let memory;
  /** @type {(bytes: Uint8Array, start: number, end: number) => void} */
  const visit = (bytes, start, end) => {
    memory ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const line = memory.toString('utf8', start, end);
    if (line !== lines[expected & LINES_MASK]) lost(lines[expected & LINES_MASK], line);
    expected++;
  };
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      expected = first;
      for (let left = count; left > 0; ) left -= ring.visit(visit);
    },
  };
}

// Frames.

/** @param {Handle} ring */
function pushFrames(ring) {
  const frame = new Uint8Array(FRAME_BYTES);
  const words = wordsOf(frame);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        stampFrame(words, seq);
        while (!ring.push(frame));
      }
      ring.flush();
    },
  };
}

/**
 * The frame is made where it will be read: what is timed is the ring and the stamps, no copy.
 *
 * @param {Handle} ring
 */
function reserveFrames(ring) {
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first; seq < end; seq++) {
        let view = ring.reserve(FRAME_BYTES);
        while (view === null) view = ring.reserve(FRAME_BYTES);
        stampFrame(wordsOf(view), seq);
        ring.commit();
      }
      ring.flush();
    },
  };
}

/** @param {Handle} ring */
function drainFrames(ring) {
  let expected = 0;
  /** @param {Uint8Array} frame */
  const visit = (frame) => {
    checkFrame(wordsOf(frame), expected);
    expected++;
  };
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      expected = first;
      for (let left = count; left > 0; ) left -= ring.drain(visit);
    },
  };
}

/** @param {Handle} ring */
function visitFrames(ring) {
  let expected = 0;
  /** @type {(bytes: Uint8Array, start: number, end: number) => void} */
  const visit = (bytes, start, end) => {
    checkFrame(new Int32Array(bytes.buffer, bytes.byteOffset + start, (end - start) >> 2), expected);
    expected++;
  };
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      expected = first;
      for (let left = count; left > 0; ) left -= ring.visit(visit);
    },
  };
}

// Round trips over two rings.

/** @param {Params} params */
async function setupPair(params) {
  const crosscore = await loadPackage();
  const there = ringFor(crosscore, params);
  const back = ringFor(crosscore, params);
  return {
    producer: { out: there.producer.move(), home: back.consumer.move() },
    consumer: { out: back.producer.move(), home: there.consumer.move() },
  };
}

/**
 * @param {(out: Handle, home: Handle, params: Params) => import('../harness/contract.js').End} make
 */
function claimPair(make) {
  return async (/** @type {{ out: any, home: any }} */ { out, home }, /** @type {Params} */ params) => {
    const { Producer, Consumer } = await loadPackage();
    return make(Producer.from(out), Consumer.from(home), params);
  };
}

/**
 * @param {Handle} out
 * @param {Handle} home
 */
function initiateSpinning(out, home) {
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const samples = new Float64Array(count);
      let before = performance.now();
      for (let i = 0; i < count; i++) {
        out.push(first + i);
        let echo = home.pop();
        while (echo === undefined) echo = home.pop();
        if (echo !== first + i) lost(first + i, echo);
        const now = performance.now();
        samples[i] = now - before;
        before = now;
      }
      return { samples };
    },
  };
}

/**
 * @param {Handle} out
 * @param {Handle} home
 */
function respondSpinning(out, home) {
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(_first, count) {
      for (let i = 0; i < count; i++) {
        let value = home.pop();
        while (value === undefined) value = home.pop();
        out.push(value);
      }
    },
  };
}

/**
 * @param {Handle} out
 * @param {Handle} home
 */
function initiateParking(out, home) {
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const samples = new Float64Array(count);
      let before = performance.now();
      for (let i = 0; i < count; i++) {
        out.push(first + i);
        const echo = home.popSync();
        if (echo !== first + i) lost(first + i, echo);
        const now = performance.now();
        samples[i] = now - before;
        before = now;
      }
      return { samples };
    },
  };
}

/**
 * @param {Handle} out
 * @param {Handle} home
 */
function respondParking(out, home) {
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(_first, count) {
      for (let i = 0; i < count; i++) out.push(home.popSync());
    },
  };
}

/**
 * @param {Handle} out
 * @param {Handle} home
 */
function initiateAwaiting(out, home) {
  return {
    /**
     * @param {number} first
     * @param {number} count
     */
    async run(first, count) {
      const samples = new Float64Array(count);
      let before = performance.now();
      for (let i = 0; i < count; i++) {
        out.push(first + i);
        await home.ready();
        const echo = home.pop();
        if (echo !== first + i) lost(first + i, echo);
        const now = performance.now();
        samples[i] = now - before;
        before = now;
      }
      return { samples };
    },
  };
}

/**
 * @param {Handle} out
 * @param {Handle} home
 */
function respondAwaiting(out, home) {
  return {
    /**
     * @param {number} _first
     * @param {number} count
     */
    async run(_first, count) {
      for (let i = 0; i < count; i++) {
        await home.ready();
        out.push(home.pop());
      }
    },
  };
}

const numbers = { setup, producer: claim('Producer', pushOneByOne) };
const messages = { setup, producer: claim('Producer', pushMessages), consumer: claim('Consumer', visitMessages) };

export const shapes = {
  'push-pop': { ...numbers, consumer: claim('Consumer', popOneByOne) },
  'push-drain': { ...numbers, consumer: claim('Consumer', drainNumbers) },
  'push-visit': { ...numbers, consumer: claim('Consumer', visitNumbers) },
  bigints: { setup, producer: claim('Producer', pushBigInts), consumer: claim('Consumer', popBigInts) },
  blocks: { setup, producer: claim('Producer', pushBlocks), consumer: claim('Consumer', popBlocks) },
  'blocks-in-place': { setup, producer: claim('Producer', reserveBlocks), consumer: claim('Consumer', visitBlocks) },
  messages,
  'messages-drained': { ...messages, consumer: claim('Consumer', drainMessages) },
  'messages-in-place': { ...messages, producer: claim('Producer', reserveMessages) },
  'messages-blocking': { ...messages, producer: claim('Producer', pushMessagesSync) },
  strings: { setup, producer: claim('Producer', pushLines), consumer: claim('Consumer', drainLines) },
  'strings-encoded': { setup, producer: claim('Producer', encodeLines), consumer: claim('Consumer', decodeLines) },
  frames: { setup, producer: claim('Producer', pushFrames), consumer: claim('Consumer', drainFrames) },
  'frames-in-place': { setup, producer: claim('Producer', reserveFrames), consumer: claim('Consumer', visitFrames) },
  'round-trip-spin': { setup: setupPair, producer: claimPair(initiateSpinning), consumer: claimPair(respondSpinning) },
  'round-trip-park': { setup: setupPair, producer: claimPair(initiateParking), consumer: claimPair(respondParking) },
  'round-trip-await': { setup: setupPair, producer: claimPair(initiateAwaiting), consumer: claimPair(respondAwaiting) },
};
