// Messages in ring memory that somebody scribbles over, against a reader that is written down once more, here, from
// what lib/framing.ts says: a header of 8 bytes, of which the first four are the length, then the bytes, filled up to
// a multiple of 8. What is read is a message that lies within what was published, or CORRUPT, and after CORRUPT
// nothing has moved. fuzz/targets/crossings.rs does the same to what Rust reads.
//
// scribble.spec.js does it with threads, and cannot know what should be read. A failure prints a seed and a path.

import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { createRing, CrosscoreError } from 'crosscore'
import { onBothMemories } from './memories.js'

const HEADER = 8
const sizeOf = (length) => HEADER + 8 * Math.ceil(length / 8)

class Subject {
  constructor({ capacity, memory, before }) {
    const { producer, consumer } = createRing({ of: 'bytes', capacity, memory })
    this.producer = producer
    this.consumer = consumer
    this.capacity = producer.capacity
    this.memory = new DataView(producer.reserve(0).buffer)
    producer.abort()
    this.mirrored = memory === 'mirrored'
    /** The position of the oldest header, and the bytes that were published after it. */
    this.position = 0
    this.left = 0
    /** Of those, what the consumer has seen: it looks again when that is 0. */
    this.known = 0
    this.peeked = -1
    // So that a ring of pages too comes to its end within a few messages.
    for (let todo = this.capacity - 8 * before; todo >= HEADER; ) {
      const size = Math.min(todo, this.capacity / 2)
      this.push({ length: size - HEADER })
      this.pop()
      todo -= size
    }
  }

  push({ length }) {
    if (length > this.capacity - HEADER) return
    const fits = sizeOf(length) <= this.capacity - this.left
    assert.equal(this.producer.push(new Uint8Array(length).fill(length)), fits)
    if (fits) this.left += sizeOf(length)
  }

  #write(at, write) {
    write(at % this.capacity)
    // On the heap the second half is a memory of its own, which may hold anything.
    if (!this.mirrored) write((at % this.capacity) + this.capacity)
  }

  /** A length over the header of the oldest message, or of one where another begins. */
  header({ skip, length }) {
    this.#write(this.position + 8 * skip, (at) => this.memory.setUint32(at, length, true))
  }

  /** Anything anywhere. */
  scribble({ at, value }) {
    this.#write(at, (at) => this.memory.setUint8(at, value))
  }

  /** The oldest message as it lies there now; undefined if there is none, null if that cannot be one. */
  expected() {
    if (this.known === 0) this.known = this.left
    if (this.known === 0) return undefined
    const length = this.memory.getUint32(this.position, true)
    if (sizeOf(length) > this.known) return null
    return Uint8Array.from({ length }, (_, i) => this.memory.getUint8((this.position + HEADER + i) % this.capacity))
  }

  #took(length) {
    const size = sizeOf(length)
    this.position = (this.position + size) % this.capacity
    this.left -= size
    this.known -= size
    this.peeked = -1
  }

  /** Asserts that `act` gives the message that is expected, or CORRUPT; whether it gave one. */
  #reads(act) {
    const expected = this.expected()
    let got
    try {
      got = act()
    } catch (error) {
      assert.ok(error instanceof CrosscoreError, `${error?.stack}`)
      assert.equal(error.code, 'ERR_CROSSCORE_CORRUPT')
      assert.equal(expected, null, `CORRUPT instead of ${expected?.length} bytes`)
      return undefined
    }
    assert.notEqual(expected, null, `${got?.length} bytes came instead of CORRUPT`)
    assert.equal(got?.length, expected?.length)
    if (got) assert.equal(Buffer.compare(got, expected), 0)
    return got
  }

  pop() {
    const got = this.#reads(() => this.consumer.pop())
    if (got) this.#took(got.length)
  }

  popMany() {
    const got = this.#reads(() => this.consumer.popMany(1)[0])
    if (got) this.#took(got.length)
  }

  peek() {
    const got = this.#reads(() => this.consumer.peek())
    this.peeked = got?.length ?? this.peeked
  }

  /** What was peeked at goes, whatever its header says by now. */
  release() {
    this.consumer.release()
    if (this.peeked >= 0) this.#took(this.peeked)
  }

  /** `fn` scribbles over what it is shown. */
  drain({ length }) {
    const got = this.#reads(() => {
      let seen
      this.consumer.drain((message) => {
        seen = message.slice()
        this.header({ skip: 0, length })
      }, 1)
      return seen
    })
    if (got) this.#took(got.length)
  }

  visit({ length }) {
    const got = this.#reads(() => {
      let seen
      this.consumer.visit((bytes, start, end) => {
        seen = bytes.slice(start, end)
        this.header({ skip: 0, length })
      }, 1)
      return seen
    })
    if (got) this.#took(got.length)
  }

  look() {
    // Asking has no effect: the next read does not know more than before.
    assert.equal(this.consumer.available, this.left)
    // What is read is given back when the other side is short of room, or in a lap.
    assert.ok(this.producer.free <= this.capacity - this.left)
  }
}

const lengths = fc.oneof(
  { weight: 4, arbitrary: fc.nat(80) },
  { weight: 2, arbitrary: fc.nat(2 ** 32 - 1) },
  // Where a sum of 32 bits, signed or not, ends, and what is one too many.
  { weight: 3, arbitrary: fc.constantFrom(0xffffffff, 0xfffffff8, 0xfffffff9, 0x80000000, 0x7fffffff, 0x7ffffff8, 0x7ffffff1, 4088, 4089, 56, 57) },
)

function operation(name, weight, parts = {}) {
  return { weight, arbitrary: fc.record({ name: fc.constant(name), ...parts }) }
}

const operations = fc.array(
  fc.oneof(
    operation('push', 6, { length: fc.nat(40) }),
    operation('header', 5, { skip: fc.nat(4), length: lengths }),
    operation('scribble', 2, { at: fc.nat(8191), value: fc.nat(255) }),
    operation('pop', 3),
    operation('popMany', 1),
    operation('peek', 2),
    operation('release', 2),
    operation('drain', 2, { length: lengths }),
    operation('visit', 2, { length: lengths }),
    operation('look', 1),
  ),
  { maxLength: 50, size: 'max' },
)

// INV-JS-5, INV-JS-6
onBothMemories('messages that were scribbled over are within what was published, or CORRUPT', (t, memory) => {
  const rings = fc.record({ capacity: fc.integer({ min: 1, max: 200 }), memory: fc.constant(memory), before: fc.nat(9) })
  const property = fc.property(rings, operations, (options, list) => {
    const subject = new Subject(options)
    for (const each of list) subject[each.name](each)
    // Whatever is in it, it can be closed, and Rust has found nothing wrong with the counts.
    subject.look()
    subject.producer.close()
    subject.consumer.close()
  })
  fc.assert(property, {
    numRuns: 1000,
    includeErrorInReport: true,
    ...(process.env.CROSSCORE_SEED && { seed: Number(process.env.CROSSCORE_SEED) }),
    ...(process.env.CROSSCORE_PATH && { path: process.env.CROSSCORE_PATH, endOnFailure: true }),
  })
  t.pass()
})
