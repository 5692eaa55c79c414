// What process.memoryUsage() says of rings. In a file of its own, and one after the other: other tests' rings count too.

import test from 'ava'
import { createRing } from 'crosscore'
import { collectUntil, gc } from './collection.js'
import { memories } from './memories.js'

const SIZE = 2 ** 24
/** What else V8 makes and lets go of meanwhile. */
const GRAIN = 2 ** 20

const kinds = {
  u8: (producer) => producer.push(1),
  f64: (producer) => producer.push(1),
  bytes: (producer) => producer.push(Uint8Array.of(1)),
  string: (producer) => producer.push('one'),
}

function usage() {
  gc()
  return process.memoryUsage()
}

/** How much more than before, to the GRAIN. */
function grown(before, what, now = usage()) {
  return Math.round((now[what] - before[what]) / GRAIN) * GRAIN + 0
}

// The first ring brings code along.
createRing({ of: 'u8', capacity: 8 })

for (const memory of memories) {
  for (const [of, push] of Object.entries(kinds)) {
    // INV-JS-8
    test.serial(`a ring of ${of} is external memory of twice its bytes, whoever has it, until it is closed (${memory})`, (t) => {
      const before = usage()
      const { producer, consumer } = createRing({ of, capacity: SIZE / (of === 'f64' ? 8 : 1), memory })
      const seen = () => grown(before, 'external')
      t.is(seen(), 2 * SIZE)
      t.true(push(producer))
      t.not(consumer.pop(), undefined)
      t.is(seen(), 2 * SIZE, 'both handles share it')
      t.is(grown(before, 'arrayBuffers'), 0, "none of it is from Node's own allocator")
      producer.close()
      t.is(seen(), 2 * SIZE, 'one of them still has it')
      consumer.close()
      t.is(grown(before, 'external', process.memoryUsage()), 0, 'without a collection')
    })
  }

  test.serial(`a ring of which the program has a view counts as long as the view is there (${memory})`, async (t) => {
    const before = usage()
    let view = (() => {
      const { producer, consumer } = createRing({ of: 'u8', capacity: SIZE, memory })
      const view = producer.reserve(1)
      producer.close()
      consumer.close()
      return view
    })()
    t.is(grown(before, 'external'), 2 * SIZE)
    t.is(view.length, 1)
    view = undefined
    t.true(await collectUntil(() => grown(before, 'external') === 0))
  })

  test.serial(`a ring that was moved away does not count here (${memory})`, async (t) => {
    const before = usage()
    const tokens = (() => {
      const { producer, consumer } = createRing({ of: 'u8', capacity: SIZE, memory })
      return [producer.move(), consumer.move()]
    })()
    t.true(await collectUntil(() => grown(before, 'external') === 0))
    t.is(tokens.length, 2)
  })
}
