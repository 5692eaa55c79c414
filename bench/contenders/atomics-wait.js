// Sleeping round trips by Atomics: both ends wait at once, without spinning first. `waitAsync` is the form that
// leaves the event loop free. Waits are looped: one that found the value changed before it slept leaves a
// notification under way, which then wakes the next wait for nothing. A cursor holds the number of the last round plus one.

import { HEAD, TAIL, allocate, cursorsOf } from './layout.js';
import { awaitingInitiator, awaitingResponder, initiator, responder } from './round-trips.js';

/** @typedef {{ memory: SharedArrayBuffer }} Given */

/**
 * @param {Int32Array} lines
 * @param {number} cursor
 * @returns {import('./round-trips.js').Send}
 */
const notify = (lines, cursor) => (seq) => {
  Atomics.store(lines, cursor, seq + 1);
  Atomics.notify(lines, cursor);
};

/**
 * @param {Int32Array} lines
 * @param {number} cursor
 * @returns {import('./round-trips.js').Receive}
 */
const wait = (lines, cursor) => (seq) => {
  let seen = Atomics.load(lines, cursor);
  for (; seen === seq; seen = Atomics.load(lines, cursor)) Atomics.wait(lines, cursor, seq);
  return seen - 1;
};

/**
 * @param {Int32Array} lines
 * @param {number} cursor
 */
const waitAsync = (lines, cursor) => ({
  take(/** @type {number} */ seq) {
    const seen = Atomics.load(lines, cursor);
    return seen === seq ? undefined : seen - 1;
  },
  wait: (/** @type {number} */ seq) => Atomics.waitAsync(lines, cursor, seq).value,
});

/**
 * A pending waitAsync does not keep the event loop alive by itself.
 *
 * @param {import('../harness/contract.js').End} end
 * @returns {import('../harness/contract.js').End}
 */
function keptAlive({ run }) {
  return {
    async run(first, count) {
      const alive = setInterval(() => {}, 60_000);
      const outcome = await run(first, count);
      clearInterval(alive);
      return outcome;
    },
  };
}

/**
 * A shape of what an end is made by, and how it waits.
 *
 * @param {(send: any, receive: any) => import('../harness/contract.js').End} initiate
 * @param {(send: any, receive: any) => import('../harness/contract.js').End} respond
 * @param {(lines: Int32Array, cursor: number) => any} receive
 */
function shape(initiate, respond, receive) {
  /** @type {(make: typeof initiate, out: number, home: number) => (given: Given) => import('../harness/contract.js').End} */
  const end = (make, out, home) => ({ memory }) => make(notify(cursorsOf(memory), out), receive(cursorsOf(memory), home));
  return {
    setup: () => ({ shared: { memory: allocate(0) } }),
    producer: end(initiate, TAIL, HEAD),
    consumer: end(respond, HEAD, TAIL),
  };
}

export const shapes = {
  'round-trip': shape(initiator, responder, wait),
  'round-trip-async': shape(
    (send, receive) => keptAlive(awaitingInitiator(send, receive)),
    (send, receive) => keptAlive(awaitingResponder(send, receive)),
    waitAsync,
  ),
};
