// The consumer's thread ends: the producer is told at the first push of the next turn, whatever `publish` says.

import test from 'ava'
import { setImmediate as turn } from 'node:timers/promises'
import { createRing } from 'crosscore'
import { refuses } from './refusal.js'
import { start } from './workers/start.js'

const elements = { f64: 1, u64: 1n, bytes: Uint8Array.of(1, 2) }
const publications = ['each', 'tick', 2, 32, 2 ** 31 - 1]

/** Each way of writing that waits for nobody. */
const writes = {
  push: (producer, value) => producer.push(value),
  pushMany: (producer, value) => producer.pushMany([value]),
  'pushMany of an iterable': (producer, value) => producer.pushMany([value].values()),
  'reserve and commit': (producer) => {
    producer.reserve(1)
    producer.commit()
  },
}

for (const [of, value] of Object.entries(elements)) {
  for (const publish of publications) {
    for (const [name, write] of Object.entries(writes)) {
      test(`${of}, publish ${JSON.stringify(publish)}: ${name} is CLOSED in the turn after the consumer has gone`, async (t) => {
        // With something pending, and without.
        for (const pending of [true, false]) {
          const { producer, consumer } = createRing({ of, capacity: 1024, publish })
          write(producer, value)
          await turn()
          if (pending) producer.push(value)
          consumer.close()
          if (pending) await turn()
          refuses(t, 'CLOSED', () => write(producer, value), /consumer is gone/)
          refuses(t, 'CLOSED', () => producer.push(value), /consumer is gone/)
        }
      })
    }
  }

  test(`${of}: a consumer's worker that throws while this thread is busy is told of at the next push`, async (t) => {
    for (const publish of publications) {
      const { producer, consumer } = createRing({ of, capacity: 1024, publish })
      const { worker } = start('hold.js', { token: consumer.move(), end: 'throw' })
      worker.on('error', ({ message }) => t.is(message, 'on purpose'))
      const gone = new Promise((resolve) => worker.on('exit', resolve))
      producer.push(value)
      await gone
      refuses(t, 'CLOSED', () => producer.push(value))
      t.true(producer.closed)
    }
  })
}

test('what the end of the turn finds is kept for the next call', async (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 64, publish: 'tick' })
  producer.push(1)
  consumer.close(new Error('enough'))
  t.true(producer.push(2), 'in the same turn')
  await turn()
  const error = refuses(t, 'CLOSED', () => producer.push(3))
  t.is(error.cause.message, 'enough')
})
