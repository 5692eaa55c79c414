// visit: elements and messages where they lie, without a view for each.

import test from 'ava'
import { createRing } from 'crosscore'

for (const memory of ['mirrored', 'heap']) {
  test(`numbers: one call for all that is there, also across the end of the ring (${memory})`, (t) => {
    const { producer, consumer } = createRing({ of: 'f64', capacity: 8, memory })
    for (let round = 0; round < 1000; round++) {
      const sent = [round, round + 0.25, round + 0.5, round + 0.75, -round]
      t.is(producer.pushMany(sent), 5)
      const seen = []
      const count = consumer.visit((view, start, end) => {
        t.is(end - start, 5)
        for (let i = start; i < end; i++) seen.push(view[i])
      })
      t.is(count, 5)
      t.deepEqual(seen, sent)
      t.is(consumer.available, 0)
    }
  })

  test(`messages: one call for each (${memory})`, (t) => {
    const { producer, consumer } = createRing({ of: 'bytes', capacity: 128, memory })
    for (let round = 0; round < 1000; round++) {
      const sent = [new Uint8Array(round % 60).fill(round), Uint8Array.of(1, 2, round % 256)]
      t.is(producer.pushMany(sent), 2)
      const seen = []
      t.is(consumer.visit((bytes, start, end) => seen.push(bytes.slice(start, end))), 2)
      t.deepEqual(seen, sent)
      t.is(consumer.available, 0)
    }
  })
}

test('no more than max; nothing when there is nothing', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 16 })
  t.is(
    consumer.visit(() => t.fail()),
    0,
  )
  producer.pushMany([1, 2, 3])
  t.is(
    consumer.visit((view, start, end) => t.deepEqual([...view.subarray(start, end)], [1, 2]), 2),
    2,
  )
  t.is(consumer.pop(), 3)
})

// INV-JS-7
test('reading in the callback is refused, and the run is given back once', (t) => {
  for (const of of ['i32', 'bytes']) {
    const { producer, consumer } = createRing({ of, capacity: 64 })
    const value = of === 'bytes' ? Uint8Array.of(1) : 1
    producer.push(value)
    const calls = [
      () => consumer.pop(),
      () => consumer.popMany(1),
      () => consumer.peek(),
      () => consumer.drain(() => {}),
      () => consumer.visit(() => {}),
      () => consumer.move(),
    ]
    consumer.visit(() => {
      for (const call of calls) t.throws(call, { code: 'ERR_CROSSCORE_BUSY' })
    })
    t.is(consumer.available, 0)
    t.is(consumer.stats.received, 1)
    producer.push(value)
    t.not(consumer.pop(), undefined)
  }
})

test('if the callback throws, what it was shown is gone and nothing else', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 256 })
  producer.pushMany([Uint8Array.of(1), Uint8Array.of(2)])
  t.throws(
    () =>
      consumer.visit(() => {
        throw new Error('enough')
      }),
    { message: 'enough' },
  )
  t.deepEqual(consumer.pop(), Uint8Array.of(2))
})

test('the callback may close the consumer', (t) => {
  for (const of of ['f32', 'bytes']) {
    const { producer, consumer } = createRing({ of, capacity: 64 })
    const value = of === 'bytes' ? Uint8Array.of(1) : 1
    producer.pushMany([value, value])
    consumer.visit(() => consumer.close())
    t.true(consumer.done)
    t.true(producer.closed)
  }
})

test('what is no function, or no count, is refused', (t) => {
  const { consumer } = createRing({ of: 'f64', capacity: 8 })
  for (const fn of [undefined, null, 1, 'fn', {}]) t.throws(() => consumer.visit(fn), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  for (const max of [-1, 0.5, Number.NaN, '1', null]) {
    t.throws(() => consumer.visit(() => {}, max), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  }
})
