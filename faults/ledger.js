// What the two sides of a ring say about it in plain shared memory, so that it is known of a side that
// is dead.

const INTENDED = 0
const WRITTEN = 1
const READ = 2
/** 1 + the side's number while it is inside a call that blocks. */
const BLOCKED = { producer: 3, consumer: 4 }
const SIZE = 8

/** Counts are exact up to 2^31, far beyond a round. */
export class Ledger {
  #cells

  constructor(shared = new SharedArrayBuffer(SIZE * 4)) {
    this.shared = shared
    this.#cells = new Int32Array(shared)
  }

  /** The producer is about to make the stream `count` long, or part of the way. */
  intend(count) {
    Atomics.store(this.#cells, INTENDED, count)
  }

  /** The producer was told that the stream is `count` long. */
  wrote(count) {
    Atomics.store(this.#cells, WRITTEN, count)
    Atomics.store(this.#cells, INTENDED, count)
  }

  /** The consumer has seen `count` elements, all right. */
  read(count) {
    Atomics.store(this.#cells, READ, count)
  }

  block(side, blocked) {
    Atomics.store(this.#cells, BLOCKED[side], blocked ? 1 : 0)
  }

  isBlocked(side) {
    return Atomics.load(this.#cells, BLOCKED[side]) === 1
  }

  get counts() {
    const [intended, written, read] = [INTENDED, WRITTEN, READ].map((cell) => Atomics.load(this.#cells, cell))
    return { intended, written, read }
  }
}
