// publish: 'tick': pushes become visible at the end of the turn, or earlier if somebody would wait for them.
// `available` is a look that pays nobody's debts, so it tells what is published.

import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { createRing } from 'crosscore'
import { refuses } from './refusal.js'
import { element, elements, holds, kinds, numberOf, size } from './workers/wait-elements.js'
import { receive, send, sends } from './workers/wait-styles.js'

// Serial, all of it: an empty poll of another test would pay this one's debts.
function onBothMemories(title, run) {
  for (const memory of ['mirrored', 'heap']) test.serial(`${title} (${memory})`, run, memory)
}

// One thread for all pairs of rings: to start one takes longer than a test.
const echo = new Worker(new URL('workers/wait-echo.js', import.meta.url))
test.after.always(() => echo.terminate())

/** Two rings, of which the other thread reads one and writes into the other; `end` resolves when it has read all. */
function pair(options, style) {
  const there = createRing(options)
  const back = createRing(options)
  const end = once(echo, 'message')
  echo.postMessage({ tokens: { consumer: there.consumer.move(), producer: back.producer.move() }, style })
  return { there: there.producer, back: back.consumer, end }
}

/** Rings of one test on which somebody waits, which would keep the process until they are collected. */
const waitedOn = []
test.afterEach.always(() => {
  for (const { producer, consumer } of waitedOn.splice(0)) {
    producer.close()
    consumer.close()
  }
})

function ringToWaitOn(options) {
  const ring = createRing({ ...options, memory: 'heap' })
  waitedOn.push(ring)
  return ring
}

/** A ring that has no room. */
function full() {
  const ring = ringToWaitOn({ of: 'u8', capacity: 1 })
  ring.producer.push(1)
  return ring
}

for (const of of kinds) {
  const make = (options) => createRing({ of, capacity: 64 * size[of], publish: 'tick', ...options })
  const published = ({ consumer }) => consumer.available / size[of]
  const push = ({ producer }, times) => {
    for (let i = 0; i < times; i++) producer.push(element(of, i))
  }

  // INV-JS-4
  onBothMemories(`${of}: the end of the turn publishes, a microtask does not`, async (t, memory) => {
    const ring = make({ memory })
    for (let round = 1; round <= 3; round++) {
      push(ring, 2)
      t.is(published(ring), 2 * (round - 1))
      await Promise.resolve()
      await new Promise((resolve) => process.nextTick(resolve))
      t.is(published(ring), 2 * (round - 1))
      await turn()
      t.is(published(ring), 2 * round)
    }
  })

  onBothMemories(`${of}: a quarter of the ring is published at once`, (t, memory) => {
    const ring = make({ memory })
    const quarter = holds(ring.producer, of) / 4
    push(ring, quarter - 1)
    t.is(published(ring), 0)
    push(ring, 1)
    t.is(published(ring), quarter)
    push(ring, quarter - 1)
    t.is(published(ring), quarter)
    push(ring, 1)
    t.is(published(ring), 2 * quarter)
  })

  test.serial(`${of}: a ring of few elements publishes each of them, or a quarter`, (t) => {
    for (const [capacity, quarter] of [
      [1, 1],
      [2, 1],
      [4, 1],
      [8, 2],
    ]) {
      const ring = make({ capacity: capacity * size[of], memory: 'heap' })
      t.is(holds(ring.producer, of), capacity)
      push(ring, quarter - 1)
      t.is(published(ring), 0)
      push(ring, 1)
      t.is(published(ring), quarter)
    }
  })

  const other = () => ringToWaitOn({ of, capacity: 64 })
  /** What publishes, and what comes of it; the results are checked so that each really waits or polls. */
  const occasions = {
    'flush()': ({ producer }) => producer.flush(),
    'close()': ({ producer }) => producer.close(),
    'move()': ({ producer }) => producer.move(),
    'an empty pop() of another ring': (_, t) => t.is(other().consumer.pop(), undefined),
    'an empty popMany() of another ring': (_, t) => t.is(other().consumer.popMany(1).length, 0),
    'popSync() of another ring': (_, t) => t.is(other().consumer.popSync({ timeout: 0.1 }), undefined),
    'popSync() of another ring without time': (_, t) => t.is(other().consumer.popSync({ timeout: 0 }), undefined),
    'pushSync() to another ring': (_, t) => t.false(full().producer.pushSync(1, { timeout: 0.1 })),
    'pushManySync() to another ring': (_, t) => t.is(full().producer.pushManySync([1], { timeout: 0.1 }), 0),
    'a full push() to another ring': (_, t) => t.false(full().producer.push(1)),
    'ready() of another consumer': () => void other().consumer.ready(),
    'ready() of another producer': () => void full().producer.ready(),
    'ready() of another producer that has room': () => void other().producer.ready(),
    'a loop over another ring': () => void other().consumer[Symbol.asyncIterator]().next(),
    'a loop over batches of another ring': () => void other().consumer.batches()[Symbol.asyncIterator]().next(),
    'a wait for room in the same ring': ({ producer }) => void producer.ready(),
  }
  for (const [name, act] of Object.entries(occasions)) {
    onBothMemories(`${of}: ${name} publishes`, (t, memory) => {
      const ring = make({ memory, capacity: 256 * size[of] })
      push(ring, 3)
      t.is(published(ring), 0)
      act(ring, t)
      t.is(published(ring), 3)
    })
  }

  onBothMemories(`${of}: each step of a loop publishes, also one that is put off until the event loop has had its turn`, (t, memory) => {
    // A step over batches counts as 64 elements, and after 1024 one is put off: twice in these.
    for (let i = 0; i < 32; i++) {
      const ring = make({ memory })
      push(ring, 1)
      void other().consumer.batches()[Symbol.asyncIterator]().next()
      t.is(published(ring), 1)
    }
  })

  onBothMemories(`${of}: a wait of the consumer in the same thread finds what is pending`, async (t, memory) => {
    const ring = make({ memory })
    push(ring, 1)
    t.true(await ring.consumer.ready())
    t.is(numberOf(ring.consumer.pop()), 0)
    push(ring, 1)
    t.is(numberOf(ring.consumer.popSync()), 0)
    push(ring, 1)
    for await (const value of ring.consumer) {
      t.is(numberOf(value), 0)
      break
    }
    const waiting = ring.consumer.ready()
    push(ring, 1)
    t.true(await waiting)
  })

  onBothMemories(`${of}: pushMany publishes what is pending and its own`, (t, memory) => {
    const ring = make({ memory })
    push(ring, 1)
    ring.producer.pushMany(elements(of, 1, 2))
    t.is(published(ring), 3)
    t.deepEqual(Array.from(ring.consumer.popMany(5), numberOf), [0, 1, 2])
  })

  onBothMemories(`${of}: a reservation is published when the turn ends after its commit`, async (t, memory) => {
    const ring = make({ memory })
    ring.producer.reserve(of === 'f64' ? 1 : 8)
    await turn()
    t.is(published(ring), 0)
    ring.producer.commit()
    t.is(published(ring), 0)
    await turn()
    t.is(published(ring), 1)
  })

  test.serial(`${of}: an end of the turn after the handle was closed, moved or left by its consumer does nothing`, async (t) => {
    for (const act of ['close', 'move']) {
      const ring = make()
      push(ring, 2)
      ring.producer[act]()
      await turn()
      t.is(published(ring), 2)
    }
    const ring = make()
    push(ring, 2)
    ring.consumer.close()
    await turn()
    refuses(t, 'CLOSED', () => ring.producer.flush())
  })

  // Two rings: each side answers what it gets, and nobody sends before the answer has come.
  for (const publish of ['each', 'tick', 5]) {
    for (const style of Object.keys(sends)) {
      onBothMemories(`${of}, ${JSON.stringify(publish)}: ping-pong between two threads never stalls: ${style}`, async (t, memory) => {
        const { there, back, end } = pair({ of, capacity: 64, publish, memory }, style)
        // Where both sides spin on a busy processor, each round takes a slice of its time.
        const rounds = style === 'turns' ? 25 : 100
        for (let i = 0; i < rounds; i++) {
          await send[sends[style]](there, element(of, i))
          const value = await receive[style](back)
          if (value === undefined || numberOf(value) !== i) return t.fail(`${value} came back instead of ${i}`)
        }
        there.close()
        t.is(await receive[style](back), undefined)
        await end
        t.pass()
      })
    }

    for (const style of ['turns', 'ready', 'iterate', 'batches', 'sync']) {
      test.serial(`${of}, ${JSON.stringify(publish)}: ping-pong within one thread never stalls: ${style}`, async (t) => {
        const there = createRing({ of, capacity: 64, publish, memory: 'heap' })
        const back = createRing({ of, capacity: 64, publish, memory: 'heap' })
        const rounds = 200
        if (style === 'sync') {
          for (let i = 0; i < rounds; i++) {
            there.producer.pushSync(element(of, i))
            back.producer.pushSync(there.consumer.popSync())
            t.is(numberOf(back.consumer.popSync()), i)
          }
          return
        }
        const echo = (async () => {
          for (;;) {
            const value = await receive[style](there.consumer)
            if (value === undefined) return back.producer.close()
            back.producer.push(value)
          }
        })()
        for (let i = 0; i < rounds; i++) {
          there.producer.push(element(of, i))
          t.is(numberOf(await receive[style](back.consumer)), i)
        }
        there.producer.close()
        t.is(await receive[style](back.consumer), undefined)
        await echo
      })
    }

    test.serial(`${of}, ${JSON.stringify(publish)}: the same with rings so full that both sides have to wait for room`, async (t) => {
      const { there, back, end } = pair({ of, capacity: 4 * size[of], publish, memory: 'heap' }, 'sync')
      const n = 2000
      const sending = (async () => {
        for (let i = 0; i < n; i++) await send.ready(there, element(of, i))
        there.close()
      })()
      let i = 0
      for await (const value of back) t.is(numberOf(value), i++)
      t.is(i, n)
      await Promise.all([sending, end])
    })
  }
}
