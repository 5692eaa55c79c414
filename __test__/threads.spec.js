// Streams between two threads, with every element checked. The rings are so small that they are full
// most of the time.

import test from 'ava'
import { createRing } from 'crosscore'
import { onBothMemories } from './memories.js'
import { volume } from './volume.js'
import { readMessages, writeMessages } from './workers/messages.js'
import { readNumbers, writeNumbers } from './workers/numbers.js'
import { start } from './workers/start.js'

function between(producer, consumer, options) {
  return Promise.all([
    start('end-of-stream.js', { token: producer.move(), ...options }).result,
    start('end-of-stream.js', { token: consumer.move(), ...options }).result,
  ])
}

for (const memory of ['mirrored', 'heap']) {
  // Serial: two threads for two processors.
  // INV-JS-1
  test.serial(`10 million f64 go one by one from worker to worker (${memory})`, async (t) => {
    const { producer, consumer } = createRing({ of: 'f64', capacity: 256, memory })
    const count = volume(t, 10_000_000)
    const [stats, received] = await between(producer, consumer, { count })
    t.is(received, count)
    t.is(stats.sent, count)
  })

  test.serial(`10 million f64 go in batches from worker to worker (${memory})`, async (t) => {
    const { producer, consumer } = createRing({ of: 'f64', capacity: 256, memory })
    const count = volume(t, 10_000_000)
    // More than half of what the ring holds at its smallest, and no factor of it: batches are split and wrap.
    const [stats, received] = await between(producer, consumer, { count, batch: 150 })
    t.is(received, count)
    t.is(stats.sent, count)
  })

  // INV-JS-1, INV-NODE-3
  test.serial(`1 million messages of 0 to 64 KiB go from worker to worker (${memory})`, async (t) => {
    // Ten seconds on two processors that are free, minutes on busy ones: the limit is there to end a hang.
    t.timeout(600_000)
    const { producer, consumer } = createRing({ of: 'bytes', capacity: 128 * 1024, memory })
    const count = volume(t, 1_000_000)
    const [stats, received] = await between(producer, consumer, { count })
    t.is(received, count)
    t.is(stats.sent, count)
  })

  test.serial(`the producer in main and the consumer in a worker (${memory})`, async (t) => {
    const count = volume(t, 300_000)
    const numbers = createRing({ of: 'f64', capacity: 64, memory })
    const reader = start('end-of-stream.js', { token: numbers.consumer.move() }).result
    writeNumbers(numbers.producer, count)
    t.is(await reader, count)
    const messageCount = volume(t, 20_000)
    const messages = createRing({ of: 'bytes', capacity: 128 * 1024, memory })
    const messageReader = start('end-of-stream.js', { token: messages.consumer.move() }).result
    writeMessages(messages.producer, messageCount)
    t.is(await messageReader, messageCount)
  })

  test.serial(`the producer in a worker and the consumer in main (${memory})`, async (t) => {
    const count = volume(t, 300_000)
    const numbers = createRing({ of: 'f64', capacity: 64, memory })
    const writer = start('end-of-stream.js', { token: numbers.producer.move(), count }).result
    t.is(readNumbers(numbers.consumer), count)
    t.is((await writer).sent, count)
    const messageCount = volume(t, 20_000)
    const messages = createRing({ of: 'bytes', capacity: 128 * 1024, memory })
    const messageWriter = start('end-of-stream.js', { token: messages.producer.move(), count: messageCount }).result
    t.is(readMessages(messages.consumer), messageCount)
    t.is((await messageWriter).sent, messageCount)
  })

  test.serial(`a stream goes on in other threads when both handles move on (${memory})`, async (t) => {
    // Numbers in main first, so that the workers begin in the middle of a lap.
    const { producer, consumer } = createRing({ of: 'f64', capacity: 64, memory })
    for (let i = 0; i < 1000; i++) {
      producer.push(i)
      t.is(consumer.pop(), i)
    }
    const count = volume(t, 100_000)
    const [, received] = await between(producer, consumer, { count })
    t.is(received, count)
  })
}

onBothMemories('both handles in one thread', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'u32', capacity: 16, memory })
  const count = volume(t, 1_000_000)
  let sent = 0
  let received = 0
  while (received < count) {
    for (let i = sent % 7; i >= 0; i--) if (producer.push(sent)) sent++
    for (let i = received % 5; i >= 0; i--) {
      const value = consumer.pop()
      if (value === undefined) break
      if (value !== received++) return t.fail(`${value} came instead of ${received - 1}`)
    }
  }
  consumer.drain(() => received++)
  t.is(received, sent)
})
