// Batches of numbers from typed arrays, arrays and iterables.

import test from 'ava'
import { runInNewContext } from 'node:vm'
import { createRing } from 'crosscore'
import { kindNames, kinds, nth } from './kinds.js'
import { onBothMemories } from './memories.js'
import { refuses, refusesArgument } from './refusal.js'

function* count(from, to) {
  for (let i = from; i < to; i++) yield i
}

/** Moves the ring's position to `at`, so that what follows runs across the end. */
function advance({ producer, consumer }, at) {
  for (let i = 0; i < at; i++) {
    producer.push(0)
    consumer.pop()
  }
}

for (const of of kindNames) {
  test(`a ring of ${of} takes its own typed array and no other`, (t) => {
    const { producer, consumer } = createRing({ of, capacity: 64 })
    for (const [name, { array }] of Object.entries(kinds)) {
      const values = array.of(nth(name, 1), nth(name, 2))
      if (name === of) t.is(producer.pushMany(values), 2)
      else refusesArgument(t, () => producer.pushMany(values), { what: 'values', allowed: kinds[of].array.name, given: array.name })
    }
    refusesArgument(t, () => producer.pushMany(new DataView(new ArrayBuffer(8))), { given: 'DataView' })
    refusesArgument(t, () => producer.pushMany(new ArrayBuffer(8)), { given: 'ArrayBuffer' })
    t.deepEqual(consumer.popMany(9), [nth(of, 1), nth(of, 2)])
  })
}

onBothMemories('a typed array that does not fit is taken in part', (t, memory) => {
  const ring = createRing({ of: 'u32', capacity: 8, memory })
  const { producer, consumer } = ring
  const { capacity } = producer
  advance(ring, 5)
  const values = Uint32Array.from({ length: capacity + 3 }, (_, i) => i)
  t.is(producer.pushMany(values), capacity)
  t.is(producer.pushMany(values.subarray(capacity)), 0)
  t.deepEqual(consumer.popMany(2), [0, 1])
  t.is(producer.pushMany(values.subarray(capacity)), 2)
  t.deepEqual(consumer.popMany(capacity), [...values.subarray(2, capacity + 2)])
})

test('typed arrays over part of a buffer, over shared memory and from another realm are taken', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 64 })
  t.is(producer.pushMany(new Float64Array([0, 1, 2, 3]).subarray(1, 3)), 2)
  const shared = new Float64Array(new SharedArrayBuffer(16))
  shared.set([3, 4])
  t.is(producer.pushMany(shared), 2)
  t.is(producer.pushMany(runInNewContext('Float64Array.of(5, 6)')), 2)
  t.is(producer.pushMany(runInNewContext('[7, 8]')), 2)
  const into = runInNewContext('new Float64Array(3)')
  t.is(consumer.popMany(into), 3)
  t.deepEqual([...into], [1, 2, 3])
  const intoShared = new Float64Array(new SharedArrayBuffer(64))
  t.is(consumer.popMany(intoShared), 5)
  t.deepEqual([...intoShared.subarray(0, 5)], [4, 5, 6, 7, 8])
})

test('an empty batch is no batch', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  for (const empty of [new Float64Array(0), [], new Set(), (function* () {})()]) t.is(producer.pushMany(empty), 0)
  t.is(consumer.available, 0)
  t.is(producer.stats.sent, 0)
})

test('a typed array without its memory is refused', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 16 })
  const detached = new Float64Array(4)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  refusesArgument(t, () => producer.pushMany(detached), { what: 'values', allowed: 'detached' })
  refusesArgument(t, () => consumer.popMany(detached), { what: 'into', allowed: 'detached' })

  const buffer = new ArrayBuffer(64, { maxByteLength: 128 })
  const outside = new Float64Array(buffer, 32, 4)
  const tracking = new Float64Array(buffer)
  t.is(producer.pushMany(outside), 4)
  buffer.resize(40)
  refusesArgument(t, () => producer.pushMany(outside), { what: 'values', allowed: 'resized' })
  refusesArgument(t, () => consumer.popMany(outside), { what: 'into', allowed: 'resized' })
  // One that follows its buffer has shrunk, and is right.
  t.is(producer.pushMany(tracking), 5)
  t.deepEqual(consumer.popMany(9), Array(9).fill(0))
  buffer.resize(128)
  t.is(producer.pushMany(outside), 4)
})

onBothMemories('a wrong value in the middle of an array leaves the ring as it was', (t, memory) => {
  const ring = createRing({ of: 'u8', capacity: 8, memory })
  const { producer, consumer } = ring
  advance(ring, producer.capacity - 2)
  producer.push(7)
  for (const wrong of [256, -1, 0.5, NaN, '1', 1n, undefined]) {
    refusesArgument(t, () => producer.pushMany([1, 2, wrong, 4]), { what: 'values[2]', allowed: 'an integer from 0 to 255' })
  }
  // oxlint-disable-next-line no-sparse-arrays
  refusesArgument(t, () => producer.pushMany([1, , 3]), { what: 'values[1]', given: 'undefined' })
  t.is(consumer.available, 1)
  t.is(producer.pushMany([8, 9]), 2)
  t.deepEqual(consumer.popMany(9), [7, 8, 9])
})

test('what is not a batch is refused', (t) => {
  const { producer } = createRing({ of: 'f64', capacity: 8 })
  for (const values of [undefined, null, 1, '12', {}, Symbol.iterator, () => [1], { length: 1, 0: 1 }, new WeakSet()]) {
    refusesArgument(t, () => producer.pushMany(values), { what: 'values', allowed: 'a Float64Array, an array or an iterable' })
  }
})

onBothMemories('an item is taken from an iterator only when there is room for it', (t, memory) => {
  const ring = createRing({ of: 'u32', capacity: 8, memory })
  const { producer, consumer } = ring
  const { capacity } = producer
  advance(ring, 3)
  let taken = 0
  let returned = false
  const iterator = {
    next: () => ({ done: taken === 3 * capacity, value: taken++ }),
    return: () => {
      returned = true
      return { done: true }
    },
    [Symbol.iterator]: () => iterator,
  }
  t.is(producer.pushMany(iterator), capacity)
  t.is(taken, capacity)
  t.is(producer.pushMany(iterator), 0)
  t.is(taken, capacity)
  t.deepEqual(consumer.popMany(2), [0, 1])
  t.is(producer.pushMany(iterator), 2)
  t.is(taken, capacity + 2)
  t.false(returned)
  t.deepEqual(
    consumer.popMany(capacity),
    Array.from({ length: capacity }, (_, i) => i + 2),
  )
  t.is(producer.pushMany(iterator), capacity)
  t.is(consumer.popMany(capacity).at(-1), 2 * capacity + 1)
})

test('the same generator goes on where it stopped', (t) => {
  const { producer, consumer } = createRing({ of: 'u32', capacity: 16, memory: 'heap' })
  const generator = count(0, 50)
  const got = []
  while (producer.pushMany(generator) > 0) got.push(...consumer.popMany(7))
  // Full, so nothing was taken; the rest comes out.
  for (;;) {
    got.push(...consumer.popMany(16))
    if (producer.pushMany(generator) === 0) break
  }
  t.deepEqual(got, [...count(0, 50)])
})

test('a batch is published once', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 16 })
  const seen = []
  producer.pushMany(
    (function* () {
      for (const value of [1, 2, 3]) {
        seen.push(consumer.available)
        yield value
      }
    })(),
  )
  t.deepEqual(seen, [0, 0, 0])
  t.is(consumer.available, 3)
})

test('an iterator that waits for its own items gets them', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 16 })
  const echoed = []
  producer.pushMany(
    (function* () {
      for (const value of [1, 2, 3]) {
        yield value
        echoed.push(consumer.pop())
      }
    })(),
  )
  t.deepEqual(echoed, [1, 2, 3])
})

test('what an iterator gave before it threw, or gave something wrong, is in the ring', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 16 })
  const mine = new Error('mine')
  const throwing = function* () {
    yield 1
    yield 2
    throw mine
  }
  t.is(
    t.throws(() => producer.pushMany(throwing())),
    mine,
  )
  t.deepEqual(consumer.popMany(9), [1, 2])
  refusesArgument(t, () => producer.pushMany(new Set([3, 4, 256, 5])), { what: 'values[2]' })
  t.deepEqual(consumer.popMany(9), [3, 4])
})

test('an error of the iterator is heard even when the consumer is gone', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 16, publish: 100 })
  const mine = new Error('mine')
  const hostile = function* () {
    yield 1
    consumer.close()
    throw mine
  }
  t.is(
    t.throws(() => producer.pushMany(hostile())),
    mine,
  )
  refuses(t, 'CLOSED', () => producer.pushMany([1]))
})

test('an iterator that closes its producer ends the batch', (t) => {
  for (const goesOn of [true, false]) {
    const { producer, consumer } = createRing({ of: 'u8', capacity: 16 })
    const hostile = function* () {
      yield 1
      producer.close()
      if (goesOn) yield 2
    }
    if (goesOn) refuses(t, 'CLOSED', () => producer.pushMany(hostile()), /this producer was closed/)
    else t.is(producer.pushMany(hostile()), 1)
    t.is(consumer.pop(), 1)
    t.true(consumer.done)
  }
})

test('an iterator that moves its producer ends the batch', (t) => {
  for (const goesOn of [true, false]) {
    const { producer, consumer } = createRing({ of: 'u8', capacity: 16 })
    const hostile = function* () {
      yield 1
      producer.move()
      if (goesOn) yield 2
    }
    if (goesOn) refuses(t, 'MOVED', () => producer.pushMany(hostile()))
    else t.is(producer.pushMany(hostile()), 1)
    t.is(consumer.pop(), 1)
    t.false(consumer.closed)
  }
})

test('an iterator may push to its own producer: its items come first', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 64, memory: 'heap' })
  const nested = function* () {
    producer.push(10)
    yield 1
    t.is(producer.pushMany([20, 30]), 2)
    yield 2
  }
  t.is(producer.pushMany(nested()), 2)
  t.deepEqual(consumer.popMany(9), [10, 1, 20, 30, 2])
})

test('an iterator that fills the ring or reserves meanwhile is told so', (t) => {
  const filled = createRing({ of: 'u8', capacity: 4, memory: 'heap' })
  const filling = function* () {
    while (filled.producer.push(9));
    yield 1
  }
  refuses(t, 'BUSY', () => filled.producer.pushMany(filling()), /iterator/)
  t.deepEqual(filled.consumer.popMany(9), [9, 9, 9, 9])

  const reserved = createRing({ of: 'u8', capacity: 4, memory: 'heap' })
  const reserving = function* () {
    yield 1
    reserved.producer.reserve(2)
    yield 2
  }
  refuses(t, 'BUSY', () => reserved.producer.pushMany(reserving()), /reservation/)
  t.deepEqual(reserved.consumer.popMany(9), [1])
  reserved.producer.abort()
  t.is(reserved.producer.free, 4)
})

test('an array whose getters use the producer spoils only its own batch', (t) => {
  const cases = {
    push: ({ producer }) => producer.push(99),
    reserve: ({ producer }) => producer.reserve(1),
    close: ({ producer }) => producer.close(),
    move: ({ producer }) => producer.move(),
  }
  const codes = { push: 'BUSY', reserve: 'BUSY', close: 'CLOSED', move: 'BUSY' }
  for (const [name, act] of Object.entries(cases)) {
    const ring = createRing({ of: 'u8', capacity: 8, memory: 'heap' })
    const values = [1, 2, 3, 4]
    Object.defineProperty(values, 2, {
      get() {
        act(ring)
        return 3
      },
    })
    ring.producer.push(7)
    refuses(t, codes[name], () => ring.producer.pushMany(values))
    t.deepEqual(ring.consumer.popMany(9), [7], name)
    if (name !== 'close') t.is(ring.producer.pushMany([1, 2]), 2)
  }
})
