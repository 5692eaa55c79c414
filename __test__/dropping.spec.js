// `onFull: 'drop'`: what finds no room is dropped and counted, and the consumer knows where it is missing.

import test from 'ava'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { Consumer, createDuplex, createRing, Producer, rpc, spread } from 'crosscore'
import { memories, onBothMemories } from './memories.js'
import { refuses, refusesArgument } from './refusal.js'
import { hasSerializer } from './runtime.js'
import { Follower, reads, streams } from './workers/dropping.js'
import { start } from './workers/start.js'
import { volume } from './volume.js'

const kinds = Object.keys(streams).filter((kind) => kind !== 'value' || hasSerializer)
const publications = ['each', 'tick', 3]

/** Each way of writing: the elements from `place` on; how many they are. */
const writes = {
  push(producer, element, place) {
    producer.push(element(place))
    return 1
  },
  pushMany(producer, element, place) {
    producer.pushMany(Array.from({ length: 7 }, (_, i) => element(place + i)))
    return 7
  },
  'pushMany of an iterable'(producer, element, place) {
    producer.pushMany(Array.from({ length: 5 }, (_, i) => element(place + i)).values())
    return 5
  },
}

function ringOf(kind, options) {
  return createRing({ of: streams[kind].of, capacity: 256, onFull: 'drop', ...options })
}

// INV-NODE-13
for (const kind of kinds) {
  // All kinds on one memory, and each way that elements lie in the ring on the other.
  for (const memory of ['f64', 'bytes', 'record'].includes(kind) ? memories : ['heap']) {
    test.serial(`${kind}: what a slow reader misses is told, each gap at its place (${memory})`, async (t) => {
      const { element } = streams[kind]
      const hows = Object.keys(reads)
      const count = volume(t, 5000)
      for (const [i, [name, write]] of Object.entries(writes).entries()) {
        const { producer, consumer } = ringOf(kind, { memory, publish: publications[i] })
        let pushed = 0
        // More than there is room for, before anybody reads.
        while (producer.stats.dropped < 10) pushed += write(producer, element, pushed)
        const { worker, result } = start('dropping.js', { dropping: 'read', token: consumer.move(), kind, how: hows[i] })
        await once(worker, 'message')
        // As much as is said, and until the reader has come to read in between.
        while (pushed < count || producer.stats.received < 200) {
          pushed += write(producer, element, pushed)
          if (pushed % 100 < 7) await turn()
        }
        const { sent, dropped } = producer.stats
        producer.close()
        const { read, missing, missed, dropped: told } = await result
        t.is(read + missing, pushed, name)
        t.true(missing >= 10 && read >= 200, name)
        t.deepEqual([missed, told], [missing, missing])
        t.true(dropped === missing && sent <= read)
      }
    })
  }

  test(`${kind}: any mixture of writes and reads in one thread`, async (t) => {
    const { element } = streams[kind]
    for (const publish of publications) {
      const { producer, consumer } = ringOf(kind, { memory: 'heap', publish })
      const follower = new Follower(kind)
      let pushed = 0
      for (let round = 0; round < 600; round++) {
        const write = Object.values(writes)[round % 3]
        for (let i = 0; i < (round * 7) % 40; i++) pushed += write(producer, element, pushed)
        const how = Object.keys(reads)[round % 4] ?? 'pop'
        for (let i = 0; i < (round * 5) % 11; i++) follower.follow(consumer, how)
        if (round % 50 === 0) await turn()
      }
      while (follower.follow(consumer, 'popMany') > 0);
      t.is(follower.read + follower.missing, pushed)
      t.is(producer.stats.dropped, follower.missing)
      t.true(follower.missing > 100 && follower.read > 100)
    }
  })

  test(`${kind}: gaps and places move with the handles`, (t) => {
    const { element, of } = streams[kind]
    let { producer, consumer } = ringOf(kind, { memory: 'heap' })
    const follower = new Follower(kind)
    let pushed = 0
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 300; i++) pushed += writes.push(producer, element, pushed)
      producer = Producer.from(producer.move(), { of })
      t.is(producer.onFull, 'drop')
      for (let i = 0; i < 40; i++) follower.follow(consumer, 'pop')
      consumer = Consumer.from(consumer.move(), { of })
    }
    producer.close()
    while (!consumer.done) follower.follow(consumer, 'popMany')
    t.is(follower.read + follower.missing, pushed)
    t.true(follower.missing > 0)
  })
}

for (const kind of ['u32', 'record', 'string']) {
  for (const publish of publications) {
    test(`${kind}, publish ${publish}: every push that has returned is read or missing when its thread is terminated`, async (t) => {
      const { producer, consumer } = ringOf(kind, { memory: 'heap', publish })
      const pushed = new Int32Array(new SharedArrayBuffer(4))
      const { worker } = start('dropping.js', { dropping: 'write', token: producer.move(), kind, pushed })
      await once(worker, 'message')
      const follower = new Follower(kind)
      for (let i = 0; i < 500; i++) follower.follow(consumer, 'pop')
      await worker.terminate()
      while (!consumer.done) follower.follow(consumer, 'popMany')
      follower.follow(consumer, 'pop')
      // The last one may not have returned.
      const known = follower.read + follower.missing - pushed[0]
      t.true(known === 0 || known === 1, `${known}`)
      t.true(follower.missing > 0)
    })
  }
}

onBothMemories('a gap is before what is read next, and told once', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 512, memory, onFull: 'drop' })
  const { capacity } = producer
  t.is(producer.pushMany(new Float64Array(capacity + 3)), capacity)
  t.false(producer.push(1))
  t.deepEqual([producer.stats.dropped, consumer.missed, consumer.gaps()], [4, 0, []])
  t.is(consumer.popMany(capacity - 1).length, capacity - 1)
  t.deepEqual(consumer.gaps(), [])
  t.true(producer.push(2))
  consumer.pop()
  t.is(consumer.missed, 4)
  t.deepEqual(consumer.gaps(), [{ at: capacity, count: 4 }])
  t.deepEqual(consumer.gaps(), [])
  t.deepEqual([consumer.missed, consumer.pop()], [4, 2])
})

test('more is missing at a place that was told, as long as nothing is there', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 2, memory: 'heap', onFull: 'drop' })
  producer.pushMany([1, 2, 3])
  t.is(consumer.peek().length, 2)
  t.deepEqual(consumer.gaps(), [])
  consumer.release()
  t.deepEqual(consumer.gaps(), [{ at: 2, count: 1 }])
  producer.pushMany([4, 5, 6])
  t.deepEqual(consumer.gaps(), [])
  consumer.popMany(9)
  t.deepEqual(consumer.gaps(), [{ at: 4, count: 1 }])
  t.false(producer.push(7) && producer.push(8) && producer.push(9))
  producer.close()
  consumer.popMany(9)
  t.deepEqual([consumer.gaps(), consumer.missed], [[{ at: 6, count: 1 }], 3])
  consumer.close()
  t.is(consumer.missed, 3)
  refuses(t, 'CLOSED', () => consumer.gaps())
})

const makeSmall = () => createRing({ of: 'u8', capacity: 2, memory: 'heap', onFull: 'drop' })

test('an iterable is taken to its end, also when it throws or closes the producer', (t) => {
  const whole = makeSmall()
  t.is(whole.producer.pushMany(new Set([1, 2, 3, 4])), 2)
  t.is(whole.producer.stats.dropped, 2)
  const throwing = makeSmall()
  t.throws(
    () =>
      throwing.producer.pushMany(
        (function* () {
          yield* [1, 2, 3]
          throw new Error('mine')
        })(),
      ),
    { message: 'mine' },
  )
  t.is(throwing.producer.stats.dropped, 1)
  const closing = makeSmall()
  refuses(t, 'CLOSED', () =>
    closing.producer.pushMany(
      (function* () {
        yield* [1, 2, 3]
        closing.producer.close()
        yield 4
      })(),
    ),
  )
  t.deepEqual(closing.consumer.popMany(9), [1, 2])
  t.deepEqual(closing.consumer.gaps(), [{ at: 2, count: 1 }])
})

test('a reservation that finds no room drops nothing, and one that is open is behind the gap', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 4, memory: 'heap', onFull: 'drop' })
  producer.reserve(4).set([1, 2, 3, 4])
  producer.commit()
  t.is(producer.reserve(1), null)
  t.is(producer.stats.dropped, 0)
  t.false(producer.push(5))
  consumer.popMany(2)
  producer.reserve(2).set([6, 7])
  refuses(t, 'BUSY', () => producer.push(8))
  producer.commit(1)
  t.deepEqual(consumer.popMany(9), [3, 4, 6])
  t.deepEqual(consumer.gaps(), [{ at: 4, count: 1 }])
})

test('what cannot be pushed at all throws, and is not dropped', (t) => {
  const { producer } = createRing({ of: 'bytes', capacity: 64, memory: 'heap', onFull: 'drop' })
  refuses(t, 'TOO_LARGE', () => producer.push(new Uint8Array(64)))
  refuses(t, 'INVALID_ARG', () => producer.push('text'))
  t.is(producer.stats.dropped, 0)
})

test('everything that waits for room is refused', async (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 64, onFull: 'drop' })
  const waits = {
    pushSync: () => producer.pushSync(new Uint8Array(1)),
    pushManySync: () => producer.pushManySync([new Uint8Array(1)]),
    toWritable: () => producer.toWritable(),
    toWritableStream: () => producer.toWritableStream(),
    'a spread': () => spread([producer]),
  }
  for (const [name, wait] of Object.entries(waits)) refuses(t, 'INVALID_ARG', wait, new RegExp(`^${name}.*onFull: 'drop'`))
  await t.throwsAsync(producer.ready(), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /^ready waits for room/ })
  refuses(t, 'INVALID_ARG', () => spread([]).add(producer), /onFull/)
  refuses(t, 'INVALID_ARG', () => rpc(createDuplex({ of: 'bytes', capacity: 4096, onFull: 'drop' })[0]), /onFull/)
  // Waiting for what is in the ring to be read is another matter.
  producer.push(Uint8Array.of(1))
  const ended = producer.end()
  t.deepEqual(consumer.pop(), Uint8Array.of(1))
  t.true(await ended)
  refuses(t, 'CLOSED', waits.pushSync)
})

test('a ring without the option drops nothing and has no gaps', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 2, memory: 'heap' })
  t.is(producer.onFull, 'refuse')
  t.is(producer.pushMany([1, 2, 3]), 2)
  t.false(producer.push(4))
  consumer.popMany(9)
  t.deepEqual([producer.stats.dropped, consumer.missed, consumer.gaps()], [0, 0, []])
})

test('gaps is refused to a callback that is shown memory, and to a moved handle', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 2, onFull: 'drop' })
  producer.push(1)
  consumer.visit(() => refuses(t, 'BUSY', () => consumer.gaps()))
  consumer.move()
  refuses(t, 'MOVED', () => consumer.gaps())
  refuses(t, 'MOVED', () => consumer.missed)
})

test('options.onFull is one of two words', (t) => {
  for (const onFull of ['block', '', null, true, 1]) {
    refusesArgument(t, () => createRing({ of: 'u8', capacity: 1, onFull }), { what: 'options.onFull', allowed: 'refuse or drop' })
  }
})
