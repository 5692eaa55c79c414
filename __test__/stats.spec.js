// What the counters count.

import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { createRing } from 'crosscore'
import { onBothMemories } from './memories.js'
import { isNode } from './runtime.js'

onBothMemories('elements are counted when they are published and when they are given back', (t, memory) => {
  for (const [of, one, two, bytes] of [
    ['f64', 1, [1, 2], [24, 16]],
    ['u8', 1, [1, 2], [3, 2]],
    ['bytes', new Uint8Array(5), [new Uint8Array(0), new Uint8Array(9)], [16 + 8 + 24, 16 + 8]],
  ]) {
    const { producer, consumer } = createRing({ of, capacity: 64, memory })
    t.deepEqual(producer.stats, {
      sent: 0,
      received: 0,
      bytesSent: 0,
      bytesReceived: 0,
      bytesHighWater: 0,
      fullRefusals: 0,
      emptyRefusals: 0,
      producerParks: 0,
      consumerParks: 0,
      producerWakes: 0,
      consumerWakes: 0,
      dropped: 0,
    })
    producer.push(one)
    producer.pushMany(two)
    producer.reserve(1)
    producer.abort()
    t.like(producer.stats, { sent: 3, bytesSent: bytes[0], received: 0 })
    t.like(consumer.stats, { sent: 3, bytesSent: bytes[0] })
    consumer.popMany(2)
    for (const { stats } of [producer, consumer]) t.like(stats, { received: 2, bytesReceived: bytes[1] })
  }
})

test('the high-water mark is the most bytes that either side saw', (t) => {
  const numbers = createRing({ of: 'f64', capacity: 64 })
  numbers.producer.pushMany([1, 2, 3])
  numbers.consumer.popMany(9)
  numbers.producer.pushMany([1, 2])
  numbers.consumer.popMany(9)
  t.is(numbers.consumer.stats.bytesHighWater, 24)
  const messages = createRing({ of: 'bytes', capacity: 64 })
  messages.producer.push(new Uint8Array(9))
  messages.consumer.popMany(9)
  t.is(messages.producer.stats.bytesHighWater, 24)
})

for (const [of, one] of [['u8', 1], ['bytes', new Uint8Array(1)]]) {
  test(`each write of ${of} that finds no room is a refusal, and asking is none`, (t) => {
    const { producer, consumer } = createRing({ of, capacity: 1, memory: 'heap' })
    producer.push(one)
    t.is(producer.stats.fullRefusals, 0)
    for (let i = 0; i < 3; i++) t.false(producer.push(one))
    t.is(producer.pushMany([one]), 0)
    t.is(producer.reserve(1), null)
    for (let i = 0; i < 5; i++) void [producer.free, producer.closed, producer.stats, consumer.available]
    for (const { stats } of [producer, consumer]) t.like(stats, { fullRefusals: 5, emptyRefusals: 0 })
  })

  test(`each read of ${of} that finds nothing is a refusal, and asking is none`, (t) => {
    const { producer, consumer } = createRing({ of, capacity: 1, memory: 'heap' })
    for (let i = 0; i < 3; i++) t.is(consumer.pop(), undefined)
    t.is(consumer.popMany(2).length, 0)
    consumer.peek()
    for (let i = 0; i < 5; i++) void [consumer.available, consumer.done, consumer.closed, producer.free, consumer.stats]
    for (const { stats } of [producer, consumer]) t.like(stats, { emptyRefusals: 5, fullRefusals: 0 })
  })
}

test('sleeping and being woken are counted on both sides', async (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 4, memory: 'heap' })
  t.is(consumer.popSync({ timeout: 1 }), undefined)
  const parks = consumer.stats.consumerParks
  t.true(parks >= 1)
  const waiting = consumer.ready()
  // Before the loop sleeps, which only libuv tells: elsewhere it sleeps at once.
  if (isNode) t.is(consumer.stats.consumerParks, parks, 'it looks again before it sleeps')
  while (consumer.stats.consumerParks === parks) await sleep(1)
  producer.push(1)
  t.true(await waiting)
  t.is(producer.stats.consumerWakes, 1)
  producer.pushMany([1, 2, 3])
  t.false(producer.pushSync(1, { timeout: 1 }))
  const room = producer.ready()
  while (consumer.stats.producerParks < 2) await sleep(1)
  consumer.popMany(2)
  t.true(await room)
  t.like(consumer.stats, { producerWakes: 1 })
  t.true(consumer.stats.producerParks >= 2)
})
