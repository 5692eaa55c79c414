// What the calls are measured against: the price of the machine's own operations, and of the peers' calls.

import { createRequire } from 'node:module';
import { RingBuffer } from 'ringbuf.js';
import { HEAD, SLOTS_OFFSET, TAIL, allocate, cursorsOf } from '../contenders/layout.js';
import { benchAddon } from '../harness/bench-addon.js';
import { NotAvailable } from '../harness/contract.js';
import { LINE_LENGTH, linesInParts } from '../workload/lines.js';
import { CALLS, CAPACITY } from './single-call.js';

const MASK = CAPACITY - 1;

/** @type {import('./single-call.js').SingleCall[]} */
export const calls = [
  {
    call: 'push(f64)',
    system: 'hand-written ring',
    make() {
      const memory = allocate(CAPACITY * 8);
      const cursors = cursorsOf(memory);
      const slots = new Float64Array(memory, SLOTS_OFFSET, CAPACITY);
      let tail = 0;
      let head = 0;
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) {
          while (((tail - head) | 0) === CAPACITY) head = Atomics.load(cursors, HEAD);
          slots[tail & MASK] = i;
          tail = (tail + 1) | 0;
          Atomics.store(cursors, TAIL, tail);
        }
        const elapsed = performance.now() - start;
        Atomics.store(cursors, HEAD, tail);
        return elapsed;
      };
    },
  },
  {
    call: 'push(f64)',
    system: 'ringbuf.js',
    note: 'push of a Float64Array(1)',
    make() {
      const ring = new RingBuffer(RingBuffer.getStorageForCapacity(CAPACITY, Float64Array), Float64Array);
      const one = new Float64Array(1);
      const all = new Float64Array(CAPACITY);
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) {
          one[0] = i;
          ring.push(one);
        }
        const elapsed = performance.now() - start;
        ring.pop(all);
        return elapsed;
      };
    },
  },
  {
    call: 'pop() of f64',
    system: 'ringbuf.js',
    note: 'pop into a Float64Array(1)',
    make() {
      const ring = new RingBuffer(RingBuffer.getStorageForCapacity(CAPACITY, Float64Array), Float64Array);
      const one = new Float64Array(1);
      const all = Float64Array.from({ length: CALLS }, (_, i) => i);
      return () => {
        ring.push(all);
        let sum = 0;
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) {
          ring.pop(one);
          sum += one[0];
        }
        const elapsed = performance.now() - start;
        if (sum !== (CALLS * (CALLS - 1)) / 2) throw new Error(`popped the wrong numbers: their sum is ${sum}`);
        return elapsed;
      };
    },
  },
  {
    call: 'store to a Float64Array',
    system: 'JavaScript',
    note: 'the floor',
    make() {
      const slots = new Float64Array(new SharedArrayBuffer(CAPACITY * 8));
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) slots[i & MASK] = i;
        return performance.now() - start;
      };
    },
  },
  {
    call: 'Atomics.store',
    system: 'JavaScript',
    note: 'the cheapest publication that JavaScript has',
    make() {
      const cursors = cursorsOf(allocate(0));
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) Atomics.store(cursors, TAIL, i);
        return performance.now() - start;
      };
    },
  },
  {
    call: 'push(a string of 64 in two parts)',
    system: 'tuned byte ring',
    note: "Buffer's utf8Write into shared memory, a prefix, an Atomics.store; with the making of the string",
    make() {
      const cursors = cursorsOf(allocate(CAPACITY));
      // Node wants room for the longest that the last one could be.
      const octets = Buffer.from(new SharedArrayBuffer((CALLS + 1) * 2 * LINE_LENGTH));
      const words = new Int32Array(octets.buffer);
      const lineAt = linesInParts();
      return () => {
        const start = performance.now();
        for (let i = 0, at = 0; i < CALLS; i++, at += 2 * LINE_LENGTH) {
          const line = lineAt(i);
          words[at >> 2] = octets.utf8Write(line, at + 8, 3 * line.length);
          Atomics.store(cursors, TAIL, at);
        }
        return performance.now() - start;
      };
    },
  },
  {
    call: 'a bound function that does nothing',
    system: 'Node-API',
    note: 'the cheapest publication that a native ring can have',
    async make() {
      const file = await benchAddon().catch((error) => {
        throw new NotAvailable(error.message);
      });
      const nothing = createRequire(import.meta.url)(file).bareCrossing();
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) nothing();
        return performance.now() - start;
      };
    },
  },
];
