// The floor for round trips in JavaScript: two cursors on lines of their own, both ends spinning. A cursor holds the
// number of the last round plus one.

import { HEAD, TAIL, allocate, cursorsOf } from './layout.js';
import { initiator, responder } from './round-trips.js';

/**
 * @param {Int32Array} lines
 * @param {number} cursor
 * @returns {import('./round-trips.js').Send}
 */
const store = (lines, cursor) => (seq) => {
  Atomics.store(lines, cursor, seq + 1);
};

/**
 * @param {Int32Array} lines
 * @param {number} cursor
 * @returns {import('./round-trips.js').Receive}
 */
const spin = (lines, cursor) => (seq) => {
  let seen = Atomics.load(lines, cursor);
  while (seen === seq) seen = Atomics.load(lines, cursor);
  return seen - 1;
};

/** @typedef {{ memory: SharedArrayBuffer }} Given */

/** @param {Given} given */
function producer({ memory }) {
  const lines = cursorsOf(memory);
  return initiator(store(lines, TAIL), spin(lines, HEAD));
}

/** @param {Given} given */
function consumer({ memory }) {
  const lines = cursorsOf(memory);
  return responder(store(lines, HEAD), spin(lines, TAIL));
}

export const shapes = {
  'round-trip': { setup: () => ({ shared: { memory: allocate(0) } }), producer, consumer },
};
