// Why a side has closed, as the other one hears it.

import test from 'ava'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import { Consumer, createRing, Producer } from 'crosscore'
import { refuses } from './refusal.js'

const elements = { f64: 1, bytes: Uint8Array.of(1) }

for (const [of, value] of Object.entries(elements)) {
  const make = () => createRing({ of, capacity: 64 })

  test(`the reason of a producer of ${of} is there for the consumer, after the last element`, async (t) => {
    const { producer, consumer } = make()
    t.is(consumer.reason, undefined)
    producer.push(value)
    producer.close(Object.assign(new RangeError('enough', { cause: new TypeError('too much') }), { code: 'E_MINE' }))
    t.deepEqual(consumer.pop(), value)
    t.is(consumer.pop(), undefined)
    t.false(await consumer.ready())
    const { reason } = consumer
    t.true(reason instanceof Error)
    t.like(reason, { name: 'RangeError', message: 'enough', code: 'E_MINE' })
    t.like(reason.cause, { name: 'TypeError', message: 'too much' })
    t.is(consumer.reason, reason, 'the same each time')
    t.is(producer.reason, undefined, 'a reason is the other side\'s')
    consumer.close()
    t.is(consumer.reason, reason, 'and stays')
  })

  test(`the reason of a consumer of ${of} is there for the producer, and the cause of what its next write throws`, (t) => {
    const { producer, consumer } = make()
    producer.push(value)
    consumer.close(new Error('full up'))
    const error = refuses(t, 'CLOSED', () => producer.push(value), /consumer is gone/)
    t.is(error.cause.message, 'full up')
    t.is(producer.reason, error.cause)
  })
}

test('without a reason there is none', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  consumer.close()
  t.is(producer.reason, undefined)
  const error = refuses(t, 'CLOSED', () => producer.push(1))
  t.false('cause' in error)
})

test('a reason is an error, of whatever make', (t) => {
  for (const reason of [null, 1, 'enough', {}, { message: 'enough' }, new Proxy({}, {})]) {
    const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
    refuses(t, 'INVALID_ARG', () => producer.close(reason), /reason must be an Error/)
    t.false(consumer.closed, 'and nothing was closed')
  }
  const made = [runInNewContext('new Error("other realm")'), new DOMException('aborted', 'AbortError'), new (class Mine extends Error {})('mine')]
  for (const reason of made) {
    const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
    producer.close(reason)
    t.like(consumer.reason, { name: reason.name, message: reason.message })
  }
})

test('a chain of causes, and one that bites its tail, come to an end', (t) => {
  const chain = new Error('first')
  chain.cause = new Error('second', { cause: chain })
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  producer.close(chain)
  t.is(consumer.reason.cause.message, 'second')
  t.is(consumer.reason.cause.cause.message, 'first')
})

test('only the first reason of a handle counts, and a moved handle takes it along', async (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  const there = Producer.from(producer.move())
  const reader = Consumer.from(consumer.move())
  there.close(new Error('first'))
  there.close(new Error('second'))
  await turn()
  t.is(reader.reason.message, 'first')
  t.throws(() => consumer.reason, { code: 'ERR_CROSSCORE_MOVED' })
})

test('a reason crosses threads', async (t) => {
  const { Worker } = await import('node:worker_threads')
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  const entry = JSON.stringify(import.meta.resolve('crosscore'))
  const worker = new Worker(
    `const { workerData } = require('node:worker_threads')
     import(${entry}).then(({ Producer }) => {
       const producer = Producer.from(workerData)
       producer.push(7)
       producer.close(new Error('over there', { cause: new Error('deep') }))
     })`,
    { eval: true, workerData: producer.move() },
  )
  const gone = once(worker, 'exit')
  const seen = []
  for await (const value of consumer) seen.push(value)
  t.deepEqual(seen, [7])
  t.is(consumer.reason.message, 'over there')
  t.is(consumer.reason.cause.message, 'deep')
  await gone
})
