// Numbers handed to a callback.

import test from 'ava'
import { createRing } from 'crosscore'
import { onBothMemories } from './memories.js'
import { refuses, refusesArgument } from './refusal.js'

function filled(options, values) {
  const ring = createRing({ of: 'u8', capacity: 64, ...options })
  ring.producer.pushMany(values)
  return ring
}

onBothMemories('drain shows everything there is, in order, and gives it back', (t, memory) => {
  const { producer, consumer } = filled({ memory }, [1, 2, 3])
  const seen = []
  t.is(
    consumer.drain((value) => seen.push(value)),
    3,
  )
  t.is(
    consumer.drain(() => t.fail()),
    0,
  )
  t.deepEqual(seen, [1, 2, 3])
  t.is(producer.free, producer.capacity)
})

test('drain shows all that there is, not only what an earlier look found', (t) => {
  const { producer, consumer } = filled({}, [1, 2])
  consumer.pop()
  producer.pushMany([3, 4])
  const seen = []
  t.is(
    consumer.drain((value) => seen.push(value)),
    3,
  )
  t.deepEqual(seen, [2, 3, 4])
})

test('drain shows at most max', (t) => {
  const { consumer } = filled({}, [1, 2, 3, 4])
  const seen = []
  const see = (value) => seen.push(value)
  t.is(consumer.drain(see, 0), 0)
  t.is(consumer.drain(see, 3), 3)
  t.deepEqual(seen, [1, 2, 3])
  t.is(consumer.drain(see, Infinity), 1)
})

test('what arrives during a drain is for the next one', (t) => {
  const { producer, consumer } = filled({}, [1, 2])
  t.is(
    consumer.drain((value) => producer.push(value + 10)),
    2,
  )
  t.deepEqual(consumer.popMany(9), [11, 12])
})

onBothMemories('a callback that throws loses the element that it threw on and no other', (t, memory) => {
  const { producer, consumer } = filled({ memory }, [1, 2, 3, 4])
  const mine = new Error('mine')
  const error = t.throws(() =>
    consumer.drain((value) => {
      if (value === 2) throw mine
    }),
  )
  t.is(error, mine)
  t.is(producer.free, producer.capacity - 2)
  t.deepEqual(consumer.popMany(9), [3, 4])
})

test('a callback may read from its own consumer: nothing is lost and nothing comes twice', (t) => {
  const { consumer } = filled({}, [1, 2, 3, 4, 5, 6, 7, 8])
  const seen = []
  t.is(
    consumer.drain((value) => {
      seen.push(value)
      if (value === 1) seen.push(consumer.pop())
      if (value === 3) consumer.drain((nested) => seen.push(nested), 2)
      if (value === 6) seen.push(...consumer.popMany(1))
    }),
    4,
  )
  t.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8])
})

test('a callback may close its consumer', (t) => {
  const { producer, consumer } = filled({}, [1, 2, 3])
  t.is(
    consumer.drain(() => consumer.close()),
    1,
  )
  t.true(producer.closed)
  refuses(t, 'CLOSED', () => consumer.drain(() => {}))
})

test('a callback may move its consumer', (t) => {
  const { consumer } = filled({}, [1, 2, 3])
  let token
  t.is(
    consumer.drain(() => {
      token = consumer.move()
    }),
    1,
  )
  t.is(token.crosscore, 'consumer')
  refuses(t, 'MOVED', () => consumer.drain(() => {}))
})

test('drain refuses what is not a callback or a count', (t) => {
  const { consumer } = filled({}, [1])
  for (const fn of [undefined, null, 1, 'f', {}, []]) refusesArgument(t, () => consumer.drain(fn), { what: 'fn', allowed: 'a function' })
  for (const max of [-1, 0.5, NaN, -Infinity, 2 ** 53, '1', 1n, null]) {
    refusesArgument(t, () => consumer.drain(() => t.fail(), max), { what: 'max', allowed: 'an integer from 0' })
  }
  t.is(consumer.available, 1)
})
