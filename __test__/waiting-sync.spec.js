// pushSync, pushManySync and popSync: calls that block their thread.

import test from 'ava'
import { createRing } from 'crosscore'
import { onBothMemories } from './memories.js'
import { refuses, refusesArgument } from './refusal.js'
import { volume } from './volume.js'
import { start } from './workers/start.js'
import { element, elements, holds, kinds, numberOf } from './workers/wait-elements.js'

function fill({ producer }, of) {
  let count = 0
  while (producer.push(element(of, count))) count++
  return count
}

/** The numbers of what is in the ring. */
function contents({ consumer }) {
  return Array.from(consumer.popMany(1e6), numberOf)
}

function count(n) {
  return Array.from({ length: n }, (_, i) => i)
}

/** Resolves when the worker has posted its first message. */
function begun({ worker }) {
  return new Promise((resolve) => worker.once('message', resolve))
}

for (const of of kinds) {
  const make = (options) => createRing({ of, capacity: 64, ...options })

  onBothMemories(`with room, and with something there, nothing of ${of} is waited for`, (t, memory) => {
    for (const options of [undefined, {}, { timeout: undefined }, { timeout: 0 }, { timeout: 0.5 }, { timeout: Infinity }]) {
      const { producer, consumer } = make({ memory })
      t.true(producer.pushSync(element(of, 1), options))
      t.is(producer.pushManySync([element(of, 2), element(of, 3)], options), 2)
      t.deepEqual(consumer.popSync(options), element(of, 1))
      t.deepEqual(consumer.popSync(options), element(of, 2))
      t.deepEqual(consumer.popSync(options), element(of, 3))
    }
  })

  onBothMemories(`without, the time of a wait for ${of} ends it and changes nothing`, (t, memory) => {
    for (const timeout of [0, 0.01, 5, 45]) {
      const ring = make({ memory })
      t.is(ring.consumer.popSync({ timeout }), undefined)
      t.false(ring.consumer.done)
      const full = fill(ring, of)
      t.false(ring.producer.pushSync(element(of, 1), { timeout }))
      t.is(ring.producer.pushManySync([element(of, 1)], { timeout }), 0)
      t.deepEqual(contents(ring), count(full))
    }
  })

  test(`wrong options are refused before anything of ${of} moves`, (t) => {
    const ring = make()
    ring.producer.push(element(of, 0))
    for (const given of [null, 5, 'soon', true, () => {}]) {
      if (typeof given === 'function') continue
      for (const act of [
        () => ring.producer.pushSync(element(of, 1), given),
        () => ring.producer.pushManySync([element(of, 1)], given),
        () => ring.consumer.popSync(given),
      ]) {
        refusesArgument(t, act, { what: 'options', allowed: '{ timeout: 100 }', given: String(given) })
      }
    }
    for (const timeout of [-1, NaN, -Infinity, '5', null, 5n, {}]) {
      for (const act of [
        () => ring.producer.pushSync(element(of, 1), { timeout }),
        () => ring.producer.pushManySync([element(of, 1)], { timeout }),
        () => ring.consumer.popSync({ timeout }),
      ]) {
        refusesArgument(t, act, { what: 'options.timeout', allowed: '0 or more' })
      }
    }
    t.deepEqual(contents(ring), [0])
  })

  test(`wrong values are refused as push and pushMany refuse them, full or not (${of})`, (t) => {
    for (const full of [false, true]) {
      const ring = make({ memory: 'heap' })
      if (full) fill(ring, of)
      const { producer } = ring
      for (const value of [undefined, null, '1', {}, [1]]) refuses(t, 'INVALID_ARG', () => producer.pushSync(value))
      for (const values of [undefined, null, 1, {}, new DataView(new ArrayBuffer(8)), new Int8Array(1)]) {
        refuses(t, 'INVALID_ARG', () => producer.pushManySync(values))
      }
      if (!full) refuses(t, 'INVALID_ARG', () => producer.pushManySync([element(of, 1), 'x']), /\[1\]/)
    }
  })

  test(`nothing is pushed many times without a wait (${of})`, (t) => {
    const ring = make({ memory: 'heap' })
    fill(ring, of)
    for (const nothing of [[], elements(of, 0, 0), new Set(), [].values()]) {
      t.is(ring.producer.pushManySync(nothing), 0)
    }
  })

  test(`what fits exactly is pushed without a wait, from an iterator too (${of})`, (t) => {
    for (const from of [(all) => all, (all) => Array.from(all), (all) => new Set(all), (all) => all.values()]) {
      const ring = make({ memory: 'heap' })
      const fits = holds(ring.producer, of)
      t.is(ring.producer.pushManySync(from(elements(of, 0, fits))), fits)
      t.deepEqual(contents(ring), count(fits))
    }
  })

  onBothMemories(`an iterator of ${of} goes on where it was when the time was over`, (t, memory) => {
    const ring = make({ memory })
    const fits = holds(ring.producer, of)
    const all = elements(of, 0, 3 * fits + 2)
    const iterator = all.values()
    const seen = []
    const pushed = []
    for (const push of ['pushManySync', 'pushMany', 'pushManySync', 'pushMany', 'pushManySync']) {
      pushed.push(ring.producer[push](iterator, push === 'pushMany' ? undefined : { timeout: 1 }))
      seen.push(...contents(ring))
    }
    t.deepEqual(pushed, [fits, fits, fits, 2, 0])
    t.deepEqual(seen, count(all.length))
  })

  test(`an iterator of ${of} goes on with another producer too`, (t) => {
    const [one, other] = [make({ memory: 'heap' }), make({ memory: 'heap' })]
    const fits = holds(one.producer, of)
    const iterator = elements(of, 0, fits + 3).values()
    t.is(one.producer.pushManySync(iterator, { timeout: 0 }), fits)
    t.is(other.producer.pushManySync(iterator, { timeout: 0 }), 3)
    t.deepEqual([...contents(one), ...contents(other)], count(fits + 3))
  })

  test(`an iterator of ${of} that throws is heard, and what it gave before is in the ring`, (t) => {
    const ring = make({ memory: 'heap' })
    const error = new Error('the source broke')
    function* source() {
      yield element(of, 0)
      yield element(of, 1)
      throw error
    }
    t.is(t.throws(() => ring.producer.pushManySync(source())), error)
    t.deepEqual(contents(ring), [0, 1])
  })

  onBothMemories(`closed handles, moved ones, and a ring without its other side (${of})`, (t, memory) => {
    const value = element(of, 0)
    const gone = make({ memory })
    fill(gone, of)
    gone.consumer.close()
    refuses(t, 'CLOSED', () => gone.producer.pushSync(value), /consumer is gone/)
    refuses(t, 'CLOSED', () => gone.producer.pushManySync([value]), /consumer is gone/)

    const ended = make({ memory })
    ended.producer.pushMany(elements(of, 0, 2))
    ended.producer.close()
    t.deepEqual(ended.consumer.popSync(), element(of, 0))
    t.deepEqual(ended.consumer.popSync(), element(of, 1))
    t.is(ended.consumer.popSync(), undefined)
    t.true(ended.consumer.done)

    const closed = make({ memory })
    closed.producer.close()
    closed.consumer.close()
    const moved = make({ memory })
    moved.producer.move()
    moved.consumer.move()
    for (const [{ producer, consumer }, code] of [
      [closed, 'CLOSED'],
      [moved, 'MOVED'],
    ]) {
      refuses(t, code, () => producer.pushSync(value))
      refuses(t, code, () => producer.pushManySync([value]))
      refuses(t, code, () => consumer.popSync())
    }
  })

  test(`nothing blocks while a reservation of ${of} is open`, (t) => {
    const { producer } = make()
    producer.reserve(1)
    refuses(t, 'BUSY', () => producer.pushSync(element(of, 0)), /reservation/)
    refuses(t, 'BUSY', () => producer.pushManySync([element(of, 0)]), /reservation/)
    refuses(t, 'BUSY', () => producer.pushManySync(new Set([element(of, 0)])), /reservation/)
    producer.abort()
    t.true(producer.pushSync(element(of, 0)))
  })

  onBothMemories(`a wait in this thread publishes the ${of} that are pending, and gives back what was read`, (t, memory) => {
    const ring = make({ memory, publish: 'tick' })
    ring.producer.push(element(of, 0))
    t.deepEqual(ring.consumer.popSync(), element(of, 0))
    fill(ring, of)
    ring.consumer.pop()
    t.true(ring.producer.pushSync(element(of, 1)))
    ring.consumer.pop()
    t.is(ring.producer.pushManySync([element(of, 1)]), 1)
  })

  onBothMemories(`blocked calls with ${of} go on when the other thread acts`, async (t, memory) => {
    const workers = []
    // They stay until the end: one that ends closes its handle.
    const act = (token, act) => workers.push(start('wait-act.js', { token, act, delay: 5, stay: true }).worker)
    const pop = make({ memory })
    act(pop.producer.move(), 'push')
    t.deepEqual(pop.consumer.popSync(), element(of, 7))

    const push = make({ memory })
    fill(push, of)
    act(push.consumer.move(), 'popOne')
    t.true(push.producer.pushSync(element(of, 1), { timeout: Infinity }))

    const many = make({ memory })
    const fits = fill(many, of)
    act(many.consumer.move(), 'popAll')
    t.is(many.producer.pushManySync(elements(of, 0, fits)), fits)
    await Promise.all(workers.map((worker) => worker.terminate()))
  })

  for (const act of ['close', 'dispose', 'exit', 'nothing']) {
    test(`blocked calls with ${of} end when the other thread goes: ${act}`, (t) => {
      const pop = make({ memory: 'heap' })
      start('wait-act.js', { token: pop.producer.move(), act })
      t.is(pop.consumer.popSync(), undefined)
      t.true(pop.consumer.done)

      for (const push of [(producer) => producer.pushSync(element(of, 0)), (producer) => producer.pushManySync([element(of, 0)])]) {
        const ring = make({ memory: 'heap' })
        fill(ring, of)
        start('wait-act.js', { token: ring.consumer.move(), act })
        refuses(t, 'CLOSED', () => push(ring.producer), /consumer is gone/)
      }
    })
  }

  for (const [side, how, after] of [
    ['consumer', 'popSync', { result: undefined }],
    ['producer', 'pushSync', { code: 'ERR_CROSSCORE_CLOSED' }],
    ['producer', 'pushManySync', { code: 'ERR_CROSSCORE_CLOSED' }],
  ]) {
    for (const act of ['hang', 'throw']) {
      test(`a blocked ${how} of ${of} ends when the other thread ${act === 'hang' ? 'is terminated' : 'throws'}`, async (t) => {
        const ring = make({ memory: 'heap' })
        const peer = start('wait-act.js', { token: ring[side === 'consumer' ? 'producer' : 'consumer'].move(), act, delay: 'told' })
        peer.worker.on('error', ({ message }) => t.is(message, 'on purpose'))
        await begun(peer)
        const blocked = start('wait-block.js', { token: ring[side].move(), how })
        const { result } = blocked
        await begun(blocked)
        if (act === 'hang') peer.worker.terminate()
        else peer.worker.postMessage('go')
        t.deepEqual(await result, after)
      })
    }

    test(`terminate() ends a worker that is blocked in ${how} of ${of}, and the other side sees it closed`, async (t) => {
      const ring = make({ memory: 'heap' })
      const blocked = start('wait-block.js', { token: ring[side].move(), how })
      await begun(blocked)
      // 1 is the exit code of a worker that was terminated.
      t.is(await blocked.worker.terminate(), 1)
      const other = ring[side === 'consumer' ? 'producer' : 'consumer']
      t.true(other.closed)
    })
  }

  for (const memory of ['mirrored', 'heap']) {
    test.serial(`numbered ${of} go between two threads that block for each other (${memory})`, async (t) => {
      const { producer, consumer } = createRing({ of, capacity: of === 'f64' ? 4 : 64, memory })
      const count = volume(t, 200_000)
      const ends = [
        start('wait-stream.js', { token: producer.move(), style: 'sync', count }).result,
        start('wait-stream.js', { token: consumer.move(), style: 'sync' }).result,
      ]
      t.deepEqual(await Promise.all(ends), [count, count])
    })
  }
}

test('popSync in a drain of messages is refused, for the message that is being shown comes first', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 64 })
  producer.pushMany([Uint8Array.of(1), Uint8Array.of(2)])
  const taken = consumer.drain(() => refuses(t, 'BUSY', () => consumer.popSync(), /drain/))
  t.is(taken, 2)
})

test('popSync in a drain of numbers takes the next one', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 64 })
  producer.pushMany([1, 2, 3, 4])
  const seen = []
  consumer.drain((value) => seen.push([value, consumer.popSync()]))
  t.deepEqual(seen, [
    [1, 2],
    [3, 4],
  ])
})

test('messages of all lengths wait for the room that they take', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096, memory: 'heap' })
  for (const length of [0, 1, 8, 2000, 4088]) {
    t.true(producer.pushSync(new Uint8Array(4000)))
    t.false(producer.pushSync(new Uint8Array(length).fill(length), { timeout: length < 89 ? 0 : 2 }) && length > 88)
    consumer.popMany(1)
    consumer.popMany(10)
    t.true(producer.pushSync(new Uint8Array(length).fill(length)))
    t.deepEqual(consumer.popSync(), new Uint8Array(length).fill(length))
  }
  refuses(t, 'TOO_LARGE', () => producer.pushSync(new Uint8Array(4089)))
  refuses(t, 'TOO_LARGE', () => producer.pushManySync([new Uint8Array(4089)]))
  refuses(t, 'TOO_LARGE', () => producer.pushManySync(new Set([new Uint8Array(4089)])))
})
