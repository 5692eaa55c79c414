// Typed arrays whose length, parts or species lie: what is measured is what they are, and unread elements stay.

import test from 'ava'
import { createRing } from 'crosscore'
import { kinds, nth } from './kinds.js'
import { onBothMemories } from './memories.js'
import { refusesArgument } from './refusal.js'

/** A subclass that lies, made of `view`. */
const liars = {
  'a short length': (view) => class extends view { get length() { return 1 } },
  'a long length': (view) => class extends view { get length() { return 1e6 } },
  'no length': (view) => class extends view { get length() { return NaN } },
  'a short byteLength': (view) => class extends view { get byteLength() { return 1 } },
  'another buffer': (view) => class extends view { get buffer() { return new ArrayBuffer(4096) } },
  'another offset': (view) => class extends view { get byteOffset() { return 8 } },
  'another subarray': (view) => class extends view { subarray() { return new view(64) } },
  'another slice': (view) => class extends view { slice() { return new view(64) } },
  'another iterator': (view) => class extends view { *[Symbol.iterator]() {} },
  'another species': (view) =>
    class Liar extends view {
      static get [Symbol.species]() {
        return function () { return new view(1024) }
      }
    },
  'another name': (view) => class extends view { get [Symbol.toStringTag]() { return 'Array' } },
}

/** 0, 1, 2 and so on. */
const count = (view, length) => view.from({ length }, (_, i) => i & 255)

for (const of of ['u8', 'f64', 'u64']) {
  const { array } = kinds[of]
  for (const [lie, make] of Object.entries(liars)) {
    const Liar = make(array)
    // INV-JS-9
    onBothMemories(`a typed array of ${of} with ${lie} is copied as what it is`, (t, memory) => {
      const { producer, consumer } = createRing({ of, capacity: 16, memory })
      const { capacity } = producer
      const put = (from, count) => Liar.from({ length: count }, (_, i) => nth(of, from + i))
      // Full, with the position in the middle of the ring.
      let next = 0
      const push = (count) => {
        const taken = producer.pushMany(put(next, count))
        next += taken
        return taken
      }
      t.is(push(capacity), capacity)
      t.is(consumer.popMany(capacity / 2).length, capacity / 2)
      t.is(push(capacity), capacity / 2, 'no more than there is room for')
      t.is(push(3), 0)
      const into = new Liar(capacity + 4)
      t.is(consumer.popMany(into), capacity)
      for (let i = 0; i < capacity; i++) t.is(into[i], nth(of, capacity / 2 + i))
      t.is(producer.pushManySync(put(next, capacity + 3), { timeout: 0 }), capacity)
      t.is(consumer.pop(), nth(of, next))
    })
  }
}

for (const [lie, make] of Object.entries(liars)) {
  const Liar = make(Uint8Array)
  // INV-JS-9
  onBothMemories(`a message with ${lie} is copied as what it is`, (t, memory) => {
    const { producer, consumer } = createRing({ of: 'bytes', capacity: 64, memory })
    const largest = producer.capacity - 8
    for (let round = 0; round < 20; round++) {
      const length = (round * 7) % 40
      t.true(producer.push(count(Liar, length)))
      t.deepEqual(consumer.pop(), count(Uint8Array, length))
    }
    t.true(producer.push(count(Liar, largest - 16)))
    t.false(producer.push(count(Liar, 30)), 'no room for what it is')
    t.is(producer.pushMany([count(Liar, 30)]), 0)
    t.throws(() => producer.push(count(Liar, largest + 1)), { code: 'ERR_CROSSCORE_TOO_LARGE' })
    t.is(consumer.pop().length, largest - 16)
    t.is(producer.pushMany([count(Liar, 3), count(Liar, 5)]), 2)
    t.deepEqual(
      consumer.popMany(9).map(({ length }) => length),
      [3, 5],
    )
  })
}

test('an own property that lies is not believed either', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 64, memory: 'heap' })
  producer.push(Uint8Array.of(1, 2, 3))
  const message = Object.defineProperty(new Uint8Array(56).fill(9), 'length', { value: 4 })
  t.false(producer.push(message))
  t.deepEqual(consumer.pop(), Uint8Array.of(1, 2, 3))
  t.true(producer.push(message))
  t.is(consumer.pop().length, 56)
})

test('a length whose getter uses the ring, or throws', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 64, memory: 'heap' })
  class Meddling extends Uint8Array {
    get length() {
      producer.push(Uint8Array.of(7))
      return 2
    }
  }
  t.true(producer.push(Meddling.of(1, 2)))
  t.deepEqual(consumer.popMany(9), [Uint8Array.of(7), Uint8Array.of(1, 2)])
  class Throwing extends Uint8Array {
    get length() {
      throw new Error('mine')
    }
  }
  t.true(producer.push(Throwing.of(1, 2)))
  t.deepEqual(consumer.pop(), Uint8Array.of(1, 2))
})

test('a buffer that is resized between two calls, or by a getter, is measured anew', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 256, memory: 'heap' })
  const buffer = new ArrayBuffer(16, { maxByteLength: 128 })
  const tracking = new Uint8Array(buffer)
  const list = [tracking, Uint8Array.of(1)]
  t.is(producer.pushMany(list), 2)
  buffer.resize(64)
  t.true(producer.push(tracking))
  Object.defineProperty(list, 1, {
    get() {
      buffer.resize(100)
      return Uint8Array.of(2)
    },
  })
  t.is(producer.pushMany(list), 2)
  t.deepEqual(
    consumer.popMany(9).map(({ length }) => length),
    [16, 1, 64, 100, 1],
  )
  buffer.resize(0)
  t.true(producer.push(tracking))
  t.is(consumer.pop().length, 0)
})

test('a growable shared buffer is measured at each call', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 16, memory: 'heap' })
  const buffer = new SharedArrayBuffer(16, { maxByteLength: 256 })
  const tracking = new Float64Array(buffer)
  t.is(producer.pushMany(tracking), 2)
  buffer.grow(256)
  t.is(producer.pushMany(tracking), 14)
  t.is(consumer.popMany(tracking), 16)
})

test('what only looks like a typed array is refused', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 16 })
  const fake = Object.create(Float64Array.prototype)
  const tagged = { [Symbol.toStringTag]: 'Float64Array', length: 3, 0: 1, 1: 2, 2: 3 }
  for (const values of [fake, tagged]) {
    refusesArgument(t, () => consumer.popMany(values), { what: 'into' })
  }
  refusesArgument(t, () => producer.pushMany(tagged), { what: 'values' })
  // By its prototype it iterates, and the iterator asks what it is.
  t.throws(() => producer.pushMany(fake), { instanceOf: TypeError })
  t.is(consumer.available, 0)
})
