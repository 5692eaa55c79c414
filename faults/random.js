// Random numbers that a seed repeats.

/** mulberry32: small, and good enough to choose plans by. */
export class Random {
  #state

  constructor(seed) {
    this.#state = seed >>> 0
  }

  /** From 0 to 2^32 - 1. */
  word() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let word = this.#state
    word = Math.imul(word ^ (word >>> 15), word | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return (word ^ (word >>> 14)) >>> 0
  }

  /** From 0 up to 1. */
  fraction() {
    return this.word() / 2 ** 32
  }

  /** An integer from `least` to `most`. */
  between(least, most) {
    return least + Math.floor(this.fraction() * (most - least + 1))
  }

  chance(probability) {
    return this.fraction() < probability
  }

  of(choices) {
    return choices[this.between(0, choices.length - 1)]
  }

  /** A key, with the frequency that its value says. */
  weighted(weights) {
    const entries = Object.entries(weights)
    let rest = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of entries) {
      rest -= weight
      if (rest < 0) return key
    }
    return entries[0][0]
  }
}

/** The `i`-th of a sequence of well mixed 32-bit numbers. */
export function mixed(i) {
  let word = Math.imul(i ^ (i >>> 16), 0x7feb352d)
  word = Math.imul(word ^ (word >>> 15), 0x846ca68b)
  return (word ^ (word >>> 16)) >>> 0
}
