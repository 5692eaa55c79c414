// Random operations on both handles of a ring of records in one thread, against a plain array, as properties.spec.js does
// it for numbers and bytes: the same answers and the same records, in order, none lost and none twice; cursors show and
// write what they are on, and refuse everything once they are on nothing.
//
// A failure prints a seed and a path; CROSSCORE_SEED and CROSSCORE_PATH play them again.

import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { array, bytes, Consumer, createRing, CrosscoreError, Producer, record } from 'crosscore'
import { onBothMemories } from './memories.js'

const replay = {
  ...(process.env.CROSSCORE_SEED && { seed: Number(process.env.CROSSCORE_SEED) }),
  ...(process.env.CROSSCORE_PATH && { path: process.env.CROSSCORE_PATH, endOnFailure: true }),
}

const leg = record({ k: 'u8', v: 'f64' })

/** Kinds of fields of every sort, none in its natural place, and a size that is no power of two. */
const nested = {
  of: record({
    a: 'u8',
    ts: 'f64',
    b: 'i16',
    id: 'u64',
    name: bytes(3),
    at: record({ x: 'i32', y: 'f32' }),
    levels: array('u16', 3),
    legs: array(leg, 2),
  }),
  value: fc.record({
    a: fc.integer({ min: 0, max: 255 }),
    ts: fc.double(),
    b: fc.integer({ min: -32768, max: 32767 }),
    id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    name: fc.uint8Array({ minLength: 3, maxLength: 3 }),
    at: fc.record({ x: fc.integer(), y: fc.float() }, { noNullPrototype: true }),
    levels: fc.uint16Array({ minLength: 3, maxLength: 3 }),
    legs: fc.array(fc.record({ k: fc.integer({ min: 0, max: 255 }), v: fc.double() }, { noNullPrototype: true }), { minLength: 2, maxLength: 2 }),
  }, { noNullPrototype: true }),
  /** Of one field each, what it refuses. */
  wrong: fc.constantFrom(
    { a: 256 }, { a: -1 }, { a: '1' }, { a: 1n }, { a: undefined }, { a: Symbol('a') }, { ts: '1' }, { ts: 1n }, { ts: null }, { b: 0.5 }, { b: NaN },
    { id: 1 }, { id: -1n }, { id: 2n ** 64n }, { name: new Uint8Array(4) }, { name: 'abc' }, { name: undefined }, { at: null }, { at: 5 }, { at: { x: 1 } },
    { at: { x: 2 ** 31, y: 0 } }, { levels: [1, 2] }, { levels: [1, 2, 65536] }, { levels: null }, { legs: [] }, { legs: [{ k: 1, v: 1 }, null] },
    { legs: [{ k: 1, v: 1 }, { k: 1, v: '1' }] },
  ),
  read: ({ a, ts, b, id, name, at, levels, legs }) =>
    ({ a, ts, b, id, name: name.copy(), at: { x: at.x, y: at.y }, levels: levels.copy(), legs: legs.copy() }),
  write(cursor, value) {
    Object.assign(cursor, { a: value.a, ts: value.ts, b: value.b, id: value.id })
    cursor.name.set(value.name)
    cursor.at.x = value.at.x
    cursor.at.y = value.at.y
    cursor.levels.set(value.levels)
    value.legs.forEach((each, i) => Object.assign(cursor.legs.at(i), each))
  },
  column: 'ts',
}

/** A record whose size is a power of two, without anything inside. */
const flat = {
  of: record({ x: 'f64', y: 'u32', z: 'i32' }),
  value: fc.record({ x: fc.double(), y: fc.integer({ min: 0, max: 2 ** 32 - 1 }), z: fc.integer() }, { noNullPrototype: true }),
  wrong: fc.constantFrom({ x: '1' }, { x: undefined }, { y: -1 }, { y: 2 ** 32 }, { y: 0.5 }, { z: 2 ** 31 }, { z: {} }),
  read: ({ x, y, z }) => ({ x, y, z }),
  write: (cursor, value) => Object.assign(cursor, value),
  column: 'y',
}

function refused(code, act) {
  let result
  try {
    result = act()
  } catch (error) {
    assert.ok(error instanceof CrosscoreError, `${error?.stack}`)
    assert.equal(error.code, `ERR_CROSSCORE_${code}`, error.message)
    return
  }
  assert.fail(`${result} came back instead of ${code}`)
}

class Subject {
  constructor(kind, { capacity, memory, publish, before }, plain) {
    this.kind = kind
    this.plain = plain
    Object.assign(this, createRing({ of: kind.of, capacity, memory, publish }))
    this.capacity = this.producer.capacity
    this.elements = []
    this.sent = 0
    this.reserved = 0
    this.batch = undefined
    /** What peek shows, and the first that was not given back. */
    this.shown = undefined
    this.peeked = 0
    this.gone = 0
    this.stale = []
    this.producerClosed = false
    this.consumerClosed = false
    // So that a ring of pages too comes to its end within a few operations.
    for (let left = Math.max(0, this.capacity - before); left > 0; left--) {
      assert.ok(this.producer.push(plain))
      assert.deepEqual(this.consumer.pop(), plain)
      this.sent++
    }
  }

  get noWriting() {
    return this.producerClosed ? 'CLOSED' : this.reserved > 0 ? 'BUSY' : undefined
  }

  get room() {
    return this.capacity - this.elements.length
  }

  #put(values) {
    this.elements.push(...values)
    this.sent += values.length
  }

  #took(values) {
    assert.deepEqual(values, this.elements.splice(0, values.length))
    if (values.length > 0) this.#unpeek()
  }

  #unpeek() {
    this.peeked = 0
    this.shown = undefined
  }

  /** A cursor that the next operation of its handle ends. */
  #keep(cursor) {
    this.stale.push(cursor)
  }

  /** Calls a method that writes. Once the consumer is gone it may also say so. */
  write(act, then) {
    if (this.noWriting) return refused(this.noWriting, act)
    if (!this.consumerClosed) return then(act())
    try {
      act()
    } catch (error) {
      assert.equal(error.code, 'ERR_CROSSCORE_CLOSED', error.stack)
    }
  }

  read(act, then) {
    if (this.consumerClosed) return refused('CLOSED', act)
    then(act())
  }

  push({ value }) {
    this.write(
      () => this.producer.push(value),
      (pushed) => {
        assert.equal(pushed, this.room > 0)
        if (pushed) this.#put([value])
      },
    )
  }

  pushMany({ values, iterable }) {
    this.write(
      () => this.producer.pushMany(iterable ? values.values() : values),
      (count) => {
        assert.equal(count, Math.min(values.length, this.room))
        this.#put(values.slice(0, count))
      },
    )
  }

  /** Those before a wrong one are in the ring. */
  pushWrong({ value, values, wrong, iterable }) {
    if (this.noWriting || this.consumerClosed) return
    const given = [...values, { ...value, ...wrong }, value]
    const reached = this.room > values.length
    const fitting = Math.min(values.length, this.room)
    const act = () => this.producer.pushMany(iterable ? given.values() : given)
    if (reached) refused('INVALID_ARG', act)
    else assert.equal(act(), fitting)
    this.#put(values.slice(0, fitting))
    if (this.room > 0) refused('INVALID_ARG', () => this.producer.push({ ...value, ...wrong }))
  }

  reserve({ count }) {
    const n = count + 1
    if (!this.noWriting && n > this.capacity) return refused('TOO_LARGE', () => this.producer.reserve(n))
    if (!this.noWriting && !this.consumerClosed) {
      for (const wrong of [0, -1, 0.5, NaN, '1', undefined, 2 ** 31]) {
        assert.throws(() => this.producer.reserve(wrong), { code: /INVALID_ARG|TOO_LARGE/ }, `${wrong}`)
      }
    }
    const fits = n <= this.room
    this.write(
      () => {
        const batch = this.producer.reserve(n)
        if (this.consumerClosed && batch !== null) this.producer.abort()
        return batch
      },
      (batch) => {
        assert.equal(batch !== null, fits)
        if (!fits) return
        assert.equal(batch.length, n)
        this.reserved = n
        this.batch = batch
      },
    )
  }

  commit({ count, values, wrong }) {
    if (this.producerClosed) return refused('CLOSED', () => this.producer.commit())
    if (this.reserved === 0) return refused('INVALID_ARG', () => this.producer.commit())
    const { batch, reserved } = this
    for (const wrong of [reserved + 1, -1, 0.5, NaN, '1', null]) refused('INVALID_ARG', () => this.producer.commit(wrong))
    for (const wrong of [reserved, -1, 0.5, NaN, '0', undefined]) refused('INVALID_ARG', () => batch.at(wrong))
    const n = Math.min(count, reserved, values.length)
    const written = values.slice(0, n)
    // From the last to the first: where each lies, not in which order they come.
    for (let i = n - 1; i >= 0; i--) {
      const cursor = batch.at(i)
      this.kind.write(cursor, written[i])
      const [[name, value]] = Object.entries(wrong)
      // Fields that are cursors are written by set().
      if (typeof cursor[name] !== 'object') refused('INVALID_ARG', () => (cursor[name] = value))
      assert.deepEqual(this.kind.read(cursor), written[i])
      this.#keep(cursor)
    }
    this.reserved = 0
    const act = () => (n === reserved ? this.producer.commit() : this.producer.commit(n))
    if (this.consumerClosed) {
      try {
        act()
      } catch (error) {
        assert.equal(error.code, 'ERR_CROSSCORE_CLOSED')
      }
    } else {
      act()
      this.#put(written)
    }
    assert.equal(batch.length, 0)
  }

  abort() {
    if (this.producerClosed) return refused('CLOSED', () => this.producer.abort())
    if (this.reserved === 0) return refused('INVALID_ARG', () => this.producer.abort())
    this.#keep(this.batch.at(0))
    this.producer.abort()
    this.reserved = 0
  }

  flush() {
    if (this.producerClosed || this.consumerClosed) return refused('CLOSED', () => this.producer.flush())
    this.producer.flush()
    assert.equal(this.consumer.available, this.elements.length)
  }

  pop() {
    this.read(
      () => this.consumer.pop(),
      (value) => (value === undefined ? assert.equal(this.elements.length, 0) : this.#took([value])),
    )
  }

  popMany({ count }) {
    this.read(
      () => this.consumer.popMany(count),
      (values) => {
        assert.equal(values.length, Math.min(count, this.elements.length))
        this.#took(values)
      },
    )
  }

  peek({ count }) {
    const n = count === 0 ? undefined : count
    this.read(
      () => this.consumer.peek(n),
      (batch) => {
        assert.equal(batch.length, Math.min(n ?? Infinity, this.elements.length))
        this.shown = batch
        this.peeked = batch.length
        this.gone = 0
        this.#compare()
      },
    )
  }

  /** What is shown and was not given back, as cursors and as a column. */
  #compare() {
    const { shown, gone, kind } = this
    const oldest = this.elements.slice(0, this.peeked)
    assert.deepEqual(oldest, Array.from(shown, kind.read))
    oldest.forEach((value, i) => assert.deepEqual(kind.read(shown.at(gone + i)), value))
    if (gone === 0) assert.deepEqual(Array.from(shown.column(kind.column)), oldest.map((value) => value[kind.column]))
    else if (this.peeked > 0) refused('BUSY', () => shown.column(kind.column))
    if (gone > 0) refused('INVALID_ARG', () => shown.at(gone - 1))
  }

  release({ count }) {
    if (this.consumerClosed) return refused('CLOSED', () => this.consumer.release())
    refused('INVALID_ARG', () => this.consumer.release(this.peeked + 1))
    const n = Math.min(count, this.peeked)
    this.consumer.release(n)
    this.elements.splice(0, n)
    this.peeked -= n
    this.gone += n
    if (this.shown === undefined) return
    if (this.peeked > 0) this.#compare()
    else this.shown = undefined
  }

  drain({ count, throwAt }) {
    const seen = []
    this.#each(count, seen, (most) =>
      this.consumer.drain((cursor) => {
        seen.push(this.kind.read(cursor))
        refused('BUSY', () => this.consumer.pop())
        refused('BUSY', () => this.consumer.release())
        this.#keep(cursor)
        if (seen.length > throwAt) throw new RangeError('on purpose')
      }, most),
    )
  }

  visit({ count, throwAt }) {
    const seen = []
    this.#each(count, seen, (most) =>
      this.consumer.visit((batch, start, end) => {
        for (let i = start; i < end; i++) {
          seen.push(this.kind.read(batch.at(i)))
          this.#keep(batch.at(i))
        }
        refused('BUSY', () => this.consumer.peek())
        if (throwAt < 3) throw new RangeError('on purpose')
      }, most),
    )
  }

  #each(count, seen, act) {
    const most = Math.min(count, this.elements.length)
    this.read(
      () => {
        try {
          return act(count)
        } catch (error) {
          if (!(error instanceof RangeError)) throw error
          return seen.length
        }
      },
      (n) => {
        assert.equal(n, seen.length)
        assert.equal(n === 0, most === 0)
        assert.ok(n <= most)
        this.#took(seen)
      },
    )
  }

  look() {
    if (!this.producerClosed && !this.consumerClosed) assert.ok(this.producer.free <= this.room - this.reserved)
    if (this.consumerClosed) return
    assert.ok(this.consumer.available <= this.elements.length)
    assert.equal(this.consumer.done, this.producerClosed && this.elements.length === 0)
    assert.equal(this.consumer.closed, this.producerClosed)
  }

  move({ count }) {
    if (count % 2 === 0) {
      if (this.noWriting) return refused(this.noWriting, () => this.producer.move())
      const moved = this.producer
      this.producer = Producer.from(moved.move())
      refused('MOVED', () => moved.reserve(1))
    } else {
      if (this.consumerClosed) return refused('CLOSED', () => this.consumer.move())
      const moved = this.consumer
      this.consumer = Consumer.from(moved.move())
      refused('MOVED', () => moved.peek())
      this.#unpeek()
    }
  }

  closeProducer() {
    this.producer.close()
    this.producerClosed = true
    this.reserved = 0
  }

  closeConsumer() {
    this.consumer.close()
    this.consumerClosed = true
    this.elements = []
    this.#unpeek()
  }

  finish() {
    this.closeProducer()
    if (!this.consumerClosed) {
      this.#took(this.consumer.popMany(this.elements.length))
      assert.equal(this.consumer.pop(), undefined)
      assert.equal(this.consumer.done, true)
      assert.equal(this.consumer.stats.sent, this.sent)
      this.consumer.close()
    }
    // Whatever was shown of this ring is over.
    for (const cursor of this.stale) {
      for (const { name, type } of this.kind.of.fields) {
        if (type.is !== 'scalar') continue
        refused('BUSY', () => cursor[name])
        refused('BUSY', () => (cursor[name] = this.plain[name]))
      }
      refused('BUSY', () => this.kind.read(cursor))
    }
  }
}

const count = fc.oneof({ weight: 8, arbitrary: fc.nat(5) }, { weight: 3, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.constant(5000) })
const throwAt = fc.oneof({ weight: 3, arbitrary: fc.constant(Infinity) }, { weight: 1, arbitrary: fc.nat(2) })

const operation = (name, weight, parts = {}) => ({ weight, arbitrary: fc.record({ name: fc.constant(name), ...parts }) })

function operations({ value, wrong }) {
  const values = fc.array(value, { maxLength: 9 })
  return fc.array(
    fc.oneof(
      operation('push', 30, { value }),
      operation('pushMany', 20, { values, iterable: fc.boolean() }),
      operation('pushWrong', 8, { value, values, wrong, iterable: fc.boolean() }),
      operation('reserve', 24, { count }),
      operation('commit', 24, { count, values, wrong }),
      operation('abort', 6),
      operation('flush', 6),
      operation('pop', 20),
      operation('popMany', 12, { count }),
      operation('peek', 18, { count }),
      operation('release', 18, { count }),
      operation('drain', 14, { count, throwAt }),
      operation('visit', 14, { count, throwAt }),
      operation('look', 9),
      operation('move', 3, { count }),
      operation('closeProducer', 1),
      operation('closeConsumer', 1),
    ),
    { maxLength: 60, size: 'max' },
  )
}

const plains = new Map([
  [nested, { a: 1, ts: 2, b: 3, id: 4n, name: Uint8Array.of(5, 6, 7), at: { x: 8, y: 9 }, levels: Uint16Array.of(1, 2, 3), legs: [{ k: 1, v: 2 }, { k: 3, v: 4 }] }],
  [flat, { x: 1, y: 2, z: 3 }],
])

for (const [title, kind] of Object.entries({ 'with all sorts of fields': nested, 'of 16 bytes': flat })) {
  // INV-JS-1, INV-JS-2, INV-JS-3, INV-JS-6, INV-JS-7
  onBothMemories(`any operations on a ring of records ${title} do what they do to an array`, (t, memory) => {
    const rings = fc.record({
      capacity: fc.integer({ min: 1, max: 40 }),
      memory: fc.constant(memory),
      publish: fc.constantFrom('each', 'tick', 1, 2, 3, 7),
      before: fc.nat(9),
    })
    const behaves = (options, list) => {
      const subject = new Subject(kind, options, plains.get(kind))
      for (const operation of list) subject[operation.name](operation)
      subject.finish()
    }
    fc.assert(fc.property(rings, operations(kind), behaves), { numRuns: 150, includeErrorInReport: true, ...replay })
    t.pass()
  })
}
