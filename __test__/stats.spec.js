// What the counters count.

import test from 'ava'
import { createRing } from 'crosscore'
import { onBothMemories } from './memories.js'

onBothMemories('elements are counted when they are published and when they are given back', (t, memory) => {
  for (const [of, one, two] of [['f64', 1, [1, 2]], ['u8', 1, [1, 2]], ['bytes', new Uint8Array(5), [new Uint8Array(0), new Uint8Array(9)]]]) {
    const { producer, consumer } = createRing({ of, capacity: 64, memory })
    t.like(producer.stats, { sent: 0, received: 0, fullEncounters: 0, emptyEncounters: 0, highWaterMark: 0 })
    producer.push(one)
    producer.pushMany(two)
    producer.reserve(1)
    producer.abort()
    t.is(producer.stats.sent, 3)
    t.is(consumer.stats.sent, 3)
    consumer.popMany(2)
    t.is(consumer.stats.received, 2)
    t.is(producer.stats.received, 2)
  }
})

test('the high-water mark is the most that either side saw, in elements or bytes', (t) => {
  const numbers = createRing({ of: 'f64', capacity: 64 })
  numbers.producer.pushMany([1, 2, 3])
  numbers.consumer.popMany(9)
  numbers.producer.pushMany([1, 2])
  numbers.consumer.popMany(9)
  t.is(numbers.consumer.stats.highWaterMark, 3)
  const messages = createRing({ of: 'bytes', capacity: 64 })
  messages.producer.push(new Uint8Array(9))
  messages.consumer.popMany(9)
  t.is(messages.producer.stats.highWaterMark, 24)
})

// Fail until a look of the addon counts as asking: the crate counts in calls that the addon does not make.
test('a producer that finds too little room is counted', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 1, memory: 'heap' })
  producer.push(1)
  for (let i = 0; i < 3; i++) t.false(producer.push(2))
  t.is(producer.stats.fullEncounters, 3)
  t.is(consumer.stats.fullEncounters, 3)
})

test('a consumer that finds too little is counted', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 1, memory: 'heap' })
  for (let i = 0; i < 3; i++) t.is(consumer.pop(), undefined)
  t.is(consumer.stats.emptyEncounters, 3)
  t.is(producer.stats.emptyEncounters, 3)
})
