// One doorbell rings for all handles of a thread that wait on its event loop.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import test from 'ava'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRing, Consumer } from 'crosscore'
import { onNode } from './runtime.js'
import { start } from './workers/start.js'

// INV-NODE-9
test('1,000 handles wait in one thread, and each is woken once, by its own ring', async (t) => {
  const rings = Array.from({ length: 1000 }, () => createRing({ of: 'f64', capacity: 16 }))
  const woken = rings.map(() => 0)
  for (let round = 1; round <= 3; round++) {
    const waits = rings.map(async ({ consumer }, i) => {
      t.true(await consumer.ready())
      woken[i]++
      return consumer.pop()
    })
    // In another order than they wait in, and within one turn and many.
    for (let i = 0; i < rings.length; i++) {
      const ring = (i * 379) % rings.length
      rings[ring].producer.push(ring + round)
      if (i % 100 === 0) await sleep(1)
    }
    t.deepEqual(await Promise.all(waits), rings.map((_, i) => i + round))
    t.true(woken.every((times) => times === round))
  }
})

// INV-NODE-9
test('200 handles are rung by two workers at once', async (t) => {
  const rings = Array.from({ length: 200 }, () => createRing({ of: 'f64', capacity: 16 }))
  const count = 50
  const half = rings.length / 2
  const workers = [0, 1].map((n) => start('ring-all.js', { tokens: rings.slice(n * half, (n + 1) * half).map(({ producer }) => producer.move()), count }))
  const sums = rings.map(async ({ consumer }) => {
    let next = 0
    while (await consumer.ready()) {
      for (let value = consumer.pop(); value !== undefined; value = consumer.pop()) if (value === next) next++
    }
    return next
  })
  await Promise.all(workers.map(({ result }) => result))
  t.deepEqual(new Set(await Promise.all(sums)), new Set([count]))
})

// Bun runs the microtasks between them, and all ticks after the last.
onNode('process.nextTick and microtasks run between two handles that were rung together', async (t) => {
  const rings = Array.from({ length: 3 }, () => createRing({ of: 'f64', capacity: 16 }))
  const order = []
  const waits = rings.map(async ({ consumer }, i) => {
    await consumer.ready()
    order.push(`woken ${i}`)
    process.nextTick(() => order.push(`tick ${i}`))
  })
  await sleep(1)
  for (const { producer } of rings) producer.push(1)
  await Promise.all(waits)
  await sleep(1)
  t.deepEqual(order, ['woken 0', 'tick 0', 'woken 1', 'tick 1', 'woken 2', 'tick 2'])
})

// INV-NODE-9: the environment ends while others ring it.
test('workers that wait are terminated while they are rung', async (t) => {
  for (let round = 0; round < 10; round++) {
    const rings = Array.from({ length: 20 }, () => createRing({ of: 'f64', capacity: 1024 }))
    const { worker } = start('wait-all.js', { tokens: rings.map(({ consumer }) => consumer.move()) })
    await new Promise((resolve) => worker.once('message', resolve))
    const ended = worker.terminate()
    for (const end = Date.now() + 20; Date.now() < end; ) {
      for (const { producer } of rings) {
        try {
          producer.push(1)
        } catch (error) {
          // The consumer goes at some moment between two pushes.
          t.is(error.code, 'ERR_CROSSCORE_CLOSED')
        }
      }
      await sleep(0)
    }
    await ended
    t.true(rings.every(({ producer }) => producer.closed))
  }
})

// INV-NODE-9: who waits is first looked for by the loop itself, then by the other side.
for (const [when, later] of Object.entries({
  'before the loop has looked': () => {},
  'when it has looked once': () => new Promise(setImmediate),
  'when it sleeps': () => sleep(20),
})) {
  test(`a wait that is over ${when} rings nobody, and its slot's next tenant waits for itself`, async (t) => {
    for (let i = 0; i < 50; i++) {
      const { producer, consumer } = createRing({ of: 'f64', capacity: 16 })
      const wait = consumer.ready()
      await later()
      consumer.close()
      t.false(await wait)
      t.throws(() => producer.push(1), { code: 'ERR_CROSSCORE_CLOSED' })
      const next = createRing({ of: 'f64', capacity: 16 })
      const token = next.consumer.move()
      const moved = Consumer.from(token)
      const waits = moved.ready()
      await later()
      next.producer.push(i)
      t.true(await waits)
      t.is(moved.pop(), i)
    }
  })
}

test('two event loops that answer each other leave timers, immediates and sockets their turn', async (t) => {
  const there = createRing({ of: 'f64', capacity: 16 })
  const back = createRing({ of: 'f64', capacity: 16 })
  const { worker, result } = start('answer.js', { tokens: { consumer: there.consumer.move(), producer: back.producer.move() } })
  const turns = { timer: 0, immediate: 0, socket: 0 }
  const timer = setInterval(() => turns.timer++, 1)
  const again = () => {
    turns.immediate++
    if (turns.immediate < 20) setImmediate(again)
  }
  setImmediate(again)
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect(server.address().port, '127.0.0.1')
  socket.on('error', () => {}).on('data', () => {
    turns.socket++
    socket.write('again')
  })
  socket.write('first')
  let rounds = 0
  while (rounds < 5000 || !Object.values(turns).every((count) => count >= 20)) {
    there.producer.push(rounds)
    if (!(await back.consumer.ready())) break
    t.is(back.consumer.pop(), rounds)
    rounds++
  }
  there.producer.close()
  const seen = await result
  clearInterval(timer)
  socket.destroy()
  server.close()
  t.is(seen.rounds, rounds)
  t.true(seen.timers >= 20, `timers of the worker: ${seen.timers}`)
  await worker.terminate()
})
