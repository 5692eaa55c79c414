// Random operations on both handles in one thread, against a plain array: the same answers, the same values, in
// order, none lost and none twice. Then random arguments that are wrong: each is refused with a code, and nothing that
// is in the ring changes.
//
// In one thread the answers are exact although publication is not: a push that finds no room and a read that finds
// nothing first pay what the other handle owes. When pushes become visible is the matter of publication.spec.js.
//
// A failure prints a seed and a path; CROSSCORE_SEED and CROSSCORE_PATH play them again.

import assert from 'node:assert/strict'
import { inspect, types } from 'node:util'
import * as fc from 'fast-check'
import { Consumer, createRing, CrosscoreError, Producer } from 'crosscore'
import { isBig, kindNames, kinds } from './kinds.js'
import { onBothMemories } from './memories.js'

const HEADER = 8

/** So that a failure can be played again, and otherwise every run is another one. */
const replay = {
  ...(process.env.CROSSCORE_SEED && { seed: Number(process.env.CROSSCORE_SEED) }),
  ...(process.env.CROSSCORE_PATH && { path: process.env.CROSSCORE_PATH, endOnFailure: true }),
}

function check(t, numRuns, ...property) {
  // Its message has the seed, the path, the smallest case and what went wrong with it.
  fc.assert(fc.property(...property), { numRuns, includeErrorInReport: true, ...replay })
  t.pass()
}

// ---- what goes through a ring ---------------------------------------------------------------------

const floats = (width) => fc.oneof(width === 32 ? fc.float() : fc.double(), fc.constantFrom(...kinds[`f${width}`].extremes))

/** A kind of elements: values of it, what one takes of the capacity, and what is no value of it. */
function numbers(of) {
  const { array, extremes, refused } = kinds[of]
  const size = array.BYTES_PER_ELEMENT
  const any = of.startsWith('f')
    ? floats(8 * size)
    : fc.oneof(
        fc.constantFrom(...extremes),
        isBig(of) ? fc.bigInt({ min: extremes[0], max: extremes.at(-1) }) : fc.integer({ min: extremes[0], max: extremes.at(-1) }),
      )
  const otherType = fc.anything({ withBigInt: !isBig(of), withTypedArray: true }).filter((value) => typeof value !== (isBig(of) ? 'bigint' : 'number'))
  return {
    of,
    // -0 is no integer that a typed array keeps.
    value: any.map((value) => (of.startsWith('f') || isBig(of) ? value : value + 0)),
    wrong: refused.length > 0 ? fc.oneof(otherType, fc.constantFrom(...refused)) : otherType,
    cost: () => 1,
    batch: (values) => array.from(values),
    equal: Object.is,
    plain: isBig(of) ? 1n : 1,
  }
}

const messages = {
  of: 'bytes',
  value: fc.oneof(
    { weight: 6, arbitrary: fc.uint8Array({ maxLength: 20 }) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  ),
  wrong: fc.anything({ withBigInt: true, withTypedArray: true }).filter((value) => !types.isUint8Array(value)),
  cost: ({ length }) => HEADER + Math.ceil(length / 8) * 8,
  batch: undefined,
  equal: (a, b) => a instanceof Uint8Array && Buffer.compare(a, b) === 0,
  plain: Uint8Array.of(1, 2, 3),
}

// ---- a ring and its model ---------------------------------------------------------------------------

/** Asserts that `act` throws a CrosscoreError with that code. */
function refused(code, act) {
  let result
  try {
    result = act()
  } catch (error) {
    assert.ok(error instanceof CrosscoreError, `${error?.stack}`)
    assert.equal(error.code, `ERR_CROSSCORE_${code}`, error.message)
    return
  }
  assert.fail(`${inspect(result)} came back instead of ${code}`)
}

class Subject {
  constructor(kind, { capacity, memory, publish, before, full }) {
    this.kind = kind
    this.isBytes = kind.of === 'bytes'
    const { producer, consumer } = createRing({ of: kind.of, capacity, memory, publish })
    this.producer = producer
    this.consumer = consumer
    this.capacity = producer.capacity
    /** What was pushed and not read. */
    this.elements = []
    this.sent = 0
    /** Of an open reservation, or -1; and the view of it. */
    this.reserved = -1
    this.view = undefined
    /** What pushOn() has not pushed yet. */
    this.rest = []
    this.iterator = undefined
    /** What release() may give back. */
    this.peeked = 0
    this.producerClosed = false
    this.consumerClosed = false
    // So that a ring of pages too comes to its end within a few operations.
    this.#fill(this.capacity - before * (this.isBytes ? 8 : 1))
    while (this.elements.length > 0) this.#took([this.consumer.pop()])
    if (full) this.#fill(this.capacity - before * (this.isBytes ? 8 : 1))
  }

  #fill(units) {
    if (this.isBytes) {
      if (units < HEADER) return
      const value = new Uint8Array(units - HEADER).fill(7)
      assert.ok(this.producer.push(value))
      this.#put([value])
    } else {
      const values = Array.from({ length: Math.max(0, units) }, () => this.kind.plain)
      assert.equal(this.producer.pushMany(values), values.length)
      this.#put(values)
    }
  }

  get used() {
    return this.elements.reduce((sum, value) => sum + this.kind.cost(value), 0)
  }

  get free() {
    return this.capacity - this.used
  }

  #put(values) {
    this.elements.push(...values)
    this.sent += values.length
  }

  /** Asserts that these are the oldest elements, and takes them out of the model. */
  #took(values) {
    const expected = this.elements.splice(0, values.length)
    assert.equal(values.length, expected.length, 'more came than were pushed')
    this.#same(values, expected)
    if (values.length > 0) this.peeked = 0
  }

  #same(values, expected) {
    values.forEach((value, i) => {
      if (!this.kind.equal(value, expected[i])) assert.fail(`${inspect(value)} came instead of ${inspect(expected[i])}`)
    })
  }

  /** How many of `values` fit. */
  fitting(values) {
    let { free } = this
    let count = 0
    for (const value of values) {
      free -= this.kind.cost(value)
      if (free < 0) break
      count++
    }
    return count
  }

  /** What stands in the way of writing: the code, or undefined. */
  get noWriting() {
    if (this.producerClosed) return 'CLOSED'
    return this.reserved >= 0 ? 'BUSY' : undefined
  }

  /** Calls a method that writes. Once the consumer is gone it may also say so. */
  write(act, then) {
    if (this.noWriting) return refused(this.noWriting, act)
    if (!this.consumerClosed) return then(act())
    try {
      const view = act()
      if (ArrayBuffer.isView(view)) this.#reserve(view)
    } catch (error) {
      assert.equal(error.code, 'ERR_CROSSCORE_CLOSED', error.stack)
    }
  }

  #reserve(view) {
    this.reserved = view.length
    this.view = view
  }

  read(act, then) {
    if (this.consumerClosed) return refused('CLOSED', act)
    return then(act())
  }

  push({ value }) {
    if (!this.noWriting && this.kind.cost(value) > this.capacity) return refused('TOO_LARGE', () => this.producer.push(value))
    if (this.kind.cost(value) > this.capacity) return
    const fits = this.kind.cost(value) <= this.free
    this.write(
      () => this.producer.push(value),
      (pushed) => {
        assert.equal(pushed, fits)
        if (fits) this.#put([value])
      },
    )
  }

  pushMany({ values, as }) {
    if (values.some((value) => this.kind.cost(value) > this.capacity)) return
    const fitting = this.fitting(values)
    const given = as === 'batch' ? (this.kind.batch?.(values) ?? values) : as === 'array' ? values : values.values()
    this.write(
      () => this.producer.pushMany(given),
      (count) => {
        assert.equal(count, fitting)
        this.#put(values.slice(0, count))
      },
    )
  }

  /** From an iterator that is kept: what did not fit comes first the next time. */
  pushOn({ values }) {
    if (this.consumerClosed) return
    if (this.rest.length === 0) {
      this.rest = values.filter((value) => this.kind.cost(value) <= this.capacity)
      this.iterator = this.rest.values()
    }
    const fitting = this.fitting(this.rest)
    this.write(
      () => this.producer.pushMany(this.iterator),
      (count) => {
        assert.equal(count, fitting)
        this.#put(this.rest.slice(0, count))
        this.rest = this.rest.slice(count)
      },
    )
  }

  /** A wrong value among right ones: an array is refused whole, an iterable from there on. */
  pushWrong({ values, wrong, as }) {
    if (this.noWriting || this.consumerClosed || values.some((value) => this.kind.cost(value) > this.capacity)) return
    const given = [...values, wrong, this.kind.plain]
    const fitting = this.fitting(values)
    // Numbers look for room first, messages at the message.
    const reached = fitting === values.length && (this.isBytes || this.free > fitting)
    if (as === 'iterable') {
      if (reached) refused('INVALID_ARG', () => this.producer.pushMany(given.values()))
      else assert.equal(this.producer.pushMany(given.values()), fitting)
      return this.#put(values.slice(0, fitting))
    }
    if (reached || this.isBytes) return refused('INVALID_ARG', () => this.producer.pushMany(given))
    assert.equal(this.producer.pushMany(given), fitting)
    this.#put(values.slice(0, fitting))
  }

  reserve({ count, values }) {
    const length = this.isBytes ? values.length % 40 : Math.max(1, count)
    const cost = this.isBytes ? messages.cost({ length }) : length
    if (!this.noWriting && cost > this.capacity) return refused('TOO_LARGE', () => this.producer.reserve(length))
    const fits = cost <= this.free
    this.write(
      () => this.producer.reserve(length),
      (view) => {
        assert.equal(view !== null, fits)
        if (!fits) return
        assert.equal(view.length, length)
        this.#reserve(view)
      },
    )
  }

  commit({ count, values }) {
    if (this.producerClosed) return refused('CLOSED', () => this.producer.commit())
    if (this.reserved < 0) return refused('INVALID_ARG', () => this.producer.commit())
    refused('INVALID_ARG', () => this.producer.commit(this.reserved + 1))
    const n = Math.min(count, this.reserved)
    const written = Array.from({ length: n }, (_, i) => (this.isBytes ? (i * 31 + n) & 255 : (values[i] ?? this.kind.plain)))
    this.view.set(written)
    this.reserved = -1
    // Not what noWriting says: the reservation is closed by this.
    const act = () => (n === this.view.length ? this.producer.commit() : this.producer.commit(n))
    this.write(act, () => this.#put(this.isBytes ? [Uint8Array.from(written)] : written))
  }

  abort() {
    if (this.producerClosed) return refused('CLOSED', () => this.producer.abort())
    if (this.reserved < 0) return refused('INVALID_ARG', () => this.producer.abort())
    this.producer.abort()
    this.reserved = -1
  }

  flush() {
    if (this.producerClosed) return refused('CLOSED', () => this.producer.flush())
    if (this.consumerClosed) return refused('CLOSED', () => this.producer.flush())
    this.producer.flush()
    if (!this.consumerClosed) assert.equal(this.consumer.available, this.used)
  }

  pop() {
    this.read(
      () => this.consumer.pop(),
      (value) => (value === undefined ? assert.equal(this.elements.length, 0) : this.#took([value])),
    )
  }

  popMany({ count, into }) {
    const most = Math.min(count, this.elements.length)
    if (into && !this.isBytes) {
      const target = this.kind.batch(Array.from({ length: Math.min(count, 64) }, () => this.kind.plain))
      return this.read(
        () => this.consumer.popMany(target),
        (n) => {
          assert.equal(n, Math.min(target.length, this.elements.length))
          this.#took(Array.from(target.subarray(0, n)))
        },
      )
    }
    this.read(
      () => this.consumer.popMany(count),
      (values) => {
        assert.equal(values.length, most)
        this.#took(values)
      },
    )
  }

  peek({ count }) {
    if (this.isBytes) {
      return this.read(
        () => this.consumer.peek(),
        (view) => {
          assert.equal(view === undefined, this.elements.length === 0)
          if (view) this.#same([view], this.elements)
          this.peeked = view ? 1 : 0
        },
      )
    }
    const n = count === 0 ? undefined : count
    this.read(
      () => this.consumer.peek(n),
      (view) => {
        assert.equal(view.length, Math.min(n ?? Infinity, this.elements.length))
        this.#same(Array.from(view), this.elements)
        this.peeked = view.length
      },
    )
  }

  release({ count }) {
    if (this.consumerClosed) return refused('CLOSED', () => this.consumer.release())
    refused('INVALID_ARG', () => this.consumer.release(this.peeked + 1))
    const n = count > this.peeked ? this.peeked : count
    if (count > this.peeked) this.consumer.release()
    else this.consumer.release(n)
    this.elements.splice(0, n)
    this.peeked -= n
  }

  /** drain or visit; `throwAt` throws there. */
  #each(method, { count, throwAt }) {
    const seen = []
    const see = (...args) => {
      if (method === 'drain') {
        seen.push(this.isBytes ? args[0].slice() : args[0])
      } else {
        const [all, start, end] = args
        if (this.isBytes) seen.push(all.slice(start, end))
        else seen.push(...all.slice(start, end))
      }
      if (seen.length > throwAt) throw new RangeError('on purpose')
    }
    const most = Math.min(count, this.elements.length)
    let threw = false
    this.read(
      () => {
        try {
          return this.consumer[method](see, count)
        } catch (error) {
          if (!(error instanceof RangeError)) throw error
          threw = true
          return seen.length
        }
      },
      (n) => {
        assert.equal(n, seen.length)
        assert.equal(n === 0, most === 0)
        // Of messages that are published and messages that are not it may take the former alone.
        if (!threw && !this.isBytes) assert.equal(n, most)
        assert.ok(n <= most)
        this.#took(seen)
      },
    )
  }

  drain(operation) {
    this.#each('drain', operation)
  }

  visit(operation) {
    this.#each('visit', operation)
  }

  look() {
    if (!this.producerClosed) {
      const { free } = this.producer
      const cost = this.reserved < 0 ? 0 : this.isBytes ? messages.cost({ length: this.reserved }) : this.reserved
      assert.ok(free >= 0)
      // What was read and not given back is not free yet.
      if (!this.consumerClosed) assert.ok(free <= this.free - cost, `${free} are free, of ${this.free - cost}`)
    }
    if (!this.consumerClosed) {
      assert.ok(this.consumer.available <= this.used)
      assert.equal(this.consumer.done, this.producerClosed && this.elements.length === 0)
      assert.equal(this.consumer.closed, this.producerClosed)
    }
    assert.equal(this.producer.closed, this.producerClosed || this.consumerClosed)
  }

  move({ count }) {
    if (count % 2 === 0) {
      if (this.noWriting) return refused(this.noWriting, () => this.producer.move())
      const moved = this.producer
      this.producer = Producer.from(moved.move())
      refused('MOVED', () => moved.push(this.kind.plain))
      refused('MOVED', () => moved.free)
    } else {
      if (this.consumerClosed) return refused('CLOSED', () => this.consumer.move())
      const moved = this.consumer
      this.consumer = Consumer.from(moved.move())
      refused('MOVED', () => moved.pop())
      this.peeked = 0
    }
  }

  closeProducer() {
    this.producer.close()
    this.producerClosed = true
    this.reserved = -1
  }

  closeConsumer() {
    this.consumer.close()
    this.consumerClosed = true
    this.elements = []
  }

  /** The rest comes, then the end. */
  finish() {
    this.closeProducer()
    if (this.consumerClosed) return
    const received = this.sent - this.elements.length
    const { length } = this.elements
    this.#took(this.consumer.popMany(length))
    assert.equal(this.consumer.pop(), undefined)
    assert.equal(this.consumer.done, true)
    const { stats } = this.consumer
    assert.deepEqual([stats.sent, stats.received], [this.sent, received + length])
    this.consumer.close()
  }
}

// ---- the operations ---------------------------------------------------------------------------------

const count = fc.oneof(
  { weight: 8, arbitrary: fc.nat(5) },
  { weight: 3, arbitrary: fc.nat(40) },
  { weight: 1, arbitrary: fc.constant(5000) },
)
const throwAt = fc.oneof({ weight: 3, arbitrary: fc.constant(Infinity) }, { weight: 1, arbitrary: fc.nat(3) })

function operation(name, weight, parts = {}) {
  return { weight, arbitrary: fc.record({ name: fc.constant(name), ...parts }) }
}

function operations(kind) {
  const values = fc.array(kind.value, { maxLength: 9 })
  const as = fc.constantFrom('batch', 'array', 'iterable')
  return fc.array(
    fc.oneof(
      operation('push', 36, { value: kind.value }),
      operation('pushMany', 24, { values, as }),
      operation('pushOn', 12, { values }),
      operation('pushWrong', 6, { values, wrong: kind.wrong, as: fc.constantFrom('array', 'iterable') }),
      operation('reserve', 18, { count, values }),
      operation('commit', 18, { count, values }),
      operation('abort', 6),
      operation('flush', 6),
      operation('pop', 30),
      operation('popMany', 18, { count, into: fc.boolean() }),
      operation('peek', 15, { count }),
      operation('release', 15, { count }),
      operation('drain', 12, { count, throwAt }),
      operation('visit', 12, { count, throwAt }),
      operation('look', 9),
      operation('move', 3, { count }),
      // Seldom: what comes after it is all refused.
      operation('closeProducer', 1),
      operation('closeConsumer', 1),
    ),
    { maxLength: 60, size: 'max' },
  )
}

const rings = (memory) =>
  fc.record({
    capacity: fc.integer({ min: 1, max: 40 }),
    memory: fc.constant(memory),
    publish: fc.constantFrom('each', 'tick', 1, 2, 3, 7),
    before: fc.nat(9),
    full: fc.boolean(),
  })

function behaves(kind) {
  return (options, list) => {
    const subject = new Subject(kind, options)
    for (const operation of list) subject[operation.name](operation)
    subject.finish()
  }
}

for (const of of kindNames) {
  // INV-JS-1, INV-JS-2, INV-JS-3, INV-JS-6, INV-JS-7
  onBothMemories(`any operations on a ring of ${of} do what they do to an array`, (t, memory) => {
    const kind = numbers(of)
    check(t, 120, rings(memory), operations(kind), behaves(kind))
  })
}

// INV-JS-1, INV-JS-2, INV-JS-3, INV-JS-6, INV-JS-7
onBothMemories('any operations on a ring of bytes do what they do to an array', (t, memory) => {
  check(t, 400, rings(memory), operations(messages), behaves(messages))
})

// ---- wrong arguments ---------------------------------------------------------------------------------

const notCount = fc.oneof(
  fc.anything({ withBigInt: true }).filter((value) => value !== undefined && !Number.isInteger(value)),
  fc.integer({ max: -1 }),
  fc.constantFrom(2 ** 53, 2 ** 60, -(2 ** 53), Infinity, NaN, 0.5),
)
const notFunction = fc.anything({ withBigInt: true }).filter((value) => typeof value !== 'function')
const notIterable = fc
  .anything({ withBigInt: true })
  .filter((value) => typeof value !== 'object' || value === null || typeof value[Symbol.iterator] !== 'function')

const noop = () => {}

/** What is wrong for which call. */
function wrongCalls(kind) {
  const max = notCount.filter((value) => value !== Infinity)
  const calls = {
    push: kind.wrong.map((wrong) => ['push', ({ producer }) => producer.push(wrong)]),
    pushMany: notIterable.map((wrong) => ['pushMany', ({ producer }) => producer.pushMany(wrong)]),
    pushOther: fc.constantFrom(new DataView(new ArrayBuffer(8)), new Uint8ClampedArray(2)).map((wrong) => [
      'pushMany',
      ({ producer }) => producer.pushMany(wrong),
    ]),
    reserve: notCount.map((wrong) => ['reserve', ({ producer }) => producer.reserve(wrong)]),
    commit: notCount.map((wrong) => ['commit', ({ producer }) => producer.commit(wrong)]),
    abort: fc.constant(['abort', ({ producer }) => producer.abort()]),
    popMany: notCount
      .filter((value) => !(types.isTypedArray(value) && kind.batch && value.constructor === kind.batch([]).constructor))
      .map((wrong) => ['popMany', ({ consumer }) => consumer.popMany(wrong)]),
    release: notCount.map((wrong) => ['release', ({ consumer }) => consumer.release(wrong)]),
    drain: notFunction.map((wrong) => ['drain', ({ consumer }) => consumer.drain(wrong)]),
    drainMax: max.map((wrong) => ['drain', ({ consumer }) => consumer.drain(noop, wrong)]),
    visit: notFunction.map((wrong) => ['visit', ({ consumer }) => consumer.visit(wrong)]),
    visitMax: max.map((wrong) => ['visit', ({ consumer }) => consumer.visit(noop, wrong)]),
    // An object is taken for options.
    batches: max.filter((value) => typeof value !== 'object' || value === null).map((wrong) => ['batches', ({ consumer }) => consumer.batches(wrong)]),
    // Messages are shown one by one, and peek takes no number.
    ...(kind.of !== 'bytes' && { peek: notCount.map((wrong) => ['peek', ({ consumer }) => consumer.peek(wrong)]) }),
    // These need no ring.
    token: fc
      .tuple(fc.constantFrom(Producer, Consumer), fc.anything({ withBigInt: true }))
      .map(([side, wrong]) => ['from', () => side.from(wrong)]),
    options: fc.anything({ withBigInt: true }).map((wrong) => ['createRing', () => createRing(wrong)]),
    option: fc
      .tuple(fc.constantFrom('of', 'capacity', 'memory', 'publish'), notCount.filter((value) => !['f64', 'auto', 'heap', 'each'].includes(value)))
      .map(([name, wrong]) => ['createRing', () => createRing({ of: 'f64', capacity: 8, memory: 'heap', [name]: wrong })]),
  }
  return fc.array(fc.oneof(...Object.values(calls)), { minLength: 1, maxLength: 30, size: 'max' })
}

const codes = new Set(['INVALID_ARG', 'TOO_LARGE', 'TOKEN'].map((code) => `ERR_CROSSCORE_${code}`))

for (const kind of [numbers('u8'), numbers('f64'), numbers('i64'), messages]) {
  onBothMemories(`wrong arguments to a ring of ${kind.of} are refused with a code and change nothing`, (t, memory) => {
    check(t, 100, fc.array(kind.value, { maxLength: 6 }), wrongCalls(kind), (values, calls) => {
      const ring = createRing({ of: kind.of, capacity: kind.of === 'bytes' ? 4096 : 16, memory })
      assert.equal(ring.producer.pushMany(values), values.length)
      const { free } = ring.producer
      for (const [name, call] of calls) {
        let result
        try {
          result = call(ring)
        } catch (error) {
          assert.ok(error instanceof CrosscoreError || error instanceof TypeError, `${name}: ${error?.stack}`)
          assert.ok(codes.has(error.code), `${name}: ${error.code}: ${error.message}`)
          continue
        }
        assert.fail(`${name} returned ${inspect(result)}`)
      }
      assert.equal(ring.producer.free, free)
      const came = ring.consumer.popMany(100)
      assert.equal(came.length, values.length)
      came.forEach((value, i) => assert.ok(kind.equal(value, values[i])))
      ring.producer.close()
      ring.consumer.close()
    })
  })
}
