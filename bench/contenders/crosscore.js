// The ring of this package, through its public surface and nothing else.

import { blocks, checkStretches } from '../workload/blocks.js';
import { FRAME_BYTES, checkFrame, checkFrames, frames, stampFrame, wordsOf } from '../workload/frame.js';
import { checkLines, lines } from '../workload/lines.js';
import { checkMessages, checkMessagesIn, messages } from '../workload/message.js';
import { checkObjects, checkSmallObjects, msgpackr, objects, smallObjects } from '../workload/objects.js';
import { checkNumbers, lost, numbers } from '../workload/sequence.js';
import { TRADE, checkTrades, fillTrade, trades } from '../workload/trades.js';
import { laneOf, loadPackage, makeRing } from './crosscore-package.js';
import { awaitingInitiator, awaitingResponder, initiator, responder } from './round-trips.js';

/**
 * @typedef {any} Handle
 * @typedef {{ of: string, capacity: number, publish: 'each' | 'tick' | number, memory: string | undefined, needs: string[],
 *   size: number | 'mixed', block: number, timeout: number }} Params
 * @typedef {import('../harness/contract.js').End} End
 * @typedef {(params: Params) => (seq: number) => any} Source what is sent as the seq-th
 * @typedef {(params: Params) => (item: any, seq: number) => void} Check throws if that is not what arrived
 * @typedef {(params: Params) => (elements: any, start: number, end: number, at: number) => number} CheckIn looks at what lies
 * there, `at` after the beginning of the sequence, and returns how far it has got
 */

/**
 * @param {any} crosscore
 * @param {Params} params
 */
function ringFor(crosscore, { of, capacity, publish = 'each', memory, needs }) {
  // A schema is made in the thread that makes the ring; a token brings its own.
  const kind = of === 'trade' ? crosscore.record(TRADE) : of === 'msgpackr' ? msgpackr : of;
  return makeRing(crosscore, { of: kind, capacity, publish, ...(memory && { memory }) }, needs);
}

/** @param {Params} params */
async function setup(params) {
  const crosscore = await loadPackage();
  const { producer, consumer } = ringFor(crosscore, params);
  return { producer: { token: producer.move() }, consumer: { token: consumer.move() }, lane: laneOf(crosscore) };
}

/**
 * Wraps what makes an end from a handle into what makes one from a token.
 *
 * @param {'Producer' | 'Consumer'} kind
 * @param {(handle: Handle, params: Params) => End} make
 */
function claim(kind, make) {
  return async (/** @type {{ token: any }} */ { token }, /** @type {Params} */ params) => {
    const crosscore = await loadPackage();
    // A codec does not travel with a token.
    return make(crosscore[kind].from(token, params.of === 'msgpackr' ? { of: msgpackr } : undefined), params);
  };
}

/**
 * A producer of what it does for each number of the sequence.
 *
 * @param {(ring: Handle, params: Params) => (seq: number) => void} make
 */
function producing(make) {
  return claim('Producer', (ring, params) => {
    const send = make(ring, params);
    return {
      run(first, count) {
        const end = first + count;
        for (let seq = first; seq < end; seq++) send(seq);
        ring.flush();
      },
    };
  });
}

/** @param {Source} source */
const pushing = (source) =>
  producing((ring, params) => {
    const at = source(params);
    return (seq) => {
      const item = at(seq);
      while (!ring.push(item));
    };
  });

/**
 * Blocks until there is room, as its user on the main thread of `nx-shape` does.
 *
 * @param {Source} source
 */
const pushingSync = (source) =>
  producing((ring, params) => {
    const at = source(params);
    return (seq) => {
      if (!ring.pushSync(at(seq))) lost(seq, 'a refusal by pushSync');
    };
  });

/** @param {Source} source of typed arrays, which are copied into a reservation */
const reserving = (source) =>
  producing((ring, params) => {
    const at = source(params);
    return (seq) => {
      const item = at(seq);
      let view = ring.reserve(item.length);
      while (view === null) view = ring.reserve(item.length);
      view.set(item);
      ring.commit();
    };
  });

/** The frame is made where it will be read: what is timed is the ring and the stamps, no copy. */
const makingFrames = producing((ring) => (seq) => {
  let view = ring.reserve(FRAME_BYTES);
  while (view === null) view = ring.reserve(FRAME_BYTES);
  stampFrame(wordsOf(view), seq);
  ring.commit();
});

/** Records written where they will be read, `block` of them published together. */
const writingTrades = claim('Producer', (ring, { block }) => ({
  run(first, count) {
    const end = first + count;
    for (let seq = first; seq < end; ) {
      const some = Math.min(block, end - seq);
      let batch = ring.reserve(some);
      while (batch === null) batch = ring.reserve(some);
      for (let i = 0; i < some; i++) fillTrade(batch.at(i), seq++);
      ring.commit();
    }
    ring.flush();
  },
}));

const pushingBlocks = producing((ring, params) => {
  const at = blocks(params);
  return (seq) => {
    const source = at(seq);
    let done = ring.pushMany(source);
    while (done < source.length) done += ring.pushMany(source.subarray(done));
  };
});

/** A code unit of UTF-16 takes at most so many bytes of UTF-8. */
const MOST_UTF8 = 3;

/** Strings as messages, encoded by the program. */
const encodingLines = producing((ring) => {
  const lineAt = lines();
  /** @type {Buffer | undefined} */
  let memory;
  return (seq) => {
    const line = lineAt(seq);
    const most = line.length * MOST_UTF8;
    let view = ring.reserve(most);
    while (view === null) view = ring.reserve(most);
    // One Buffer over the ring's memory, because only a Buffer writes a string without making anything.
    memory ??= Buffer.from(view.buffer);
    ring.commit(memory.write(line, view.byteOffset, most, 'utf8'));
  };
});

/** @param {Check} checks */
const popping = (checks) =>
  claim('Consumer', (ring, params) => {
    const check = checks(params);
    return {
      run(first, count) {
        const end = first + count;
        for (let seq = first; seq < end; ) {
          const item = ring.pop();
          if (item === undefined) continue;
          check(item, seq);
          seq++;
        }
      },
    };
  });

const poppingBlocks = claim('Consumer', (ring, params) => {
  const { block } = params;
  const check = checkStretches(params);
  const into = new Float64Array(block);
  return {
    run(first, count) {
      const end = (first + count) * block;
      for (let at = first * block; at < end; ) {
        const found = ring.popMany(into);
        check(into, 0, found, at);
        at += found;
      }
    },
  };
});

/** @param {Check} checks */
const draining = (checks) =>
  claim('Consumer', (ring, params) => {
    const check = checks(params);
    let seq = 0;
    const visit = (/** @type {any} */ item) => {
      check(item, seq);
      seq++;
    };
    return {
      run(first, count) {
        seq = first;
        for (let left = count; left > 0; ) left -= ring.drain(visit);
      },
    };
  });

/** @param {CheckIn} checks */
const visiting = (checks) =>
  claim('Consumer', (ring, params) => {
    const check = checks(params);
    const { block = 1 } = params;
    let at = 0;
    const visit = (/** @type {any} */ elements, /** @type {number} */ start, /** @type {number} */ end) => {
      at = check(elements, start, end, at);
    };
    return {
      run(first, count) {
        at = first * block;
        for (let left = count * block; left > 0; ) left -= ring.visit(visit);
      },
    };
  });

/** @type {CheckIn} */
const numbersIn = () => (elements, start, end, at) => {
  let expected = at;
  for (let i = start; i < end; i++) {
    if (elements[i] !== expected) lost(expected, elements[i]);
    expected++;
  }
  return expected;
};

/** @type {CheckIn} */
const blocksIn = (params) => {
  const check = checkStretches(params);
  return (elements, start, end, at) => {
    check(elements, start, end, at);
    return at + end - start;
  };
};

/** Messages without a view for each. @type {CheckIn} */
const messagesIn = (params) => {
  const check = checkMessagesIn(params);
  /** @type {DataView | undefined} */
  let memory;
  return (bytes, start, end, seq) => {
    memory ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    check(memory, start, end - start, seq);
    return seq + 1;
  };
};

/** Strings as messages, decoded by the program. @type {CheckIn} */
const linesIn = () => {
  const check = checkLines();
  /** @type {Buffer | undefined} */
  let memory;
  return (bytes, start, end, seq) => {
    memory ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    check(memory.toString('utf8', start, end), seq);
    return seq + 1;
  };
};

/** @type {CheckIn} */
const framesIn = () => (bytes, start, end, seq) => {
  checkFrame(new Int32Array(bytes.buffer, bytes.byteOffset + start, (end - start) >> 2), seq);
  return seq + 1;
};

// Bigints are counted in a loop of their own: only so does V8 keep them in registers.

const pushingBigInts = claim('Producer', (ring) => ({
  run(first, count) {
    let value = BigInt(first);
    for (let left = count; left > 0; left--) {
      while (!ring.push(value));
      value = BigInt.asUintN(64, value + 1n);
    }
    ring.flush();
  },
}));

const poppingBigInts = claim('Consumer', (ring) => ({
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
}));

// Round trips over two rings.

/** @param {Params} params */
async function setupPair(params) {
  const crosscore = await loadPackage();
  const there = ringFor(crosscore, params);
  const back = ringFor(crosscore, params);
  return {
    producer: { out: there.producer.move(), home: back.consumer.move() },
    consumer: { out: back.producer.move(), home: there.consumer.move() },
    lane: laneOf(crosscore),
  };
}

/**
 * @param {(send: any, receive: any) => End} make
 * @param {(home: Handle) => () => number | Promise<number>} receiving
 */
function claimPair(make, receiving) {
  return async (/** @type {{ out: any, home: any }} */ { out, home }) => {
    const { Producer, Consumer } = await loadPackage();
    const producer = Producer.from(out);
    return make((/** @type {number} */ seq) => producer.push(seq), receiving(Consumer.from(home)));
  };
}

/** @param {Handle} home */
const spin = (home) => () => {
  let value = home.pop();
  while (value === undefined) value = home.pop();
  return value;
};

/** @param {Handle} home */
const park = (home) => () => home.popSync();

/** @param {Handle} home */
const ready = (home) => ({ take: () => home.pop(), wait: () => home.ready() });

const messagesOneByOne = { setup, producer: pushing(messages), consumer: visiting(messagesIn) };

export const shapes = {
  'push-pop': { setup, producer: pushing(numbers), consumer: popping(checkNumbers) },
  'push-drain': { setup, producer: pushing(numbers), consumer: draining(checkNumbers) },
  'push-visit': { setup, producer: pushing(numbers), consumer: visiting(numbersIn) },
  bigints: { setup, producer: pushingBigInts, consumer: poppingBigInts },
  blocks: { setup, producer: pushingBlocks, consumer: poppingBlocks },
  'blocks-in-place': { setup, producer: reserving(blocks), consumer: visiting(blocksIn) },
  messages: messagesOneByOne,
  'messages-drained': { ...messagesOneByOne, consumer: draining(checkMessages) },
  'messages-in-place': { ...messagesOneByOne, producer: reserving(messages) },
  'messages-blocking': { ...messagesOneByOne, producer: pushingSync(messages) },
  strings: { setup, producer: pushing(lines), consumer: popping(checkLines) },
  'strings-drained': { setup, producer: pushing(lines), consumer: draining(checkLines) },
  'strings-encoded': { setup, producer: encodingLines, consumer: visiting(linesIn) },
  records: { setup, producer: pushing(trades), consumer: popping(checkTrades) },
  'records-in-place': { setup, producer: writingTrades, consumer: draining(checkTrades) },
  objects: { setup, producer: pushing(objects), consumer: popping(checkObjects) },
  'small-objects': { setup, producer: pushing(smallObjects), consumer: popping(checkSmallObjects) },
  frames: { setup, producer: pushing(frames), consumer: draining(checkFrames) },
  'frames-in-place': { setup, producer: makingFrames, consumer: visiting(framesIn) },
  'round-trip-spin': { setup: setupPair, producer: claimPair(initiator, spin), consumer: claimPair(responder, spin) },
  'round-trip-park': { setup: setupPair, producer: claimPair(initiator, park), consumer: claimPair(responder, park) },
  'round-trip-await': { setup: setupPair, producer: claimPair(awaitingInitiator, ready), consumer: claimPair(awaitingResponder, ready) },
};
