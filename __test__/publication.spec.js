// When pushes become visible. `available` is a look that pays nobody's debts, so it tells what is published.

import test from 'ava'
import { setImmediate as turn } from 'node:timers/promises'
import { createRing } from 'crosscore'
import { onBothMemories } from './memories.js'
import { refuses } from './refusal.js'
import { start } from './workers/start.js'

const element = { f64: 1, bytes: Uint8Array.of(1, 2, 3) }
/** What one element takes, in what `available` counts. */
const size = { f64: 1, bytes: 16 }

for (const of of Object.keys(element)) {
  const published = ({ consumer }) => consumer.available / size[of]
  const push = ({ producer }, times) => {
    for (let i = 0; i < times; i++) producer.push(element[of])
  }
  const make = (options) => createRing({ of, capacity: 1024, ...options })

  onBothMemories(`each: every push of ${of} is visible when it returns`, (t, memory) => {
    for (const publish of [undefined, 'each', 1]) {
      const ring = make({ memory, publish })
      for (let i = 1; i <= 5; i++) {
        push(ring, 1)
        t.is(published(ring), i)
      }
    }
  })

  // INV-JS-2
  onBothMemories(`n: pushes of ${of} become visible after that many`, (t, memory) => {
    const ring = make({ memory, publish: 4 })
    const seen = []
    for (let i = 0; i < 10; i++) {
      push(ring, 1)
      seen.push(published(ring))
    }
    t.deepEqual(seen, [0, 0, 0, 4, 4, 4, 4, 8, 8, 8])
    t.is(ring.producer.stats.sent, 8)
  })

  test(`n: a commit of ${of} counts as pushes do`, (t) => {
    const ring = make({ publish: 2 })
    for (const expected of [0, 2]) {
      ring.producer.reserve(of === 'f64' ? 1 : 3)
      ring.producer.commit()
      t.is(published(ring), expected)
    }
  })

  const publications = {
    'flush()': ({ producer }) => producer.flush(),
    'close()': ({ producer }) => producer.close(),
    'Symbol.dispose': ({ producer }) => producer[Symbol.dispose](),
    'move()': ({ producer }) => producer.move(),
    'an empty poll of another ring in this thread': () => createRing({ of, capacity: 8 }).consumer.pop(),
    'an empty popMany of another ring': () => createRing({ of, capacity: 8 }).consumer.popMany(3),
    'an empty peek at another ring': () => createRing({ of, capacity: 8 }).consumer.peek(),
    'an empty drain of another ring': () => createRing({ of, capacity: 8 }).consumer.drain(() => {}),
  }
  for (const [name, act] of Object.entries(publications)) {
    test(`n: ${name} publishes the ${of} that are pending`, (t) => {
      const ring = make({ publish: 100 })
      push(ring, 3)
      t.is(published(ring), 0)
      act(ring)
      t.is(published(ring), 3)
    })
  }

  test(`n: pushMany publishes the ${of} that are pending with its own`, (t) => {
    for (const batch of [[element[of]], [element[of]].values()]) {
      const ring = make({ publish: 100 })
      push(ring, 3)
      t.is(ring.producer.pushMany(batch), 1)
      t.is(published(ring), 4)
    }
  })

  onBothMemories(`n: a push that finds the ring full publishes the ${of} that are pending`, (t, memory) => {
    const ring = make({ capacity: 64, publish: 2 ** 31 - 1, memory })
    const fits = ring.producer.capacity / size[of]
    push(ring, fits)
    t.false(ring.producer.push(element[of]))
    t.is(published(ring), fits)
  })

  test(`n: a full push to another ring in this thread publishes the ${of} that are pending`, (t) => {
    const ring = make({ publish: 100 })
    const other = createRing({ of: 'u8', capacity: 1, memory: 'heap' })
    other.producer.push(1)
    push(ring, 3)
    t.is(published(ring), 0)
    t.false(other.producer.push(2))
    t.is(published(ring), 3)
  })

  test(`n: a read of the same ring finds the ${of} that are pending`, (t) => {
    const ring = make({ publish: 100 })
    push(ring, 3)
    t.deepEqual(ring.consumer.pop(), element[of])
    t.is(published(ring), 2)
  })

  // Serial, as is everything here that awaits: an empty poll of another test would pay this one's debts.
  test.serial(`n: the end of the turn publishes the ${of} that are pending`, async (t) => {
    const ring = make({ publish: 100 })
    push(ring, 3)
    await Promise.resolve()
    t.is(published(ring), 0, 'a microtask is not a turn')
    await turn()
    t.is(published(ring), 3)
    push(ring, 1)
    t.is(published(ring), 3)
    await turn()
    t.is(published(ring), 4)
  })

  // INV-JS-7
  test.serial(`n: an open reservation of ${of} is published by nothing`, async (t) => {
    const ring = make({ publish: 100 })
    push(ring, 2)
    ring.producer.reserve(1).fill(9)
    t.is(published(ring), 0)
    ring.producer.flush()
    createRing({ of, capacity: 8 }).consumer.pop()
    await turn()
    t.is(published(ring), 2)
    ring.producer.close()
    t.is(published(ring), 2)
  })

  for (const end of ['return', 'exit', 'throw', 'terminate']) {
    test.serial(`the ${of} that are pending are published when their thread ends by ${end}, an open reservation never`, async (t) => {
      const { producer, consumer } = make({ publish: 1000 })
      const { worker } = start('die.js', { token: producer.move(), value: element[of], end })
      const errors = []
      // Heard here, because a worker that throws would otherwise fail the test.
      worker.on('error', ({ message }) => errors.push(message))
      const gone = new Promise((resolve) => worker.on('exit', resolve))
      if (end === 'terminate') worker.once('message', () => worker.terminate())
      await gone
      t.deepEqual(errors, end === 'throw' ? ['on purpose'] : [])
      t.deepEqual(consumer.popMany(9), [element[of], element[of], element[of]])
      t.true(consumer.closed)
      t.true(consumer.done)
    })
  }
}

onBothMemories('what was read is given back when a quarter of the ring was, and at the end of every batch', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 64, memory })
  const { capacity } = producer
  producer.pushMany(new Float64Array(capacity))
  for (let i = 1; i < capacity / 4; i++) consumer.pop()
  t.is(producer.free, 0)
  consumer.pop()
  t.is(producer.free, capacity / 4)
  consumer.popMany(1)
  t.is(producer.free, capacity / 4 + 1)
  consumer.drain(() => {}, 1)
  t.is(producer.free, capacity / 4 + 2)
  consumer.peek(3)
  consumer.release(1)
  t.is(producer.free, capacity / 4 + 3)
})

onBothMemories('messages that were read are given back when they were a quarter of the ring', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 64, memory })
  const { capacity } = producer
  const eighth = new Uint8Array(capacity / 8 - 8)
  while (producer.push(eighth));
  consumer.pop()
  t.is(producer.free, 0)
  consumer.pop()
  t.is(producer.free, capacity / 4)
})

test.serial('what was read is given back by an empty read, by a full push in this thread and at the end of the turn', async (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 64, memory: 'heap' })
  producer.pushMany(new Float64Array(64))
  consumer.pop()
  t.is(producer.free, 0)
  t.true(producer.push(1), 'the push that found it full made the consumer pay')
  consumer.pop()
  t.is(producer.free, 0)
  await turn()
  t.is(producer.free, 1)
  producer.push(1)
  consumer.pop()
  t.is(producer.free, 0)
  createRing({ of: 'u8', capacity: 8 }).consumer.pop()
  t.is(producer.free, 1)
})

test.serial('timers that a program replaces, as its tests do, do not keep what is pending', async (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 1024, publish: 100 })
  const { setImmediate: real } = globalThis
  globalThis.setImmediate = () => {}
  producer.push(1)
  globalThis.setImmediate = real
  await turn()
  t.is(consumer.available, 1)
  producer.push(2)
  await turn()
  t.is(consumer.available, 2)
})

// INV-JS-4
test('two rings in ping-pong in one thread never stall', (t) => {
  const there = createRing({ of: 'u32', capacity: 16, publish: 100 })
  const back = createRing({ of: 'u32', capacity: 16, publish: 100 })
  for (let i = 0; i < 1000; i++) {
    there.producer.push(i)
    back.producer.push(there.consumer.pop())
    if (back.consumer.pop() !== i) return t.fail(`${i} did not come back`)
  }
  t.is(back.consumer.pop(), undefined)
})

test('after the consumer has gone pushes fail, at the latest when they are published', (t) => {
  for (const [of, value] of [['f64', 1], ['u64', 1n], ['bytes', new Uint8Array(1)]]) {
    const each = createRing({ of, capacity: 64 })
    // The first one looks for room, and would be told by the look.
    t.true(each.producer.push(value))
    each.consumer.close()
    refuses(t, 'CLOSED', () => each.producer.push(value), /consumer is gone/)
  }
  const many = createRing({ of: 'f64', capacity: 8, publish: 3 })
  many.producer.push(0)
  many.consumer.close()
  t.true(many.producer.push(1))
  refuses(t, 'CLOSED', () => many.producer.push(2), /consumer is gone/)
  refuses(t, 'CLOSED', () => many.producer.push(3))
  refuses(t, 'CLOSED', () => many.producer.flush())
  t.true(many.producer.closed)
})
