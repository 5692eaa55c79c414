// Where both ends meet before each round, so that neither's start is part of the other's time.

/** Long enough for the other end when both have a CPU; beyond it they probably share one, and must give it up. */
const SPINS = 20_000;

/** @returns {SharedArrayBuffer} */
export function makeRendezvous() {
  return new SharedArrayBuffer(4);
}

/**
 * @param {SharedArrayBuffer} memory
 * @param {number} parties
 * @returns {() => void} blocks until all parties have called theirs
 */
export function rendezvous(memory, parties) {
  const arrivals = new Int32Array(memory);
  let due = 0;
  return () => {
    due += parties;
    if (Atomics.add(arrivals, 0, 1) + 1 === due) {
      Atomics.notify(arrivals, 0);
      return;
    }
    let spins = 0;
    for (let seen = Atomics.load(arrivals, 0); seen < due; seen = Atomics.load(arrivals, 0)) {
      // The arrivals of the next meeting cannot come before this end has left, so `seen` never overtakes `due` twice.
      if (++spins > SPINS) Atomics.wait(arrivals, 0, seen, 10);
    }
  };
}
