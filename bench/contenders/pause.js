// A pause of a given length for paced consumers. Atomics.pause is not in Node 20, a clock read costs a tenth of the
// pause, and Atomics.wait costs a system call: so a loop of dependent integer operations, calibrated in the
// thread that uses it.

let sink = 1;

/** @param {number} turns */
export function pause(turns) {
  let x = sink;
  for (let i = 0; i < turns; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  sink = x;
}

/**
 * @param {number} ns
 * @returns {number} turns of `pause` that last about so long
 */
export function turnsFor(ns) {
  const probe = 20_000;
  let fastest = Infinity;
  // The fastest of many: the first ones run in the interpreter, others are interrupted.
  for (let i = 0; i < 200; i++) {
    const start = performance.now();
    pause(probe);
    fastest = Math.min(fastest, performance.now() - start);
  }
  return Math.max(1, Math.round((ns * probe) / (fastest * 1e6)));
}
