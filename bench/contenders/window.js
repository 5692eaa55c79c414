// postMessage has no backpressure: a producer that never looks up fills memory. So it keeps a window of messages in
// flight. The consumer says how far it got through a shared counter, which costs neither end a message, and
// the producer sleeps on it when the window is full: the cheapest acknowledgement there is.

/** @returns {SharedArrayBuffer} */
export function makeAcknowledgements() {
  return new SharedArrayBuffer(4);
}

/**
 * @param {SharedArrayBuffer} memory
 * @param {number} window messages in flight
 * @returns {() => void} call it before each send
 */
export function windowOf(memory, window) {
  const done = new Int32Array(memory);
  let sent = 0;
  let limit = window;
  return () => {
    while (sent === limit) {
      const seen = Atomics.load(done, 0);
      limit = (seen + window) | 0;
      if (sent === limit) Atomics.wait(done, 0, seen);
    }
    sent = (sent + 1) | 0;
  };
}

/**
 * @param {SharedArrayBuffer} memory
 * @param {number} window
 * @returns {(last?: boolean) => void} call it after each message; `last`: acknowledge in any case
 */
export function acknowledger(memory, window) {
  const done = new Int32Array(memory);
  // Often enough that the producer never runs dry, seldom enough to cost nothing.
  const every = Math.max(1, window >> 2);
  let received = 0;
  let pending = 0;
  return (last = false) => {
    received = (received + 1) | 0;
    if (++pending < every && !last) return;
    pending = 0;
    Atomics.store(done, 0, received);
    Atomics.notify(done, 0);
  };
}
