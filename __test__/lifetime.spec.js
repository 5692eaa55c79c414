// How handles end, and what keeps memory alive.

import test from 'ava'
import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Consumer, createRing, Producer } from 'crosscore'
import { collectUntil } from './collection.js'
import { memories, onBothMemories } from './memories.js'
import { refuses } from './refusal.js'
import { onNode } from './runtime.js'
import { start } from './workers/start.js'

const element = { f64: 1, bytes: Uint8Array.of(1) }

for (const of of Object.keys(element)) {
  onBothMemories(`a producer of ${of} that is dropped closes the ring; what it pushed stays readable`, async (t, memory) => {
    const consumer = (() => {
      const ring = createRing({ of, capacity: 64, memory, publish: 100 })
      ring.producer.push(element[of])
      return ring.consumer
    })()
    t.true(await collectUntil(() => consumer.closed))
    t.deepEqual(consumer.pop(), element[of])
    t.true(consumer.done)
  })

  onBothMemories(`a consumer of ${of} that is dropped closes the ring`, async (t, memory) => {
    const producer = (() => createRing({ of, capacity: 64, memory }).producer)()
    t.true(await collectUntil(() => producer.closed))
    refuses(t, 'CLOSED', () => producer.push(element[of]))
  })
}

test('a handle that is held is not collected', async (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  const dropped = new WeakRef({})
  t.true(await collectUntil(() => dropped.deref() === undefined))
  t.false(producer.closed)
  t.false(consumer.closed)
})

// Told by V8's trace.
onNode('the collections of young objects, a few milliseconds apart, do not close a ring of which a program keeps one handle', (t) => {
  // In a process of its own, which says what was collected, and by its end whether the ring was closed: in its output the
  // trace may stand within a line.
  const program = `
    import { createRing } from 'crosscore'
    const { consumer } = createRing({ of: 'f64', capacity: 8 })
    let some
    for (let i = 0; i < 60; i++) {
      for (let k = 0; k < 20_000; k++) some = { k }
      await new Promise(setImmediate)
    }
    if (some !== undefined && consumer.closed) process.exitCode = 9`
  const flags = ['--trace-gc', '--max-semi-space-size=1', '--input-type=module', '--eval', program]
  const { status, stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8', cwd: fileURLToPath(new URL('..', import.meta.url)) })
  t.true(stdout.includes('Scavenge'), stderr)
  // A collection of everything may close it.
  t.true(status === 0 || (status === 9 && stdout.includes('Mark-Compact')), `${status}\n${stdout}${stderr}`)
})

test('a token keeps its ring open while everything else is collected', async (t) => {
  const [token, handle] = (() => {
    const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
    producer.push(1)
    return [consumer.move(), new WeakRef(producer)]
  })()
  t.true(await collectUntil(() => handle.deref() === undefined))
  const consumer = Consumer.from(token)
  t.is(consumer.pop(), 1)
  t.true(await collectUntil(() => consumer.done))
})

// INV-NODE-1
onBothMemories('a view keeps the memory that it shows, when handles are closed and collected', async (t, memory) => {
  const [view, handles] = (() => {
    const { producer, consumer } = createRing({ of: 'u32', capacity: 1024, memory })
    producer.pushMany(Uint32Array.from({ length: 1024 }, (_, i) => i))
    const view = consumer.peek()
    producer.close()
    consumer.close()
    return [view, [new WeakRef(producer), new WeakRef(consumer)]]
  })()
  t.true(await collectUntil(() => handles.every((handle) => handle.deref() === undefined)))
  // Others that would like to have the memory.
  const others = Array.from({ length: 20 }, () => createRing({ of: 'u32', capacity: 1024, memory }).producer)
  for (const other of others) other.reserve(1024).fill(7)
  t.true(view.every((value, i) => value === i))
  view.fill(9)
  t.true(view.every((value) => value === 9))
  t.true(others.every((other) => (other.abort(), other.reserve(1024).every((value) => value === 7))))
})

// INV-NODE-1. By itself: it is the process that is measured.
for (const memory of memories) {
  test.serial(`the memory of rings that are gone is given back (${memory})`, async (t) => {
    const before = process.memoryUsage.rss()
    const size = 2 ** 22
    for (let i = 0; i < 120; i++) {
      const handle = (() => {
        const { producer } = createRing({ of: 'u8', capacity: size, memory })
        // Touched, so that it is there.
        producer.reserve(size).fill(1)
        return new WeakRef(producer)
      })()
      if (i % 10 === 9) await collectUntil(() => handle.deref() === undefined)
    }
    // What was freed can still be there: malloc gives memory back from its end only, and rings of one size soon come
    // from its own pool. But it is used again, so that of many rings only as many stay as were there at a time: of 120 up
    // to 30 in Node 20, and in Bun, of 120 as of 480, 45.
    const most = process.versions.bun === undefined ? 40 : 60
    await collectUntil(() => process.memoryUsage.rss() - before < 10 * size)
    t.true(process.memoryUsage.rss() - before < most * size, `of 120 rings, ten between two collections, less than ${most} are left`)
  })
}

// INV-JS-8
test('both handles of a ring share one ArrayBuffer, also after they have moved', (t) => {
  for (const memory of memories) {
    let { producer, consumer } = createRing({ of: 'f64', capacity: 8, memory })
    const { buffer } = producer.reserve(1)
    producer.abort()
    t.is(consumer.peek().buffer, buffer)
    producer = Producer.from(producer.move())
    t.is(producer.reserve(1).buffer, buffer)
    producer.abort()
    consumer = Consumer.from(consumer.move())
    t.is(consumer.peek().buffer, buffer)
    const other = createRing({ of: 'f64', capacity: 8, memory })
    t.not(other.consumer.peek().buffer, buffer)
  }
})

for (const end of ['return', 'exit', 'throw', 'terminate']) {
  for (const side of ['producer', 'consumer']) {
    // INV-NODE-1
    test(`the ${side} in a worker closes when the worker ends by ${end}`, async (t) => {
      const ring = createRing({ of: 'f64', capacity: 8 })
      const here = side === 'producer' ? ring.consumer : ring.producer
      ring.producer.push(0)
      const { worker } = start('hold.js', { token: ring[side].move(), end })
      const errors = []
      worker.on('error', ({ message }) => errors.push(message))
      const gone = new Promise((resolve) => worker.on('exit', resolve))
      if (end === 'terminate') {
        await new Promise((resolve) => worker.once('message', resolve))
        t.false(here.closed)
        await worker.terminate()
      }
      await gone
      t.deepEqual(errors, end === 'throw' ? ['on purpose'] : [])
      t.true(here.closed)
      if (side === 'producer') {
        t.false(here.done)
        t.deepEqual(here.popMany(9), [0, 1])
        t.true(here.done)
      } else {
        refuses(t, 'CLOSED', () => here.push(2), /consumer is gone/)
        t.is(here.stats.received, 1)
      }
    })
  }
}

test('tokens outlive a worker in a process whose main thread never loads the package', (t) => {
  const file = fileURLToPath(new URL('workers/only-workers.js', import.meta.url))
  t.deepEqual(execFileSync(process.execPath, [file], { encoding: 'utf8' }).trim().split('\n'), Array(5).fill('1.5 2.5'))
})

// INV-NODE-1
test('rings whose finalizers run while their thread is being terminated end quietly', (t) => {
  const file = fileURLToPath(new URL('workers/collect-in-the-end.js', import.meta.url))
  t.is(execFileSync(process.execPath, [file], { encoding: 'utf8' }).trim(), 'all have ended')
})
