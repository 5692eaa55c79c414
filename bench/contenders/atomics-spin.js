// The floor for round trips in JavaScript: two cursors on lines of their own, both ends spinning.

import { lost } from '../workload/sequence.js';
import { HEAD, TAIL, allocate, cursorsOf } from './layout.js';

/** @typedef {{ memory: SharedArrayBuffer }} Given */

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
        let echo = Atomics.load(lines, HEAD);
        while (echo === seq - 1) echo = Atomics.load(lines, HEAD);
        if (echo !== seq) lost(seq, echo);
        // One clock reading for each round: the end of one is the start of the next.
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
        while (Atomics.load(lines, TAIL) !== seq);
        Atomics.store(lines, HEAD, seq);
      }
    },
  };
}

export const shapes = {
  'round-trip': { setup: () => ({ shared: { memory: allocate(0) } }), producer, consumer },
};
