// What each numeric kind carries, and what it refuses.

import test from 'ava'
import { createRing } from 'crosscore'
import { isBig, kindNames, kinds, nth } from './kinds.js'
import { onBothMemories } from './memories.js'
import { refusesArgument } from './refusal.js'

const writers = {
  push: (producer, values) => {
    for (const value of values) producer.push(value)
  },
  'pushMany of a typed array': (producer, values, array) => producer.pushMany(array.from(values)),
  'pushMany of an array': (producer, values) => producer.pushMany(values),
  'pushMany of an iterable': (producer, values) => producer.pushMany(values.values()),
  'reserve and commit': (producer, values) => {
    producer.reserve(values.length).set(values)
    producer.commit()
  },
}

const readers = {
  pop: (consumer, count) => Array.from({ length: count }, () => consumer.pop()),
  'popMany of a number': (consumer, count) => consumer.popMany(count),
  'popMany into a typed array': (consumer, count, array) => {
    const into = new array(count)
    consumer.popMany(into)
    return [...into]
  },
  'peek and release': (consumer) => {
    const values = [...consumer.peek()]
    consumer.release()
    return values
  },
  drain: (consumer) => {
    const values = []
    consumer.drain((value) => values.push(value))
    return values
  },
}

function same(t, actual, expected, note) {
  // Object.is: NaN equals itself and -0 is not 0.
  const equal = actual.length === expected.length && actual.every((value, i) => Object.is(value, expected[i]))
  t.true(equal, `${note}: ${actual.map(String)} instead of ${expected.map(String)}`)
}

for (const of of kindNames) {
  onBothMemories(`${of} carries its extreme values whichever way they go in and out`, (t, memory) => {
    const { array, extremes } = kinds[of]
    const { producer, consumer } = createRing({ of, capacity: 16, memory })
    t.is(producer.memory, memory)
    for (const [put, write] of Object.entries(writers)) {
      for (const [take, read] of Object.entries(readers)) {
        write(producer, extremes, array)
        same(t, read(consumer, extremes.length, array), extremes, `${put}, ${take}`)
        t.is(consumer.available, 0)
      }
    }
  })

  // INV-JS-3
  onBothMemories(`${of} goes round the ring in irregular steps, whichever way it goes in and out`, (t, memory) => {
    const { array } = kinds[of]
    for (const [put, write] of Object.entries(writers)) {
      for (const [take, read] of Object.entries(readers)) {
        const { producer, consumer } = createRing({ of, capacity: 16, memory })
        const most = producer.capacity
        let written = 0
        // Steps that share no factor with the capacity, so that the wrap falls inside them everywhere.
        for (const length of [most - 1, most, 3, most - 3, 5, most - 2, 7, most, most - 5]) {
          const values = Array.from({ length }, (_, i) => nth(of, written + i))
          write(producer, values, array)
          same(t, read(consumer, values.length, array), values, `${put}, ${take}, a step of ${length} after ${written}`)
          written += length
        }
        t.is(consumer.available, 0)
        t.is(consumer.pop(), undefined, 'and gives back what was read')
        t.is(consumer.stats.received, written)
      }
    }
  })

  test(`a ring of one ${of} is full after one`, (t) => {
    const { array } = kinds[of]
    const { producer, consumer } = createRing({ of, capacity: 1, memory: 'heap' })
    t.is(producer.capacity, 1)
    for (let i = 0; i < 5; i++) {
      t.is(producer.free, 1)
      t.true(producer.push(nth(of, i)))
      t.false(producer.push(nth(of, 99)))
      t.is(producer.pushMany([nth(of, 98)]), 0)
      t.is(producer.pushMany(array.of(nth(of, 97))), 0)
      t.is(producer.reserve(1), null)
      t.is(producer.free, 0)
      t.is(consumer.available, 1)
      t.is(consumer.pop(), nth(of, i))
      t.is(consumer.pop(), undefined)
    }
  })

  onBothMemories(`${of} refuses what it cannot hold exactly, and loses nothing by it`, (t, memory) => {
    const { refused } = kinds[of]
    const { producer, consumer } = createRing({ of, capacity: 16, memory })
    const [before, after] = [nth(of, 1), nth(of, 2)]
    producer.push(before)
    const otherTypes = [undefined, null, '1', true, {}, [], Symbol('one'), () => 1, new Date(0), isBig(of) ? 1 : 1n]
    for (const value of [...refused, ...otherTypes]) {
      const what = { what: 'value', allowed: isBig(of) ? 'a bigint' : of.startsWith('f') ? 'a number' : 'an integer', given: typeof value }
      refusesArgument(t, () => producer.push(value), value === null || value === undefined ? { ...what, given: String(value) } : what)
    }
    t.true(producer.push(after))
    t.deepEqual(consumer.popMany(9), [before, after])
  })
}

onBothMemories('f32 rounds to the nearest float', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'f32', capacity: 16, memory })
  const values = [0.1, 1e300, -1e300, 1e-300, 2 ** 24 + 1, 2 ** -150, -(2 ** -151)]
  for (const value of values) producer.push(value)
  same(t, consumer.popMany(9), values.map(Math.fround), 'rounded')
})

onBothMemories('a push that finds the ring full changes nothing', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'u32', capacity: 8, memory })
  const { capacity } = producer
  for (let i = 0; i < capacity; i++) t.true(producer.push(i))
  t.false(producer.push(12345))
  t.false(producer.push(12345))
  t.is(consumer.pop(), 0)
  t.true(producer.push(capacity))
  t.false(producer.push(12345))
  for (let i = 1; i <= capacity; i++) if (consumer.pop() !== i) return t.fail(`${i} is missing`)
  t.is(consumer.pop(), undefined)
})

test('a value that throws when it is shown is refused like any other', (t) => {
  const { producer } = createRing({ of: 'f64', capacity: 8 })
  const value = {
    get [Symbol.toStringTag]() {
      throw new Error('not your business')
    },
  }
  refusesArgument(t, () => producer.push(value), { what: 'value', allowed: 'a number' })
})
