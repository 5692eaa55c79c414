// What a micro-bench of one call is: it makes its rings, and then does `CALLS` calls at a time, timing only those.

/** One call is far below the clock's grain; so many take tens of microseconds. */
export const CALLS = 4096;

/** Elements: room for a whole round, so that no call finds the ring full or empty. */
export const CAPACITY = 2 * CALLS;

/**
 * @typedef {object} SingleCall
 * @property {string} call
 * @property {string} system
 * @property {string} [note]
 * @property {boolean} [asynchronous] whether a round is
 * @property {() => Promise<() => number | Promise<number>> | (() => number)} make a round: the time of `CALLS` calls in milliseconds
 */
