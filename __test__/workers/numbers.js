// A stream of numbers in which each is known: the two ends of it, for a thread to run.

import { Patience } from './patience.js'

/** Never whole, so that a number that lost its low bits shows. */
function number(i) {
  return i * 1.5 + 0.25
}

/** Writes `count` numbers, in batches if `batch` is more than 1, and closes. */
export function writeNumbers(producer, count, batch = 1) {
  const patience = new Patience()
  const numbers = new Float64Array(batch)
  for (let i = 0; i < count;) {
    let taken
    if (batch === 1) {
      taken = producer.push(number(i)) ? 1 : 0
    } else {
      const length = Math.min(batch, count - i)
      for (let j = 0; j < length; j++) numbers[j] = number(i + j)
      taken = producer.pushMany(numbers.subarray(0, length))
    }
    i += taken
    if (taken > 0) patience.hit()
    else patience.miss()
  }
  const { stats } = producer
  producer.close()
  return stats
}

/** Reads until the producer has closed, checks each number, and tells how many there were. */
export function readNumbers(consumer, batch = 1) {
  const patience = new Patience()
  const numbers = new Float64Array(batch)
  let i = 0
  for (;;) {
    let got = 0
    if (batch === 1) {
      const value = consumer.pop()
      if (value !== undefined) numbers[got++] = value
    } else {
      got = consumer.popMany(numbers)
    }
    for (let j = 0; j < got; j++, i++) {
      if (numbers[j] !== number(i)) throw new Error(`${numbers[j]} came instead of ${number(i)}, number ${i}`)
    }
    if (got > 0) patience.hit()
    else if (consumer.done) return i
    else patience.miss()
  }
}
