// Sleeping round trips by Atomics: both ends wait at once, without spinning first. `waitAsync` is the form that
// leaves the event loop free. Waits are looped: one that found the value changed before it slept leaves a
// notification under way, which then wakes the next wait for nothing.

import { lost } from '../workload/sequence.js';
import { HEAD, TAIL, allocate, cursorsOf } from './layout.js';

/** @typedef {{ memory: SharedArrayBuffer }} Given */

function setup() {
  return { shared: { memory: allocate(0) } };
}

/** @param {Given} given */
function producer({ memory }) {
  const lines = cursorsOf(memory);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const samples = new Float64Array(count);
      const end = first + count;
      let before = performance.now();
      for (let seq = first + 1, i = 0; seq <= end; seq++, i++) {
        Atomics.store(lines, TAIL, seq);
        Atomics.notify(lines, TAIL);
        let echo = Atomics.load(lines, HEAD);
        for (; echo === seq - 1; echo = Atomics.load(lines, HEAD)) Atomics.wait(lines, HEAD, seq - 1);
        if (echo !== seq) lost(seq, echo);
        const now = performance.now();
        samples[i] = now - before;
        before = now;
      }
      return { samples };
    },
  };
}

/** @param {Given} given */
function consumer({ memory }) {
  const lines = cursorsOf(memory);
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      const end = first + count;
      for (let seq = first + 1; seq <= end; seq++) {
        let got = Atomics.load(lines, TAIL);
        for (; got === seq - 1; got = Atomics.load(lines, TAIL)) Atomics.wait(lines, TAIL, seq - 1);
        if (got !== seq) lost(seq, got);
        Atomics.store(lines, HEAD, seq);
        Atomics.notify(lines, HEAD);
      }
    },
  };
}

/** A pending waitAsync does not keep the event loop alive by itself. */
function keepAlive() {
  return setInterval(() => {}, 60_000);
}

/** @param {Given} given */
function producerAsync({ memory }) {
  const lines = cursorsOf(memory);
  return {
    /**
     * @param {number} first
     * @param {number} count
     */
    async run(first, count) {
      const samples = new Float64Array(count);
      const alive = keepAlive();
      const end = first + count;
      let before = performance.now();
      for (let seq = first + 1, i = 0; seq <= end; seq++, i++) {
        Atomics.store(lines, TAIL, seq);
        Atomics.notify(lines, TAIL);
        let echo = Atomics.load(lines, HEAD);
        for (; echo === seq - 1; echo = Atomics.load(lines, HEAD)) {
          const { async, value } = Atomics.waitAsync(lines, HEAD, seq - 1);
          if (async) await value;
        }
        if (echo !== seq) lost(seq, echo);
        const now = performance.now();
        samples[i] = now - before;
        before = now;
      }
      clearInterval(alive);
      return { samples };
    },
  };
}

/** @param {Given} given */
function consumerAsync({ memory }) {
  const lines = cursorsOf(memory);
  return {
    /**
     * @param {number} first
     * @param {number} count
     */
    async run(first, count) {
      const alive = keepAlive();
      const end = first + count;
      for (let seq = first + 1; seq <= end; seq++) {
        let got = Atomics.load(lines, TAIL);
        for (; got === seq - 1; got = Atomics.load(lines, TAIL)) {
          const { async, value } = Atomics.waitAsync(lines, TAIL, seq - 1);
          if (async) await value;
        }
        if (got !== seq) lost(seq, got);
        Atomics.store(lines, HEAD, seq);
        Atomics.notify(lines, HEAD);
      }
      clearInterval(alive);
    },
  };
}

export const shapes = {
  'round-trip': { setup, producer, consumer },
  'round-trip-async': { setup, producer: producerAsync, consumer: consumerAsync },
};
