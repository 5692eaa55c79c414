// Numbers read where they lie.

import test from 'ava'
import { createRing } from 'crosscore'
import { onBothMemories } from './memories.js'
import { refusesArgument } from './refusal.js'

onBothMemories('what was peeked at stays until it is released', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8, memory })
  t.is(consumer.peek().length, 0)
  producer.pushMany([1, 2, 3, 4])
  t.deepEqual([...consumer.peek(2)], [1, 2])
  t.deepEqual([...consumer.peek(9)], [1, 2, 3, 4])
  t.is(consumer.available, 4)
  consumer.release(1)
  t.deepEqual([...consumer.peek()], [2, 3, 4])
  consumer.release()
  t.is(consumer.available, 0)
  t.is(producer.free, producer.capacity)
})

onBothMemories('a peek shows all that there is, not only what an earlier look found', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8, memory })
  producer.pushMany([1, 2])
  t.is(consumer.pop(), 1)
  producer.pushMany([3, 4, 5])
  t.deepEqual([...consumer.peek()], [2, 3, 4, 5])
})

// INV-NODE-3, INV-JS-6
onBothMemories('a view across the end of the ring is contiguous', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'u16', capacity: 8, memory })
  const { capacity } = producer
  let next = 0
  for (let lap = 0; lap < 3 * capacity; lap++) {
    const length = capacity - (lap % 3)
    const block = producer.reserve(length)
    t.is(block.length, length)
    for (let i = 0; i < length; i++) block[i] = next + i
    producer.commit()
    const view = consumer.peek()
    const wrong = view.findIndex((value, i) => value !== (next + i) % 65536)
    if (view.length !== length || wrong !== -1) return t.fail(`lap ${lap}: ${view.length} elements, wrong at ${wrong}`)
    consumer.release()
    next = (next + length) % 65536
  }
  t.is(consumer.available, 0)
})

test('release gives back in parts, and no more than was shown', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 8, memory: 'heap' })
  producer.pushMany([1, 2, 3, 4, 5])
  refusesArgument(t, () => consumer.release(1), { what: 'n', allowed: 'from 0 to 0', given: '1' })
  consumer.release()
  t.is(consumer.available, 5)
  consumer.peek(3)
  for (const n of [4, -1, 0.5, NaN, '1', null, 1n, 2 ** 53]) {
    refusesArgument(t, () => consumer.release(n), { what: 'n', allowed: 'from 0 to 3' })
  }
  consumer.release(0)
  consumer.release(2)
  refusesArgument(t, () => consumer.release(2), { what: 'n', allowed: 'from 0 to 1' })
  consumer.release(1)
  t.is(producer.free, 6)
  t.deepEqual(consumer.popMany(9), [4, 5])
})

test('a pop ends what peek has shown', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 8, memory: 'heap' })
  producer.pushMany([1, 2, 3])
  consumer.peek(3)
  t.is(consumer.pop(), 1)
  refusesArgument(t, () => consumer.release(1), { allowed: 'from 0 to 0', given: 'read by another call since, so peek() again' })
  t.is(consumer.available, 2)
  t.deepEqual([...consumer.peek(2)], [2, 3])
  consumer.release(2)
  t.is(producer.free, 8)
})

test('a lap of pops ends what peek has shown, too', (t) => {
  for (const [shown, looks] of [[4, false], [4, true], [2, false], [2, true]]) {
    const { producer, consumer } = createRing({ of: 'u8', capacity: 4, memory: 'heap' })
    producer.pushMany([1, 2, 3, 4])
    t.is(consumer.peek(shown).length, shown)
    for (let i = 1; i <= 4; i++) t.is(consumer.pop(), i)
    producer.pushMany([5, 6, 7, 8])
    if (looks) t.is(consumer.available, 4)
    refusesArgument(t, () => consumer.release(shown), { allowed: 'from 0 to 0' })
    consumer.release()
    t.deepEqual(consumer.popMany(9), [5, 6, 7, 8])
  }
})

test('peek refuses what is not a count', (t) => {
  const { consumer } = createRing({ of: 'u8', capacity: 8 })
  for (const n of [0, -1, 0.5, NaN, Infinity, 2 ** 53, '1', null, 1n, {}]) {
    refusesArgument(t, () => consumer.peek(n), { what: 'n', allowed: 'an integer from 1' })
  }
})

test('each call that reads ends what peek has shown', (t) => {
  const reads = {
    popMany: (consumer) => consumer.popMany(1),
    'popMany into': (consumer) => consumer.popMany(new Uint8Array(1)),
    drain: (consumer) => consumer.drain(() => {}, 1),
    visit: (consumer) => consumer.visit(() => {}, 1),
    popSync: (consumer) => consumer.popSync(),
  }
  for (const [name, read] of Object.entries(reads)) {
    const { producer, consumer } = createRing({ of: 'u8', capacity: 8, memory: 'heap' })
    producer.pushMany([1, 2, 3])
    consumer.peek(3)
    read(consumer)
    const error = t.throws(() => consumer.release(3), { code: 'ERR_CROSSCORE_INVALID_ARG' }, name)
    t.regex(error.message, /peek\(\) again/)
    t.is(consumer.popMany(9).length, 2)
  }
})
