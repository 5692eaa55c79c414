// A thread of Rust produces records of 64 bytes, JavaScript consumes: through the ring, and through a threadsafe
// function. The producing worker only tells that thread when to begin and waits; the thread runs on its CPU.

import { createRequire } from 'node:module';
import process from 'node:process';
import { NotAvailable } from '../harness/contract.js';
import { check, checkAt } from '../workload/message.js';
import { lost } from '../workload/sequence.js';
import { loadPackage, makeRing } from './crosscore-package.js';

/** As crates/crosscore-node/src/bench/record.rs makes them. */
const SIZE = 64;

/**
 * @typedef {{ RecordThread: { intoRing(token: string): RecordThread, intoClaimed(native: any, token: any): RecordThread, intoCallback(): RecordThread },
 *   listenForRecords(listener: (record: Uint8Array) => void, windowed: boolean): void }} Addon
 * @typedef {{ produce(first: number, count: number): void }} RecordThread
 * @typedef {any} Handle
 */

/** @returns {Addon} the addon that this process was given, the same image as the package's */
function loadAddon() {
  const file = process.env.NAPI_RS_NATIVE_LIBRARY_PATH;
  const addon = file && createRequire(import.meta.url)(file);
  if (!addon?.RecordThread) throw new NotAvailable('the addon has no threads of Rust: harness/bench-addon.js builds one that has');
  return addon;
}

/** @param {RecordThread} thread */
function producing(thread) {
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      thread.produce(first, count);
    },
  };
}

// Through the ring.

/** @param {{ capacity: number }} params */
async function setupRing({ capacity }) {
  loadAddon();
  const { producer, consumer } = makeRing(await loadPackage(), { of: 'bytes', capacity }, ['consumer.ready', 'consumer.visit']);
  return { producer: { token: producer.move() }, consumer: { token: consumer.move() } };
}

/** @param {{ token: any }} given */
function produceIntoRing({ token }) {
  return producing(loadAddon().RecordThread.intoRing(token.id));
}

/**
 * As an addon of somebody else's does, through the crate crosscore-napi.
 *
 * @param {{ token: any }} given
 */
async function produceIntoClaimed({ token }) {
  const { native } = await loadPackage();
  return producing(loadAddon().RecordThread.intoClaimed(native, token));
}

/** @param {(handle: Handle) => import('../harness/contract.js').End} make */
function claim(make) {
  return async (/** @type {{ token: any }} */ { token }) => {
    const { Consumer } = await loadPackage();
    return make(Consumer.from(token));
  };
}

/**
 * Checks records where they lie.
 *
 * @returns {{ expect(seq: number): void, visit(bytes: Uint8Array, start: number, end: number): void }}
 */
function checker() {
  /** @type {DataView | undefined} */
  let memory;
  let expected = 0;
  return {
    expect(seq) {
      expected = seq;
    },
    visit(bytes, start, end) {
      memory ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (end - start !== SIZE) lost(`${SIZE} bytes`, `${end - start} bytes`);
      checkAt(memory, start, SIZE, expected);
      expected++;
    },
  };
}

/**
 * On the event loop, as a threadsafe function is: sleeps in it while there is nothing.
 *
 * @param {Handle} ring
 */
function awaitRecords(ring) {
  const { expect, visit } = checker();
  return {
    /**
     * @param {number} first
     * @param {number} count
     */
    async run(first, count) {
      expect(first);
      for (let left = count; left > 0; ) {
        await ring.ready();
        left -= ring.visit(visit);
      }
    },
  };
}

/** @param {Handle} ring */
function iterateRecords(ring) {
  return {
    /**
     * @param {number} first
     * @param {number} count
     */
    async run(first, count) {
      let expected = first;
      const end = first + count;
      for await (const record of ring) {
        check(record, SIZE, expected);
        if (++expected === end) break;
      }
    },
  };
}

/** @param {Handle} ring */
function spinForRecords(ring) {
  const { expect, visit } = checker();
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      expect(first);
      for (let left = count; left > 0; ) left -= ring.visit(visit);
    },
  };
}

// Through a threadsafe function.

function setupCallback() {
  loadAddon();
  return {};
}

function produceIntoCallback() {
  return producing(loadAddon().RecordThread.intoCallback());
}

/**
 * @param {unknown} _given
 * @param {{ windowed: boolean }} params
 * @returns {import('../harness/contract.js').End}
 */
function listen(_given, { windowed }) {
  let expected = 0;
  let end = 0;
  /** @type {{ resolve: () => void, reject: (error: Error) => void }} */
  let waiting;
  loadAddon().listenForRecords((record) => {
    try {
      check(record, SIZE, expected);
    } catch (error) {
      waiting.reject(/** @type {Error} */ (error));
    }
    expected++;
    if (expected === end) waiting.resolve();
  }, windowed);
  return {
    run(first, count) {
      expected = first;
      end = first + count;
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
      });
    },
  };
}

const intoRing = { setup: setupRing, producer: produceIntoRing };

export const shapes = {
  'ring-await': { ...intoRing, consumer: claim(awaitRecords) },
  'ring-claimed': { setup: setupRing, producer: produceIntoClaimed, consumer: claim(awaitRecords) },
  'ring-iterate': { ...intoRing, consumer: claim(iterateRecords) },
  'ring-spin': { ...intoRing, consumer: claim(spinForRecords) },
  callback: { setup: setupCallback, producer: produceIntoCallback, consumer: listen },
};
