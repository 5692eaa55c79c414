// flushed(), flushedSync(), end(): whether the consumer has taken what was pushed.

import test from 'ava'
import { setImmediate as turn } from 'node:timers/promises'
import { createRing } from 'crosscore'
import { onBothMemories } from './memories.js'
import { refuses } from './refusal.js'
import { start } from './workers/start.js'
import { elements, element, kinds, size } from './workers/wait-elements.js'

async function isPending(promise) {
  const settled = Symbol('pending')
  for (let i = 0; i < 5; i++) await turn()
  return (await Promise.race([promise, settled])) === settled
}

for (const of of kinds) {
  const make = (options) => createRing({ of, capacity: 64 * size[of], ...options })

  for (const publish of ['each', 'tick', 100]) {
    onBothMemories(`${of}, publish ${publish}: flushed() waits until all was given back, and for nothing that is pushed later`, async (t, memory) => {
      const { producer, consumer } = make({ memory, publish })
      t.true(await producer.flushed(), 'nothing was pushed')
      for (let lap = 0; lap < 5; lap++) {
        for (let i = 0; i < 20; i++) producer.push(element(of, i))
        const flushed = producer.flushed()
        t.true(await isPending(flushed))
        consumer.popMany(19)
        t.true(await isPending(flushed))
        producer.pushMany(elements(of, 20, 10))
        consumer.popMany(1)
        t.true(await flushed)
        t.is(consumer.popMany(99).length, 10)
        t.true(await producer.flushed())
      }
    })
  }

  test(`flushed() of ${of} is false when the consumer goes first, and true when it had taken all`, async (t) => {
    for (const taken of [false, true]) {
      const { producer, consumer } = make()
      producer.push(element(of, 0))
      if (taken) consumer.popMany(1)
      const flushed = producer.flushed()
      consumer.close()
      t.is(await flushed, taken)
    }
  })

  test(`flushed() of ${of} is a wait like any other`, async (t) => {
    const { producer } = make()
    producer.push(element(of, 0))
    const flushed = producer.flushed()
    await t.throwsAsync(producer.ready(), { code: 'ERR_CROSSCORE_BUSY' })
    await t.throwsAsync(producer.flushed(), { code: 'ERR_CROSSCORE_BUSY' })
    refuses(t, 'BUSY', () => producer.flushedSync())
    refuses(t, 'BUSY', () => producer.move())
    t.true(producer.push(element(of, 1)))
    producer.close()
    t.false(await flushed)
    await t.throwsAsync(producer.flushed(), { code: 'ERR_CROSSCORE_CLOSED' })
  })

  test.serial(`flushedSync() of ${of} blocks until another thread has taken all`, async (t) => {
    const { producer, consumer } = make({ publish: 'tick' })
    const { result } = start('wait-stream.js', { token: consumer.move(), style: 'sync' })
    for (let i = 0; i < 50; i++) {
      producer.push(element(of, i))
      t.true(producer.flushedSync())
      t.is(producer.stats.bytesReceived, producer.stats.bytesSent)
    }
    producer.close()
    t.is(await result, 50)
  })

  test(`flushedSync() of ${of} gives up when its time is over, or the consumer is gone`, (t) => {
    const { producer, consumer } = make()
    t.true(producer.flushedSync({ timeout: 0 }))
    producer.push(element(of, 0))
    t.false(producer.flushedSync({ timeout: 0 }))
    t.false(producer.flushedSync({ timeout: 5 }))
    for (const timeout of [-1, NaN, '1', null]) refuses(t, 'INVALID_ARG', () => producer.flushedSync({ timeout }), /timeout/)
    consumer.popMany(1)
    t.true(producer.flushedSync())
    producer.push(element(of, 0))
    consumer.close()
    t.throws(() => producer.flushedSync(), { code: 'ERR_CROSSCORE_CLOSED' })
  })

  test(`end() of ${of} waits, then closes`, async (t) => {
    const { producer, consumer } = make()
    producer.pushMany(elements(of, 0, 3))
    const ended = producer.end()
    t.true(await isPending(ended))
    t.false(producer.closed)
    consumer.popMany(3)
    t.true(await ended)
    t.true(producer.closed)
    t.true(consumer.done)
    await t.throwsAsync(producer.end(), { code: 'ERR_CROSSCORE_CLOSED' })
  })

  test(`an open reservation of ${of} keeps neither flushed() nor end() from their outcome`, async (t) => {
    const { producer, consumer } = make()
    producer.push(element(of, 0))
    producer.reserve(1)
    const flushed = producer.flushed()
    t.true(await isPending(flushed))
    consumer.popMany(1)
    t.true(await flushed)
    producer.abort()
    producer.push(element(of, 1))
    producer.reserve(1)
    const ended = producer.end()
    t.true(await isPending(ended))
    consumer.close()
    t.false(await ended)
    t.true(producer.closed)
  })

  test(`Symbol.asyncDispose of ${of} is end(), and nothing for one that is closed or moved`, async (t) => {
    const { producer, consumer } = make()
    producer.push(element(of, 0))
    const disposed = producer[Symbol.asyncDispose]()
    consumer.popMany(1)
    t.is(await disposed, undefined)
    t.true(producer.closed)
    await producer[Symbol.asyncDispose]()
    const other = make().producer
    other.move()
    await other[Symbol.asyncDispose]()
  })
}
