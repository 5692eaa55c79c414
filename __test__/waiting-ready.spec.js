// ready(): waiting on the event loop.

import { getEventListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import test from 'ava'
import { createRing, CrosscoreError } from 'crosscore'
import { collect, collectUntil } from './workers/wait-collect.js'
import { onBothMemories } from './memories.js'
import { refuses } from './refusal.js'
import { start } from './workers/start.js'
import { volume } from './volume.js'
import { element, elements, holds, kinds, size } from './workers/wait-elements.js'

function fill({ producer }, of) {
  let count = 0
  while (producer.push(element(of, count))) count++
  return count
}

/** Room for `n` elements, in what ready() takes: for messages, one that takes as much as `n` of 8 bytes do. */
function room(of, n) {
  return of === 'f64' ? n : n * size.bytes - 8
}

/** Whether the promise is pending after a few turns of the event loop. */
async function isPending(promise) {
  let settled = false
  promise.then(
    () => (settled = true),
    () => (settled = true),
  )
  for (let i = 0; i < 5; i++) await turn()
  return !settled
}

/** Asserts that the promise is rejected with a CrosscoreError. */
async function rejects(t, promise, code) {
  const error = await t.throwsAsync(promise, { instanceOf: CrosscoreError, code: `ERR_CROSSCORE_${code}` })
  t.is(error?.name, 'CrosscoreError')
}

const listeners = (signal) => getEventListeners(signal, 'abort').length

/** Each side that waits, with how to make a ring on which it has to, and how the other side ends the wait. */
const sides = {
  producer: {
    make(of, memory) {
      const ring = createRing({ of, capacity: 64, memory })
      fill(ring, of)
      const { consumer } = ring
      return { ring, waiter: ring.producer, other: consumer, release: () => consumer.popMany(1) }
    },
  },
  consumer: {
    make(of, memory) {
      const ring = createRing({ of, capacity: 64, memory })
      const { producer } = ring
      return { ring, waiter: ring.consumer, other: producer, release: () => producer.push(element(of, 1)) }
    },
  },
}

for (const of of kinds) {
  onBothMemories(`with room, and with something there, ready() of ${of} is true at once`, async (t, memory) => {
    const { producer, consumer } = createRing({ of, capacity: 64, memory })
    t.true(await producer.ready())
    t.true(await producer.ready(room(of, holds(producer, of))))
    t.true(await producer.ready({}))
    t.true(await producer.ready(undefined, undefined))
    producer.push(element(of, 0))
    t.true(await consumer.ready())
    t.true(await consumer.ready({ signal: undefined }))
    t.deepEqual(consumer.pop(), element(of, 0))
  })

  test(`ready() of ${of} refuses what is wrong by a rejection`, async (t) => {
    const { producer, consumer } = createRing({ of, capacity: 64 })
    for (const n of [-1, 0.5, NaN, Infinity, 2 ** 53, '1', null, 1n]) await rejects(t, producer.ready(n), 'INVALID_ARG')
    if (of === 'f64') await rejects(t, producer.ready(0), 'INVALID_ARG')
    await rejects(t, producer.ready(producer.capacity + 1), 'TOO_LARGE')
    if (of === 'bytes') await rejects(t, producer.ready(producer.capacity - 7), 'TOO_LARGE')
    for (const signal of [null, {}, 'now', new AbortController()]) {
      await rejects(t, producer.ready(1, { signal }), 'INVALID_ARG')
      await rejects(t, producer.ready({ signal }), 'INVALID_ARG')
      await rejects(t, consumer.ready({ signal }), 'INVALID_ARG')
    }
    for (const options of [null, 1, 'x']) {
      await rejects(t, producer.ready(1, options), 'INVALID_ARG')
      await rejects(t, consumer.ready(1, options), 'INVALID_ARG')
    }
    for (const n of [0, -1, 0.5, NaN, Infinity, 2 ** 53, '1', null, 1n]) await rejects(t, consumer.ready(n), 'INVALID_ARG')
    await rejects(t, consumer.ready(consumer.capacity + 1), 'TOO_LARGE')
    t.true(await producer.ready(), 'and leaves nothing pending')
    producer.push(element(of, 0))
    t.true(await consumer.ready(), 'nor here')
  })

  onBothMemories(`producer.ready(n) of ${of} waits for all of that room`, async (t, memory) => {
    const ring = createRing({ of, capacity: 64, memory })
    fill(ring, of)
    const promise = ring.producer.ready(room(of, 3))
    ring.consumer.popMany(2)
    t.true(await isPending(promise))
    ring.consumer.popMany(1)
    t.true(await promise)
    t.is(ring.producer.free, 3 * size[of])
  })

  for (const [side, { make }] of Object.entries(sides)) {
    onBothMemories(`a ${side} of ${of} waits until the other side acts, again and again`, async (t, memory) => {
      const { ring, waiter, release } = make(of, memory)
      for (let i = 0; i < 50; i++) {
        const promise = waiter.ready()
        if (i % 10 === 0) t.true(await isPending(promise))
        release()
        t.true(await promise)
        if (side === 'producer') ring.producer.push(element(of, 1))
        else ring.consumer.pop()
      }
    })

    test(`a ${side} of ${of}: an aborted signal rejects before anything is waited for`, async (t) => {
      const { waiter, release } = make(of)
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      const error = await t.throwsAsync(waiter.ready({ signal }), { name: 'AbortError', code: 'ABORT_ERR' })
      t.is(error.cause, reason)
      t.is(listeners(signal), 0)
      release()
      await t.throwsAsync(waiter.ready({ signal }), { name: 'AbortError' }, 'even if there is nothing to wait for')
      t.true(await waiter.ready())
    })

    onBothMemories(`a ${side} of ${of}: an abort rejects the wait and leaves nothing behind`, async (t, memory) => {
      const { waiter, release } = make(of, memory)
      const controller = new AbortController()
      const { signal } = controller
      const promise = side === 'producer' ? waiter.ready(1, { signal }) : waiter.ready({ signal })
      t.is(listeners(signal), 1)
      controller.abort()
      const error = await t.throwsAsync(promise, { name: 'AbortError', code: 'ABORT_ERR', message: 'The operation was aborted' })
      t.is(error.cause, signal.reason)
      t.is(listeners(signal), 0)
      // Nothing armed: what the other side does now reaches nobody, and the next wait is a wait of its own.
      const next = waiter.ready()
      t.true(await isPending(next))
      release()
      t.true(await next)
    })

    test(`a ${side} of ${of}: a ring of the bell that comes with the abort is not heard by the next wait`, async (t) => {
      const { ring, waiter, release } = make(of)
      for (let i = 0; i < 20; i++) {
        const controller = new AbortController()
        const promise = waiter.ready({ signal: controller.signal })
        release()
        controller.abort()
        await t.throwsAsync(promise, { name: 'AbortError' })
        // What was there is taken before the bell that told of it arrives.
        if (side === 'producer') ring.producer.push(element(of, 1))
        else ring.consumer.pop()
        const next = waiter.ready()
        t.true(await isPending(next))
        release()
        t.true(await next)
        if (side === 'producer') ring.producer.push(element(of, 1))
        else ring.consumer.pop()
      }
    })

    test(`a ${side} of ${of}: after the wait the signal is forgotten`, async (t) => {
      const { waiter, release } = make(of)
      const controller = new AbortController()
      const { signal } = controller
      const promise = waiter.ready({ signal })
      t.is(listeners(signal), 1)
      release()
      t.true(await promise)
      t.is(listeners(signal), 0)
      t.true(await waiter.ready({ signal }))
      t.is(listeners(signal), 0, 'nor is it heard when there is nothing to wait for')
      controller.abort()
      t.true(await waiter.ready())
    })

    test(`a ${side} of ${of}: signals that are made by others`, async (t) => {
      const { waiter, other } = make(of)
      const error = await t.throwsAsync(waiter.ready({ signal: AbortSignal.timeout(5) }), { name: 'AbortError' })
      t.is(error.cause.name, 'TimeoutError')
      const controller = new AbortController()
      const promise = waiter.ready({ signal: AbortSignal.any([controller.signal, AbortSignal.timeout(1e6)]) })
      await collect()
      controller.abort(new Error('one of them'))
      t.is((await t.throwsAsync(promise, { name: 'AbortError' })).cause.message, 'one of them')
      // Held until here, or it would be collected, which closes it.
      t.false(other.closed)
    })

    onBothMemories(`a ${side} of ${of}: one wait at a time, and nothing that blocks meanwhile`, async (t, memory) => {
      const { ring, waiter, release } = make(of, memory)
      const controller = new AbortController()
      const first = waiter.ready({ signal: controller.signal })
      await rejects(t, waiter.ready(), 'BUSY')
      await rejects(t, waiter.ready({}), 'BUSY')
      const { signal } = new AbortController()
      await rejects(t, waiter.ready({ signal }), 'BUSY')
      t.is(listeners(signal), 0)
      const blocking =
        side === 'producer'
          ? [() => waiter.pushSync(element(of, 1)), () => waiter.pushManySync([element(of, 1)])]
          : [() => waiter.popSync(), () => waiter.popSync({ timeout: 0 })]
      for (const act of blocking) refuses(t, 'BUSY', act, /a wait is pending/)
      refuses(t, 'BUSY', () => waiter.move(), /a wait is pending/)
      // What does not block is allowed.
      if (side === 'producer') t.false(ring.producer.push(element(of, 1)))
      else t.is(ring.consumer.pop(), undefined)
      t.true(await isPending(first))
      release()
      t.true(await first)
      t.is(listeners(controller.signal), 0)
      waiter.move()
    })

    for (const close of ['close', Symbol.dispose]) {
      onBothMemories(`a ${side} of ${of}: ${String(close)} ends its own wait with false`, async (t, memory) => {
        const { waiter, other } = make(of, memory)
        const { signal } = new AbortController()
        const promise = waiter.ready({ signal })
        waiter[close]()
        waiter[close]()
        t.is(listeners(signal), 0)
        t.false(await promise)
        await rejects(t, waiter.ready(), 'CLOSED')
        t.true(other.closed)
      })

      onBothMemories(`a ${side} of ${of}: ${String(close)} of the other side ends the wait with false`, async (t, memory) => {
        const { waiter, other } = make(of, memory)
        const promise = waiter.ready()
        t.true(await isPending(promise))
        other[close]()
        t.false(await promise)
        t.false(await waiter.ready())
      })
    }

    test(`a ${side} of ${of}: ready() of a moved handle is refused, and of a claimed one works`, async (t) => {
      const { ring, waiter, release } = make(of)
      const waited = waiter.ready()
      release()
      await waited
      if (side === 'producer') ring.producer.push(element(of, 1))
      else ring.consumer.pop()
      const token = waiter.move()
      await rejects(t, waiter.ready(), 'MOVED')
      const { Consumer, Producer } = await import('crosscore')
      const claimed = (side === 'producer' ? Producer : Consumer).from(token)
      const promise = claimed.ready()
      t.true(await isPending(promise))
      release()
      t.true(await promise)
    })

    for (const act of ['close', 'exit', 'throw', 'hang', 'nothing']) {
      test(`a ${side} of ${of}: the wait ends when the other thread ${act === 'hang' ? 'is terminated' : `goes: ${act}`}`, async (t) => {
        const { waiter, other } = make(of)
        const { worker } = start('wait-act.js', { token: other.move(), act, delay: 'told' })
        worker.on('error', ({ message }) => t.is(message, 'on purpose'))
        const gone = new Promise((resolve) => worker.on('exit', resolve))
        await new Promise((resolve) => worker.once('message', resolve))
        const promise = waiter.ready()
        worker.postMessage('go')
        if (act === 'hang') worker.terminate()
        t.false(await promise)
        await gone
      })
    }

    test(`a ${side} of ${of}: thousands of waits with one signal leave no listener`, async (t) => {
      const { ring, waiter, release } = make(of)
      const { signal } = new AbortController()
      for (let i = 0; i < 3000; i++) {
        const promise = waiter.ready({ signal })
        release()
        t.true(await promise)
        if (side === 'producer') ring.producer.push(element(of, 1))
        else ring.consumer.pop()
      }
      t.is(listeners(signal), 0)
    })

    test(`a ${side} of ${of} that is awaited is not collected, and one that is not is, though it has waited`, async (t) => {
      const ends = (() => {
        const { waiter, other, release } = make(of, 'heap')
        return { promise: waiter.ready(), other, release }
      })()
      await collect()
      t.false(ends.other.closed)
      ends.release()
      t.true(await ends.promise)
      t.true(await collectUntil(() => ends.other.closed))
    })

    // INV-NODE-5
    test(`a ${side} of ${of}: the wait ends when nobody has the other side any more`, async (t) => {
      const ends = (() => {
        const { waiter } = make(of, 'heap')
        return { waiter, promise: waiter.ready() }
      })()
      let outcome
      ends.promise.then((ready) => (outcome = ready))
      t.true(await collectUntil(() => outcome !== undefined))
      t.false(outcome)
    })
  }

  onBothMemories(`what was published before the close is there first (${of})`, async (t, memory) => {
    const { producer, consumer } = createRing({ of, capacity: 64, memory })
    producer.pushMany(elements(of, 0, 2))
    producer.close()
    t.true(await consumer.ready())
    consumer.popMany(1)
    t.true(await consumer.ready())
    consumer.popMany(1)
    t.false(await consumer.ready())
    t.true(consumer.done)
  })

  for (const end of ['commit', 'abort']) {
    onBothMemories(`while a reservation of ${of} is open ready() waits, and goes on after ${end}`, async (t, memory) => {
      const ring = createRing({ of, capacity: 64, memory })
      const { producer, consumer } = ring
      producer.reserve(1)
      const begun = producer.ready()
      t.true(await isPending(begun))
      producer[end]()
      t.true(await begun)

      // And one that is opened while the wait is pending, when room comes and goes to it.
      const count = fill(ring, of)
      const waiting = producer.ready(room(of, 3))
      consumer.popMany(1)
      producer.reserve(1)
      consumer.popMany(count)
      t.true(await isPending(waiting))
      producer[end]()
      t.true(await waiting)
    })
  }

  test(`a wait of a producer of ${of} in a reservation ends when either side closes`, async (t) => {
    for (const side of ['producer', 'consumer']) {
      const ring = createRing({ of, capacity: 64 })
      ring.producer.reserve(1)
      const waiting = ring.producer.ready()
      ring[side].close()
      if (side === 'consumer') {
        t.true(ring.producer.closed)
        ring.producer.abort()
      }
      t.false(await waiting)
    }
  })

  test.serial(`numbered ${of} go between two threads that await each other`, async (t) => {
    const { producer, consumer } = createRing({ of, capacity: of === 'f64' ? 4 : 64, memory: 'heap' })
    const count = volume(t, 20_000)
    const ends = [
      start('wait-stream.js', { token: producer.move(), style: 'ready', count }).result,
      start('wait-stream.js', { token: consumer.move(), style: 'ready' }).result,
    ]
    t.deepEqual(await Promise.all(ends), [count, count])
  })
}

// INV-NODE-5
test('the sides of many rings wait in one thread, and each is woken by its own', async (t) => {
  const rings = Array.from({ length: 200 }, () => createRing({ of: 'u32', capacity: 4, memory: 'heap' }))
  const promises = rings.map(({ consumer }) => consumer.ready())
  const order = rings.map((_, i) => i).sort((a, b) => ((a * 7919) % 200) - ((b * 7919) % 200))
  const woken = []
  promises.forEach((promise, i) => promise.then(() => woken.push(i)))
  for (const i of order) {
    rings[i].producer.push(i)
    await promises[i]
  }
  t.deepEqual(woken, order)
})

test('both sides of a ring wait in one thread', async (t) => {
  const { producer, consumer } = createRing({ of: 'u32', capacity: 4, memory: 'heap' })
  const seen = []
  const reading = (async () => {
    while (await consumer.ready()) seen.push(...consumer.popMany(3))
  })()
  for (let i = 0; i < 1000; i++) {
    while (!producer.push(i)) t.true(await producer.ready())
  }
  producer.close()
  await reading
  t.deepEqual(
    seen,
    Array.from({ length: 1000 }, (_, i) => i),
  )
})
