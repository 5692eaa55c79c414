// postMessage has no backpressure: a reader that never looks up fills memory. So it keeps a window of messages that were
// not acknowledged. The hasher counts in shared memory, which costs neither side a message, and the reader sleeps on
// the count while the window is full.

/** The reader's side: call `admit` before each message. */
export function makeWindow(acknowledged, size) {
  const count = new Int32Array(acknowledged)
  let sent = 0
  return {
    admit() {
      for (let seen = Atomics.load(count, 0); sent - seen >= size; seen = Atomics.load(count, 0)) {
        Atomics.wait(count, 0, seen)
      }
      sent++
    },
  }
}

/** The hasher's side: call `acknowledge` after each message. A quarter of the window goes into one notification. */
export function makeAcknowledgement(acknowledged, size) {
  const count = new Int32Array(acknowledged)
  const every = Math.max(1, size >> 2)
  let received = 0
  return {
    acknowledge() {
      received++
      if (received % every !== 0) return
      Atomics.store(count, 0, received)
      Atomics.notify(count, 0)
    },
  }
}
