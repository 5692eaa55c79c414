// AbortSignals of every make, and what is left behind when they abort.

import test from 'ava'
import { EventEmitter, getEventListeners, once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { createRing } from 'crosscore'

const aborted = { name: 'AbortError', code: 'ABORT_ERR', message: 'The operation was aborted' }

/** Everything that waits with a signal, on a ring where it has to. */
const waits = {
  'ready() of a producer': (signal) => full().producer.ready(1, { signal }),
  'flushed()': (signal) => full().producer.flushed({ signal }),
  'end()': (signal) => full().producer.end({ signal }),
  'ready() of a consumer': (signal) => empty().consumer.ready({ signal }),
  'ready(n) of a consumer': (signal) => empty().consumer.ready(3, { signal }),
  'a loop': (signal) => empty().consumer.values({ signal }).next(),
  'a loop over batches': (signal) => empty().consumer.batches({ signal }).next(),
  'a loop over batches of two': (signal) => empty().consumer.batches(2, { signal }).next(),
}

// Held, or they would be collected, which ends the waits.
const rings = []
function empty() {
  const ring = createRing({ of: 'f64', capacity: 8, memory: 'heap' })
  rings.push(ring)
  return ring
}
function full() {
  const ring = empty()
  while (ring.producer.push(1));
  return ring
}

for (const [name, wait] of Object.entries(waits)) {
  test(`${name}: an abort is an AbortError with its reason as the cause`, async (t) => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const waiting = wait(controller.signal)
    controller.abort(reason)
    t.is((await t.throwsAsync(waiting, aborted)).cause, reason)
    t.is((await t.throwsAsync(async () => wait(AbortSignal.abort(reason)), aborted)).cause, reason)
    t.is(getEventListeners(controller.signal, 'abort').length, 0)
  })

  test(`${name}: a listener that stops the event does not keep the abort from it`, async (t) => {
    const controller = new AbortController()
    controller.signal.addEventListener('abort', (event) => event.stopImmediatePropagation())
    const waiting = wait(controller.signal)
    controller.abort()
    await t.throwsAsync(waiting, aborted)
  })

  // As jsdom and other realms make them.
  test(`${name}: a signal that is no instance of AbortSignal`, async (t) => {
    class Foreign extends EventTarget {
      aborted = false
      reason = undefined
    }
    const signal = new Foreign()
    const waiting = wait(signal)
    Object.assign(signal, { aborted: true, reason: 'mine' })
    signal.dispatchEvent(new Event('abort'))
    t.is((await t.throwsAsync(waiting, aborted)).cause, 'mine')
  })

  test(`${name}: what is no signal is refused, and so is one that cannot be listened to`, async (t) => {
    for (const signal of [null, {}, 1, 'now', new AbortController(), new EventEmitter()]) {
      await t.throwsAsync(async () => wait(signal), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /options\.signal must be an AbortSignal/ })
    }
    const mine = new Error('mine')
    const mute = {
      aborted: false,
      addEventListener() {
        throw mine
      },
      removeEventListener() {},
    }
    t.is(await t.throwsAsync(async () => wait(mute)), mine)
  })
}

test('adding a listener that throws leaves nothing armed', async (t) => {
  const { producer, consumer } = empty()
  const mute = { aborted: false, addEventListener: () => { throw new Error('mine') }, removeEventListener() {} }
  await t.throwsAsync(consumer.ready({ signal: mute }), { message: 'mine' })
  const { consumerParks } = consumer.stats
  t.is(consumerParks, 0)
  const next = consumer.ready()
  producer.push(1)
  t.true(await next)
})

test('any number of waits on one signal give no warning, and one abort ends them all', async (t) => {
  const warnings = []
  const warned = (warning) => warnings.push(warning.name)
  process.on('warning', warned)
  const controller = new AbortController()
  const waiting = Array.from({ length: 100 }, () => empty().consumer.ready({ signal: controller.signal }))
  await turn()
  t.is(getEventListeners(controller.signal, 'abort').length, 1)
  controller.abort()
  for (const outcome of await Promise.allSettled(waiting)) t.is(outcome.reason?.name, 'AbortError')
  t.is(getEventListeners(controller.signal, 'abort').length, 0)
  await turn()
  process.off('warning', warned)
  t.deepEqual(warnings, [])
})

test('a wait that ends leaves the others on the same signal', async (t) => {
  const controller = new AbortController()
  const [first, second] = [empty(), empty()]
  const [a, b] = [first, second].map(({ consumer }) => consumer.ready({ signal: controller.signal }))
  first.producer.push(1)
  t.true(await a)
  t.is(getEventListeners(controller.signal, 'abort').length, 1)
  controller.abort()
  await t.throwsAsync(b, aborted)
})

test('an abort leaves what is in the ring to the next loop', async (t) => {
  const { producer, consumer } = empty()
  producer.pushMany([1, 2, 3])
  const controller = new AbortController()
  const seen = []
  await t.throwsAsync(async () => {
    for await (const value of consumer.values({ signal: controller.signal })) {
      seen.push(value)
      if (seen.length === 2) controller.abort()
    }
  }, aborted)
  t.deepEqual(seen, [1, 2])
  t.is(consumer.pop(), 3)
})

test('events.once and a wait share a signal', async (t) => {
  const controller = new AbortController()
  const emitter = new EventEmitter()
  const other = once(emitter, 'never', { signal: controller.signal })
  const waiting = empty().consumer.ready({ signal: controller.signal })
  controller.abort()
  await t.throwsAsync(other, { name: 'AbortError' })
  await t.throwsAsync(waiting, { name: 'AbortError' })
})
