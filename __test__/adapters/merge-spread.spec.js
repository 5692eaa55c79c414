// Many rings read as one, and one stream written into many.

import test from 'ava'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createRing, merge, spread } from 'crosscore'
import { gc } from '../collection.js'

function rings(count, options = { of: 'f64', capacity: 64, memory: 'heap' }) {
  const made = Array.from({ length: count }, () => createRing(options))
  return { producers: made.map(({ producer }) => producer), consumers: made.map(({ consumer }) => consumer) }
}

/** An element that tells its ring and its place in it. */
const element = (ring, n) => ring * 1e6 + n

function checkOrder(t, values, count, each) {
  const next = Array.from({ length: count }, () => 0)
  for (const value of values) {
    const ring = Math.floor(value / 1e6)
    t.is(value % 1e6, next[ring]++)
  }
  t.true(next.every((n) => n === each), String(next))
}

// ---- merge ---------------------------------------------------------------------------------------

for (const [name, collect] of Object.entries({
  async iteration(merged) {
    const values = []
    for await (const value of merged) values.push(value)
    return values
  },
  async batches(merged) {
    const values = []
    for await (const batch of merged.batches(7)) values.push(...batch)
    return values
  },
  async pop(merged) {
    const values = []
    while (await merged.ready()) {
      for (let value = merged.pop(); value !== undefined; value = merged.pop()) values.push(value)
    }
    return values
  },
  async popMany(merged) {
    const values = []
    while (await merged.ready()) values.push(...merged.popMany(5))
    return values
  },
})) {
  test(`${name} over 64 rings in one thread: all of it, in the order of each, until all have ended`, async (t) => {
    const { producers, consumers } = rings(64)
    const merged = merge(consumers)
    const EACH = 200
    const writing = Promise.all(producers.map(async (producer, ring) => {
      for (let n = 0; n < EACH; n++) {
        while (!producer.push(element(ring, n))) await producer.ready()
        if ((n + ring) % 17 === 0) await turn()
      }
      producer.close()
    }))
    const values = await collect(merged)
    await writing
    checkOrder(t, values, 64, EACH)
    t.true(merged.done)
    t.is(merged.size, 0)
    t.false(await merged.ready())
  })
}

test('a ring that is always full does not keep the others from their turn', async (t) => {
  const { producers, consumers } = rings(4)
  const merged = merge(consumers)
  for (let n = 0; n < 64; n++) producers[0].push(0)
  for (const ring of [1, 2, 3]) producers[ring].push(ring)
  const seen = new Set()
  let taken = 0
  while (seen.size < 4) {
    const value = merged.pop()
    seen.add(value)
    if (value === 0) producers[0].push(0)
    taken++
    t.true(taken < 200)
  }
  // Nor where nobody lets the event loop turn.
  while (merged.pop() !== undefined);
  producers[0].push(0)
  merged.pop()
  producers[2].push(2)
  for (let n = 0; ; n++) {
    producers[0].push(0)
    if (merged.pop() === 2) break
    t.true(n < 2000)
  }
  await turn()
  while (merged.pop() !== undefined);
  await turn()
  producers.forEach((producer, ring) => producer.pushMany(new Float64Array(20).fill(ring)))
  // Rung, each of them comes back in a turn of the event loop.
  await sleep(20)
  const share = merged.popMany(40)
  for (const ring of [0, 1, 2, 3]) t.true(share.filter((value) => value === ring).length >= 10, `${ring}`)
})

test('polling without a turn of the event loop sees what comes', (t) => {
  const { producers, consumers } = rings(3)
  const merged = merge(consumers)
  t.is(merged.pop(), undefined)
  t.is(merged.pop(), undefined)
  producers[2].push(7)
  t.is(merged.pop(), 7)
  t.is(merged.source, consumers[2])
  t.deepEqual(merged.popMany(5), [])
  producers[1].pushMany([1, 2])
  t.deepEqual(merged.popMany(5), [1, 2])
  t.false(merged.done)
  for (const producer of producers) producer.close()
  t.true(merged.done)
  t.is(merged.pop(), undefined)
})

test('waits, signals, and what is refused', async (t) => {
  const { producers, consumers } = rings(2)
  const merged = merge(consumers)
  const waiting = merged.ready()
  await t.throwsAsync(merged.ready(), { code: 'ERR_CROSSCORE_BUSY' })
  producers[0].push(1)
  t.true(await waiting)
  t.is(merged.pop(), 1)
  await t.throwsAsync(merged.ready({ signal: AbortSignal.abort() }), { name: 'AbortError' })
  await t.throwsAsync(merged.ready({ signal: AbortSignal.timeout(5) }), { name: 'AbortError' })
  await t.throwsAsync(merged.ready({ signal: 1 }), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  t.throws(() => merged.popMany(-1), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  t.throws(() => merged.batches(0), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  t.throws(() => merge([consumers[0], consumers[0]]), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  const given = [[undefined], [{}], [[1]], [[producers[0]]], [[], null], [[], { onEnd: 5 }]]
  for (const wrong of given) t.throws(() => merge(...wrong), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  for (const wrong of [undefined, {}, producers[0]]) t.throws(() => merged.add(wrong), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  const closing = merged.ready()
  merged.close()
  t.false(await closing)
  t.true(producers.every((producer) => producer.closed))
  t.throws(() => merged.add(rings(1).consumers[0]), { code: 'ERR_CROSSCORE_CLOSED' })
  t.false(await merge([]).ready())
})

test('rings come and go', async (t) => {
  const { producers, consumers } = rings(3)
  const ended = []
  const merged = merge(consumers.slice(0, 2), { onEnd: (consumer) => ended.push(consumers.indexOf(consumer)) })
  const waiting = merged.ready()
  producers[2].push(5)
  merged.add(consumers[2])
  t.true(await waiting)
  t.is(merged.pop(), 5)
  producers[0].push(1)
  producers[0].close()
  t.true(await merged.ready())
  t.is(merged.pop(), 1)
  const last = merged.ready()
  producers[1].close()
  producers[2].close()
  t.false(await last)
  t.deepEqual(ended.sort(), [0, 1, 2])
  const late = rings(1)
  merged.add(late.consumers[0])
  late.producers[0].push(6)
  t.true(await merged.ready())
  t.is(merged.pop(), 6)
})

test.serial('a merge that has ended leaves no timer behind', async (t) => {
  const { setInterval, clearInterval } = globalThis
  const timers = new Set()
  globalThis.setInterval = (...args) => {
    const timer = setInterval(...args)
    timers.add(timer)
    return timer
  }
  globalThis.clearInterval = (timer) => {
    timers.delete(timer)
    clearInterval(timer)
  }
  t.teardown(() => Object.assign(globalThis, { setInterval, clearInterval }))
  for (const onEnd of [undefined, () => {
    throw new Error('at the end')
  }]) {
    const { producers, consumers } = rings(2)
    const merged = merge(consumers, { onEnd })
    for (const producer of producers) {
      const waiting = merged.ready()
      t.is(timers.size, 1)
      producer.close()
      if (onEnd !== undefined) await t.throwsAsync(waiting, { message: 'at the end' })
      else if (producer === producers[1]) t.false(await waiting)
      else {
        producers[1].push(1)
        t.true(await waiting)
        merged.pop()
      }
    }
    t.is(timers.size, 0)
  }
})

test('a consumer that its program closed is no part of it any more, and the rest goes on', async (t) => {
  const { producers, consumers } = rings(2)
  const merged = merge(consumers)
  const waiting = merged.ready()
  consumers[0].close()
  await sleep(5)
  t.is(merged.size, 1)
  producers[1].push(3)
  t.true(await waiting)
  t.is(merged.pop(), 3)
  producers[1].close()
  t.false(await merged.ready())
})

test('workers that die end their part', async (t) => {
  const { producers, consumers } = rings(3, { of: 'f64', capacity: 256 })
  const workers = producers.map((producer, ring) => new Worker(new URL('./workers/count-up.js', import.meta.url), {
    workerData: { token: producer.move(), from: element(ring, 0), count: ring === 1 ? Infinity : 1000 },
  }))
  const merged = merge(consumers)
  const next = [0, 0, 0]
  for await (const value of merged) {
    const ring = Math.floor(value / 1e6)
    t.is(value % 1e6, next[ring]++)
    if (ring === 1 && value % 1e6 === 2000) void workers[1].terminate()
  }
  t.is(next[0], 1000)
  t.is(next[2], 1000)
  t.true(next[1] > 2000)
})

// ---- spread --------------------------------------------------------------------------------------

test('round robin: to each in its turn, past those that are full', (t) => {
  const { producers, consumers } = rings(3, { of: 'f64', capacity: 2, memory: 'heap' })
  const out = spread(producers)
  for (let n = 0; n < 6; n++) t.true(out.push(n))
  t.false(out.push(6))
  t.deepEqual(consumers.map((consumer) => consumer.popMany(9)), [[0, 3], [1, 4], [2, 5]])
  t.true(out.push(6))
  t.is(out.target, producers[0])
})

test('least full: to the one with the most room', (t) => {
  const { producers, consumers } = rings(3, { of: 'f64', capacity: 4, memory: 'heap' })
  producers[0].pushMany([0, 0, 0])
  producers[1].pushMany([0])
  const out = spread(producers, { by: 'least-full' })
  for (let n = 1; n <= 3; n++) t.true(out.push(n))
  t.deepEqual(consumers.map((consumer) => consumer.available), [3, 2, 2])
  consumers[0].popMany(9)
  out.push(4)
  t.is(out.target, producers[0])
})

test('by key: what has the same key stays together and in order, whatever room the others have', (t) => {
  const { producers, consumers } = rings(4, { of: 'f64', capacity: 1024, memory: 'heap' })
  const out = spread(producers, { by: (value) => `user ${value % 50}` })
  for (let n = 0; n < 1000; n++) t.true(out.push(n))
  const homes = new Map()
  consumers.forEach((consumer, ring) => {
    const last = new Map()
    for (const value of consumer.popMany(1024)) {
      const key = value % 50
      t.is(homes.get(key) ?? ring, ring)
      homes.set(key, ring)
      t.true(value > (last.get(key) ?? -1))
      last.set(key, value)
    }
  })
  t.is(homes.size, 50)
  t.is(new Set(homes.values()).size, 4)
})

test('when a consumer is gone, its share goes to the others, and the keys of the others stay', (t) => {
  for (const by of ['round-robin', 'least-full', (value) => value % 50]) {
    const { producers, consumers } = rings(3, { of: 'f64', capacity: 1024, memory: 'heap' })
    const gone = []
    const out = spread(producers, { by, onGone: (producer) => gone.push(producers.indexOf(producer)) })
    const homes = new Map()
    for (let n = 0; n < 50; n++) {
      out.push(n)
      homes.set(n, out.target)
    }
    consumers[1].close()
    for (let n = 50; n < 300; n++) {
      t.true(out.push(n))
      const before = homes.get(n % 50)
      if (typeof by === 'function' && before !== producers[1]) t.is(out.target, before)
    }
    t.deepEqual(gone, [1])
    t.is(out.size, 2)
    consumers[0].close()
    consumers[2].close()
    t.throws(() => {
      for (let n = 0; n < 10; n++) out.push(n)
    }, { code: 'ERR_CROSSCORE_CLOSED' })
    t.is(out.size, 0)
  }
})

test('another producer takes the place of one that is gone', (t) => {
  const { producers, consumers } = rings(3, { of: 'f64', capacity: 64, memory: 'heap' })
  const out = spread(producers.slice(0, 2), { by: (value) => value % 10, onGone: () => out.add(producers[2]) })
  const before = new Map()
  for (let n = 0; n < 10; n++) {
    out.push(n)
    before.set(n, out.target)
  }
  consumers[0].close()
  for (let n = 0; n < 10; n++) {
    out.push(n)
    if (before.get(n) === producers[1]) t.is(out.target, producers[1])
    else t.not(out.target, producers[0])
  }
})

test('send waits for room, in whichever ring it comes first', async (t) => {
  for (const by of ['round-robin', 'least-full', (value) => value]) {
    const { producers, consumers } = rings(3, { of: 'f64', capacity: 2, memory: 'heap' })
    const out = spread(producers, { by })
    const sending = (async () => {
      for (let n = 0; n < 300; n++) t.true(producers.includes(await out.send(n)))
      out.close()
    })()
    const values = []
    for await (const value of merge(consumers)) values.push(value)
    await sending
    t.deepEqual(values.sort((a, b) => a - b), Array.from({ length: 300 }, (_, n) => n))
  }
})

test('many senders at once, and a signal', async (t) => {
  const { producers, consumers } = rings(2, { of: 'bytes', capacity: 64, memory: 'heap' })
  const out = spread(producers)
  const sending = Promise.all(Array.from({ length: 50 }, (_, n) => out.send(new Uint8Array(n % 50).fill(n))))
  let count = 0
  const merged = merge(consumers)
  while (count < 50 && await merged.ready()) count += merged.popMany(9).length
  await sending
  while (out.push(new Uint8Array(8)));
  await t.throwsAsync(out.send(new Uint8Array(8), { signal: AbortSignal.timeout(5) }), { name: 'AbortError' })
  await t.throwsAsync(out.send(new Uint8Array(8), { signal: AbortSignal.abort() }), { name: 'AbortError' })
  const waits = out.send(new Uint8Array(8))
  for (const consumer of consumers) consumer.close()
  await t.throwsAsync(waits, { code: 'ERR_CROSSCORE_CLOSED' })
})

test('what is wrong is refused', (t) => {
  const { producers } = rings(2)
  t.throws(() => spread(producers, { by: 'random' }), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  t.throws(() => spread([producers[0], producers[0]]), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  const out = spread(producers)
  t.throws(() => out.push('x'), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  t.throws(() => out.add(producers[0]), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  const given = [[undefined], [{}], [[1]], [[rings(1).consumers[0]]], [[], null], [[], { onGone: 5 }]]
  for (const wrong of given) t.throws(() => spread(...wrong), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /producer|options/ })
  for (const wrong of [undefined, {}, 1]) t.throws(() => out.add(wrong), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /producer/ })
  t.is(out.size, 2)
  t.throws(() => spread([]).push(1), { code: 'ERR_CROSSCORE_CLOSED' })
})

test('flush publishes to all that are there, and finds those that are gone', (t) => {
  const { producers, consumers } = rings(3, { of: 'f64', capacity: 64, publish: 'tick' })
  const gone = []
  const out = spread(producers, { onGone: (producer) => gone.push(producer) })
  for (const n of [0, 1, 2]) out.push(n)
  consumers[0].close()
  out.flush()
  t.deepEqual(gone, [producers[0]])
  t.is(out.size, 2)
  t.deepEqual(consumers.slice(1).map(({ available }) => available), [1, 1])
})

test('whatever it is closed with closes all of them', (t) => {
  const { producers, consumers } = rings(2)
  spread(producers).close('no more')
  for (const consumer of consumers) t.is(consumer.reason.message, 'no more')
})

test.serial('sends that wait leave nothing with a ring that stays full', async (t) => {
  const { producers, consumers } = rings(2, { of: 'f64', capacity: 2, memory: 'heap' })
  const out = spread(producers)
  for (let n = 0; n < 4; n++) out.push(n)
  const send = async (count) => {
    for (let n = 0; n < count; n++) {
      const sending = out.send(n)
      await turn()
      consumers[1].pop()
      await sending
    }
    gc()
    return process.memoryUsage().heapUsed
  }
  const before = await send(1000)
  const grown = (await send(10_000)) - before
  t.true(grown < 1_000_000, `${grown} bytes`)
  out.close()
})

// ---- the program's own code, called in the middle ---------------------------------------------------

test('merge: what onEnd throws is what the wait is rejected with', async (t) => {
  const { producers, consumers } = rings(2)
  const merged = merge(consumers, {
    onEnd() {
      throw new Error('at the end')
    },
  })
  const ready = merged.ready()
  producers[0].close()
  await t.throwsAsync(ready, { message: 'at the end' })
  producers[1].push(1)
  t.true(await merged.ready())
  t.is(merged.pop(), 1)
  merged.close()
})

test('merge: whoever only polls hears of what onEnd has thrown', async (t) => {
  for (const poll of [(merged) => merged.pop(), (merged) => merged.popMany(1), (merged) => merged[Symbol.asyncIterator]().next(), (merged) => merged.batches().next()]) {
    const { producers, consumers } = rings(2)
    const merged = merge(consumers, {
      onEnd() {
        throw new Error('at the end')
      },
    })
    t.is(merged.pop(), undefined)
    producers[0].close()
    while (merged.size === 2) await turn()
    producers[1].push(1)
    await t.throwsAsync(async () => poll(merged), { message: 'at the end' })
    t.is(merged.pop(), 1)
    merged.close()
  }
})

test('merge: a value that cannot be decoded loses none of another ring', (t) => {
  const of = {
    encode(value, target) {
      target[0] = value
      return 1
    },
    decode([value]) {
      if (value === 3) throw new Error('three')
      return value
    },
  }
  const { producers, consumers } = rings(2, { of, capacity: 64 })
  producers[0].pushMany([1, 2])
  producers[1].pushMany([3, 4])
  const merged = merge(consumers)
  t.deepEqual(merged.popMany(8), [1, 2])
  t.throws(() => merged.popMany(8), { message: 'three' })
  t.deepEqual(merged.popMany(8), [4])
})

test('spread: a key that closes it, and a value whose own code fails, are told as that', async (t) => {
  const one = rings(2)
  const closing = spread(one.producers, {
    by() {
      closing.close()
      return 1
    },
  })
  t.throws(() => closing.push(1), { code: 'ERR_CROSSCORE_CLOSED' })
  await t.throwsAsync(closing.send(1), { code: 'ERR_CROSSCORE_CLOSED' })
  const two = rings(2, { of: 'json', capacity: 256 })
  const other = createRing({ of: 'f64', capacity: 8 })
  other.consumer.close()
  const out = spread(two.producers, { onGone: () => t.fail('nobody is gone') })
  const toJSON = () => other.producer.push(1)
  t.throws(() => out.push({ toJSON }), { code: 'ERR_CROSSCORE_CLOSED' })
  t.is(out.size, 2)
  t.true(out.push('a'))
})
