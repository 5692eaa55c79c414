// How a polling loop waits until the package has calls that wait.

const cell = new Int32Array(new SharedArrayBuffer(4))
const SPINS = 2000
const NAPS = 600_000

/** Spins a little, then naps for a moment at a time, so that the other side gets the processor; gives up in the end. */
export class Patience {
  #misses = 0

  /** After a poll that found nothing to do. */
  miss() {
    if (++this.#misses < SPINS) return
    if (this.#misses > SPINS + NAPS) throw new Error('the other side makes no progress')
    Atomics.wait(cell, 0, 0, 0.05)
  }

  /** After a poll that found something. */
  hit() {
    this.#misses = 0
  }
}
