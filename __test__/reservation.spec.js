// Writing in place: what an open reservation allows, and that nobody sees it before it is committed.

import test from 'ava'
import { createRing } from 'crosscore'
import { onBothMemories } from './memories.js'
import { refuses, refusesArgument } from './refusal.js'

const element = { f64: 1, u64: 1n, bytes: Uint8Array.of(1) }

for (const of of Object.keys(element)) {
  // INV-JS-7
  onBothMemories(`while a reservation of ${of} is open, other writing is BUSY and changes nothing`, (t, memory) => {
    const { producer, consumer } = createRing({ of, capacity: 64, memory })
    const block = producer.reserve(2)
    block.fill(of === 'u64' ? 7n : 7)
    for (const write of [
      () => producer.push(element[of]),
      () => producer.pushMany([element[of]]),
      () => producer.pushMany([element[of]].values()),
      () => producer.reserve(1),
      () => producer.move(),
    ]) {
      refuses(t, 'BUSY', write, /commit\(\) or abort\(\)/)
    }
    producer.flush()
    t.is(consumer.available, 0)
    t.is(consumer.pop(), undefined)
    producer.commit()
    const read = of === 'bytes' ? [...consumer.pop()] : consumer.popMany(9)
    t.deepEqual(read, of === 'u64' ? [7n, 7n] : [7, 7])
    t.true(producer.push(element[of]))
  })

  onBothMemories(`an aborted reservation of ${of} leaves the ring as it was`, (t, memory) => {
    const { producer, consumer } = createRing({ of, capacity: 64, memory })
    const { free } = producer
    producer.reserve(2).fill(of === 'u64' ? 7n : 7)
    t.true(producer.free < free)
    producer.abort()
    t.is(producer.free, free)
    t.is(consumer.available, 0)
    t.is(producer.stats.sent, 0)
    t.true(producer.push(element[of]))
    t.deepEqual(consumer.pop(), element[of])
  })

  test(`a reservation of ${of} takes a count that can be`, (t) => {
    const { producer } = createRing({ of, capacity: 64, memory: 'heap' })
    const least = of === 'bytes' ? 0 : 1
    const wrong = [-1, 0.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, '1', 1n, null, undefined, {}, ...(least === 1 ? [0, -0] : [])]
    for (const n of wrong) refusesArgument(t, () => producer.reserve(n), { what: 'n', allowed: `an integer from ${least}` })
    const largest = of === 'bytes' ? producer.capacity - 8 : producer.capacity
    refuses(t, 'TOO_LARGE', () => producer.reserve(largest + 1), new RegExp(`${largest + 1}.*${largest}`))
    t.is(producer.reserve(largest).length, largest)
    producer.abort()
  })

  test(`a commit of ${of} takes no more than was reserved`, (t) => {
    const { producer, consumer } = createRing({ of, capacity: 64 })
    producer.reserve(3)
    for (const n of [4, -1, 0.5, NaN, Infinity, '1', 1n, null, {}]) {
      refusesArgument(t, () => producer.commit(n), { what: 'n', allowed: 'an integer from 0 to 3' })
    }
    t.is(consumer.available, 0)
    producer.commit(2)
    t.is(of === 'bytes' ? consumer.pop().length : consumer.popMany(9).length, 2)
  })

  test(`without a reservation of ${of} there is nothing to commit or abort`, (t) => {
    const { producer, consumer } = createRing({ of, capacity: 64 })
    const nothing = [() => producer.commit(), () => producer.commit(0), () => producer.commit(1), () => producer.abort()]
    const refused = () => {
      for (const act of nothing) refuses(t, 'INVALID_ARG', act, /no reservation is open/)
    }
    refused()
    producer.reserve(1)
    producer.commit()
    refused()
    producer.reserve(1)
    producer.abort()
    refused()
    t.is(producer.stats.sent, 1)
    t.is(of === 'bytes' ? consumer.pop().length : consumer.popMany(9).length, 1)
  })

  test(`closing with a reservation of ${of} open publishes what was pushed before it, and not the reservation`, (t) => {
    const { producer, consumer } = createRing({ of, capacity: 64, publish: 100 })
    producer.push(element[of])
    producer.reserve(2).fill(of === 'u64' ? 7n : 7)
    producer.close()
    t.deepEqual(consumer.pop(), element[of])
    t.is(consumer.pop(), undefined)
    t.true(consumer.done)
    for (const act of [() => producer.commit(), () => producer.abort(), () => producer.reserve(1)]) refuses(t, 'CLOSED', act)
  })

  test(`there is no reservation of ${of} without room for all of it`, (t) => {
    const { producer, consumer } = createRing({ of, capacity: 64, memory: 'heap' })
    const largest = of === 'bytes' ? producer.capacity - 8 : producer.capacity
    producer.push(element[of])
    t.is(producer.reserve(largest), null)
    // Nothing is open then.
    t.true(producer.push(element[of]))
    consumer.popMany(2)
    t.is(producer.reserve(largest).length, largest)
  })
}

test('a commit of nothing publishes nothing, but for messages, where it is an empty one', (t) => {
  const numbers = createRing({ of: 'f64', capacity: 64 })
  numbers.producer.reserve(4)
  numbers.producer.commit(0)
  t.is(numbers.consumer.available, 0)
  t.is(numbers.producer.free, numbers.producer.capacity)
  const messages = createRing({ of: 'bytes', capacity: 64 })
  messages.producer.reserve(4)
  messages.producer.commit(0)
  t.is(messages.consumer.pop().length, 0)
})

test('an open reservation is counted as not free', (t) => {
  const numbers = createRing({ of: 'u8', capacity: 64, memory: 'heap' })
  numbers.producer.reserve(10)
  t.is(numbers.producer.free, 54)
  const messages = createRing({ of: 'bytes', capacity: 64, memory: 'heap' })
  messages.producer.reserve(10)
  t.is(messages.producer.free, 64 - 8 - 16)
})

test('a consumer that goes away is told at the commit, and the reservation is over', (t) => {
  for (const of of ['f64', 'bytes']) {
    const { producer, consumer } = createRing({ of, capacity: 64 })
    producer.reserve(2)
    consumer.close()
    refuses(t, 'CLOSED', () => producer.commit(), /consumer is gone/)
    refuses(t, 'INVALID_ARG', () => producer.abort(), /no reservation/)
    refuses(t, 'CLOSED', () => producer.reserve(2))
  }
})

test('a closed ring says that it is closed, whatever it is given', (t) => {
  for (const of of ['f64', 'u64', 'bytes']) {
    const { producer, consumer } = createRing({ of, capacity: 64 })
    producer.close()
    consumer.close()
    for (const value of [element[of], 'x', undefined, {}, 1n, 1]) {
      t.regex(t.throws(() => producer.push(value)).code, /CLOSED|INVALID_ARG/)
      t.throws(() => producer.pushMany([value]), { code: 'ERR_CROSSCORE_CLOSED' })
    }
    refuses(t, 'CLOSED', () => producer.push(element[of]))
    t.is(producer.free, 0)
  }
})
