// A stream of messages of random lengths from 0 to 64 KiB in which each byte is known.

import { Patience } from './patience.js'

const LONGEST = 65536

/** xorshift32: the same sequence in every thread. */
function random(seed) {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/** Random bytes of which all messages are parts: made once, since a billion of them would take longer than sending them. */
function makePool() {
  const pool = Buffer.alloc(1 << 20)
  const next = random(2463534242)
  const words = new Uint32Array(pool.buffer, pool.byteOffset, pool.length / 4)
  for (let i = 0; i < words.length; i++) words[i] = next()
  return pool
}

/** The sequence of messages: where the next one starts in the pool, and how long it is. */
function makeSequence(pool) {
  const next = random(88675123)
  const message = { start: 0, length: 0 }
  return () => {
    // Below a bound that is random too, so that there are short ones enough, and empty ones.
    message.length = next() % (1 + (next() % (LONGEST + 1)))
    message.start = next() % (pool.length - LONGEST)
    return message
  }
}

/** Writes `count` messages and closes. */
export function writeMessages(producer, count) {
  const patience = new Patience()
  const pool = makePool()
  const next = makeSequence(pool)
  for (let i = 0; i < count; i++) {
    const { start, length } = next()
    const bytes = pool.subarray(start, start + length)
    while (!producer.push(bytes)) patience.miss()
    patience.hit()
  }
  const { stats } = producer
  producer.close()
  return stats
}

/**
 * Reads until the producer has closed and checks each message, byte for byte: that says more than a
 * checksum and is quicker than any. Tells how many there were.
 */
export function readMessages(consumer) {
  const patience = new Patience()
  const pool = makePool()
  const next = makeSequence(pool)
  let i = 0
  const check = (view) => {
    const { start, length } = next()
    if (view.length !== length || pool.compare(view, 0, view.length, start, start + length) !== 0) {
      throw new Error(`message ${i}: ${view.length} bytes came instead of ${length}, or its bytes are others`)
    }
    i++
  }
  for (;;) {
    if (consumer.drain(check) > 0) patience.hit()
    else if (consumer.done) return i
    else patience.miss()
  }
}
