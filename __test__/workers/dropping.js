// Streams in which each element tells its place, and a reader that finds each gap where it was said to be.

import assert from 'node:assert'
import { parentPort, workerData } from 'node:worker_threads'
import { Consumer, Producer, record } from 'crosscore'

const schema = record({ name: 'u8', place: 'u32' })
const codec = {
  encode(place, target) {
    target.set([place & 255, (place >> 8) & 255, place >> 16])
    return 3
  },
  decode: ([low, middle, high]) => low + (middle << 8) + (high << 16),
}
const big = (place) => BigInt(place)
const small = (place) => place % 127

/** What to make a ring of, and its element for a place in the stream. */
export const streams = {
  u8: { of: 'u8', element: small },
  i8: { of: 'i8', element: small },
  u16: { of: 'u16', element: (place) => place % 65536 },
  i16: { of: 'i16', element: (place) => place % 32768 },
  u32: { of: 'u32', element: (place) => place },
  i32: { of: 'i32', element: (place) => place },
  f32: { of: 'f32', element: (place) => place },
  f64: { of: 'f64', element: (place) => place + 0.25 },
  i64: { of: 'i64', element: big },
  u64: { of: 'u64', element: big },
  bytes: { of: 'bytes', element: (place) => new Uint8Array(Buffer.from(String(place).padEnd(place % 30, '.'))) },
  string: { of: 'string', element: (place) => (place % 5 === 0 ? 'é' : '') + String(place).padEnd(place % 30, '.') },
  json: { of: 'json', element: (place) => ({ place }) },
  value: { of: 'value', element: (place) => new Map([[place, undefined]]) },
  record: { of: schema, element: (place) => ({ name: place % 256, place }) },
  codec: { of: codec, element: (place) => place },
}

/** Each way of reading: copies of some elements. */
export const reads = {
  pop(consumer) {
    const element = consumer.pop()
    return element === undefined ? [] : [element]
  },
  popMany: (consumer) => consumer.popMany(5),
  drain(consumer) {
    const elements = []
    consumer.drain((shown) => elements.push(structuredClone(copyOf(shown))), 7)
    return elements
  },
}

function copyOf(shown) {
  return typeof shown === 'object' && 'place' in shown ? { name: shown.name ?? 0, place: shown.place } : shown
}

/** Reads what there is and follows the gaps. */
export class Follower {
  read = 0
  missing = 0
  #gaps = []

  constructor(kind) {
    this.kind = kind
  }

  /** How many came. */
  follow(consumer, how) {
    const elements = reads[how](consumer)
    this.#gaps.push(...consumer.gaps())
    for (const element of elements) {
      this.#pass()
      let expected = streams[this.kind].element(this.read + this.missing)
      if (how === 'drain' && this.kind === 'json') expected = { name: 0, ...expected }
      assert.deepStrictEqual(element, expected, `${this.kind}: element ${this.read}, ${this.missing} missing`)
      this.read++
    }
    this.#pass()
    assert.deepStrictEqual(this.#gaps, [])
    // Another thread may have dropped more since.
    assert(consumer.missed >= this.missing)
    return elements.length
  }

  #pass() {
    while (this.#gaps[0]?.at === this.read) {
      const { count } = this.#gaps.shift()
      assert(Number.isInteger(count) && count > 0)
      this.missing += count
    }
  }
}

function readSlowly({ token, kind, how }) {
  const consumer = Consumer.from(token, { of: streams[kind].of })
  const follower = new Follower(kind)
  const cell = new Int32Array(new SharedArrayBuffer(4))
  parentPort.postMessage('reading')
  while (!consumer.done) {
    if (follower.follow(consumer, how) === 0 || follower.read % 64 < 8) Atomics.wait(cell, 0, 0, 0.2)
  }
  // What was dropped at the end.
  follower.follow(consumer, how)
  const { read, missing } = follower
  return { read, missing, missed: consumer.missed, dropped: consumer.stats.dropped }
}

function writeUntilKilled({ token, kind, pushed }) {
  const producer = Producer.from(token, { of: streams[kind].of })
  for (let place = 0; ; place++) {
    producer.push(streams[kind].element(place))
    Atomics.store(pushed, 0, place + 1)
    if (place === 1000) parentPort.postMessage('pushing')
  }
}

if (workerData?.dropping === 'read') parentPort.postMessage(readSlowly(workerData))
if (workerData?.dropping === 'write') writeUntilKilled(workerData)
