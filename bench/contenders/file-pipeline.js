// A file from one thread to another: streams over a ring, and chunks posted over a MessagePort. Every block of the file
// begins with its number, which the other end looks at.

import { createReadStream, openSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MessageChannel } from 'node:worker_threads';
import { lost } from '../workload/sequence.js';
import { loadPackage, makeRing } from './crosscore-package.js';

/** What fs.ReadStream reads at once. */
const BLOCK = 65_536;
const BLOCKS = 1024;

/** @typedef {{ fd: number, token?: any, port?: import('node:worker_threads').MessagePort }} Given */

/** A file that is gone with the process; its pages are in the system's cache. */
function makeFile() {
  const name = join(tmpdir(), `crosscore-bench-${process.pid}`);
  const fd = openSync(name, 'wx+');
  unlinkSync(name);
  const block = Buffer.alloc(BLOCK, 'crosscore');
  for (let n = 0; n < BLOCKS; n++) {
    block.writeUInt32LE(n);
    writeSync(fd, block);
  }
  return fd;
}

/**
 * The file's blocks from `first` on, as a stream; it is read again from its start when it ends.
 *
 * @param {number} fd
 * @param {number} first
 * @param {number} count
 */
function* parts(fd, first, count) {
  for (let at = first, left = count; left > 0; ) {
    const start = at % BLOCKS;
    const length = Math.min(left, BLOCKS - start);
    yield createReadStream('', { fd, autoClose: false, start: start * BLOCK, end: (start + length) * BLOCK - 1, highWaterMark: BLOCK });
    at += length;
    left -= length;
  }
}

/** Takes chunks of any length and looks at the number of each block. */
function makeSink() {
  let bytes = 0;
  let wanted = Infinity;
  /** @type {((outcome: void) => void) | undefined} */
  let finished;
  return {
    /** @param {Uint8Array} chunk */
    take(chunk) {
      const next = (BLOCK - (bytes % BLOCK)) % BLOCK;
      for (let at = next; at + 4 <= chunk.length; at += BLOCK) {
        const number = chunk[at] | (chunk[at + 1] << 8) | (chunk[at + 2] << 16) | (chunk[at + 3] << 24);
        const due = ((bytes + at) / BLOCK) % BLOCKS;
        if (number !== due) lost(due, number);
      }
      bytes += chunk.length;
      if (bytes >= wanted) finished?.();
    },
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      wanted = (first + count) * BLOCK;
      return new Promise((resolve) => {
        finished = resolve;
        if (bytes >= wanted) resolve();
      });
    },
  };
}

const nothing = new Uint8Array(0);

/** @param {Writable} writable */
function written(writable) {
  return new Promise((resolve) => writable.write(nothing, resolve));
}

/** @type {import('../harness/contract.js').Shape} */
const ring = {
  async setup({ capacity }) {
    const { producer, consumer } = makeRing(await loadPackage(), { of: 'bytes', capacity }, ['producer.toWritable']);
    return { producer: { fd: makeFile(), token: producer.move() }, consumer: { token: consumer.move() } };
  },
  async producer({ fd, token }) {
    const { Producer } = await loadPackage();
    const writable = Producer.from(token).toWritable();
    // Every part goes through a pipeline of its own.
    writable.setMaxListeners(0);
    return {
      async run(first, count) {
        for (const part of parts(fd, first, count)) await pipeline(part, writable, { end: false });
        // Such a pipeline is done when its last chunk is given to the stream, which may still wait for room.
        await written(writable);
      },
    };
  },
  async consumer({ token }) {
    const { Consumer } = await loadPackage();
    const sink = makeSink();
    const writable = new Writable({
      write(chunk, _encoding, callback) {
        sink.take(chunk);
        callback();
      },
    });
    pipeline(Consumer.from(token).toReadable(), writable).catch(() => {});
    return sink;
  },
};

/** @type {(transfer: boolean) => import('../harness/contract.js').Shape} */
const posting = (transfer) => ({
  setup() {
    const { port1, port2 } = new MessageChannel();
    return {
      producer: { fd: makeFile(), port: port1 },
      consumer: { port: port2 },
      transfer: { producer: [port1], consumer: [port2] },
    };
  },
  producer({ fd, port }, { window }) {
    let inFlight = 0;
    /** @type {(() => void) | undefined} */
    let wake;
    port.on('message', () => {
      inFlight--;
      wake?.();
    });
    return {
      async run(first, count) {
        for (const part of parts(fd, first, count)) {
          for await (const chunk of part) {
            if (++inFlight > window) await new Promise((resolve) => (wake = () => resolve(undefined)));
            // fs.ReadStream gives each chunk memory of its own.
            if (transfer && chunk.length === chunk.buffer.byteLength) port.postMessage(chunk, [chunk.buffer]);
            else port.postMessage(chunk);
          }
        }
      },
    };
  },
  consumer({ port }) {
    const sink = makeSink();
    port.on('message', (/** @type {Uint8Array} */ chunk) => {
      sink.take(chunk);
      port.postMessage(null);
    });
    return sink;
  },
});

export const shapes = { ring, cloned: posting(false), transferred: posting(true) };
