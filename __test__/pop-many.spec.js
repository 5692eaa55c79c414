// Batches of numbers, out.

import test from 'ava'
import { createRing } from 'crosscore'
import { kindNames, kinds, nth } from './kinds.js'
import { onBothMemories } from './memories.js'
import { refusesArgument } from './refusal.js'

onBothMemories('popMany fills an array from its start and tells how many', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'i16', capacity: 8, memory })
  const into = new Int16Array(4).fill(-1)
  t.is(consumer.popMany(into), 0)
  t.deepEqual([...into], [-1, -1, -1, -1])
  producer.pushMany([1, 2, 3])
  t.is(consumer.popMany(into), 3)
  t.deepEqual([...into], [1, 2, 3, -1])
  producer.pushMany([4, 5, 6, 7, 8])
  t.is(consumer.popMany(into.subarray(1, 3)), 2)
  t.deepEqual([...into], [1, 4, 5, -1])
  t.is(consumer.popMany(into), 3)
  t.deepEqual([...into], [6, 7, 8, -1])
})

test('popMany of a number gives an array of at most that many', (t) => {
  const { producer, consumer } = createRing({ of: 'u64', capacity: 8, memory: 'heap' })
  t.deepEqual(consumer.popMany(3), [])
  producer.pushMany([1n, 2n, 3n, 4n])
  t.deepEqual(consumer.popMany(0), [])
  t.deepEqual(consumer.popMany(3), [1n, 2n, 3n])
  t.deepEqual(consumer.popMany(Number.MAX_SAFE_INTEGER), [4n])
})

for (const of of kindNames) {
  test(`popMany from a ring of ${of} fills its own kind of array and no other`, (t) => {
    const { producer, consumer } = createRing({ of, capacity: 64 })
    producer.push(nth(of, 1))
    for (const { array } of Object.values(kinds)) {
      if (array === kinds[of].array) continue
      refusesArgument(t, () => consumer.popMany(new array(4)), { what: 'into', allowed: kinds[of].array.name, given: array.name })
    }
    t.deepEqual(consumer.popMany(4), [nth(of, 1)])
  })
}

test('popMany refuses what is neither', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  producer.push(1)
  for (const max of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    refusesArgument(t, () => consumer.popMany(max), { what: 'max', allowed: 'an integer from 0', given: String(max) })
  }
  for (const into of [undefined, null, '1', 1n, [], {}, new ArrayBuffer(8), Object.create(Float64Array.prototype)]) {
    refusesArgument(t, () => consumer.popMany(into), { what: 'into', allowed: 'a Float64Array, or a number' })
  }
  t.is(consumer.available, 1)
})
