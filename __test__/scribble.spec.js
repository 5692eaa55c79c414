// Programs that keep views of a ring and write through them, or take its memory away. They may read
// wrong data, or be told CORRUPT; they never get memory that is not the ring's, a crash or a hang.

import test from 'ava'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createRing, CrosscoreError } from 'crosscore'
import { memories, onBothMemories } from './memories.js'
import { refuses } from './refusal.js'
import { start } from './workers/start.js'

const runProcess = (file, ...args) =>
  spawnSync(process.execPath, [fileURLToPath(new URL(`workers/${file}`, import.meta.url)), ...args], { encoding: 'utf8' })

for (const of of ['bytes', 'u8', 'f64']) {
  test.serial(`three threads scribble over a ring of ${of} while two of them use it`, async (t) => {
    const seeds = [1, 2].map((salt) => (Math.random() * 2 ** 31) | salt)
    t.log(`seeds ${seeds}`)
    const workers = seeds.map((seed) => start('vandal.js', { seed, rounds: 3000 }).worker)
    t.teardown(() => Promise.all(workers.map((worker) => worker.terminate())))
    const answers = (messages) =>
      Promise.all(
        workers.map(async (worker, i) => {
          worker.postMessage(messages[i])
          const [answer] = await once(worker, 'message')
          return answer
        }),
      )
    let corrupt = 0
    for (let i = 0; i < 60; i++) {
      const { producer, consumer } = createRing({ of, capacity: [64, 512, 4096][i % 3], memory: memories[i % 2] })
      // Kept beyond the move.
      const view = new Uint8Array(producer.reserve(1).buffer)
      producer.abort()
      const answered = answers([{ token: producer.move() }, { token: consumer.move() }])
      for (let answer; answer === undefined;) {
        for (let k = 0; k < 100; k++) view[Math.trunc(Math.random() * view.length)] = Math.random() * 256
        answer = await Promise.race([answered, new Promise(setImmediate)])
      }
      for (const { failures, corrupt: times } of await answered) {
        t.deepEqual(failures, [])
        corrupt += times
      }
    }
    // Whatever is in a slot of numbers is a number: only messages have a form that can be wrong.
    if (of === 'bytes') t.true(corrupt > 0)
    else t.true(corrupt < 60, 'only when a slot is overwritten while a value is checked in it')
  })
}

onBothMemories('a header that was overwritten is CORRUPT, and nothing is read by it', (t, memory) => {
  for (const length of [0xffffffff, 0x80000000, 0x7ffffff8, 4096, 57, 49]) {
    const { producer, consumer } = createRing({ of: 'bytes', capacity: 64, memory })
    const view = producer.reserve(48)
    producer.commit()
    new Uint32Array(view.buffer)[0] = length
    for (const read of [() => consumer.pop(), () => consumer.peek(), () => consumer.drain(() => t.fail()), () => consumer.popMany(3)]) {
      refuses(t, 'CORRUPT', read, new RegExp(`claims ${length} bytes where 48 are left`))
    }
    consumer.close()
    t.true(producer.closed)
  }
})

// INV-JS-5
onBothMemories('a header that changes after a peek does not change what is released', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 64, memory })
  producer.push(Uint8Array.of(1, 2, 3))
  producer.push(Uint8Array.of(4))
  new Uint32Array(consumer.peek().buffer)[0] = 40
  consumer.release()
  t.deepEqual(consumer.pop(), Uint8Array.of(4))
})

test('a view that outlives its reservation spoils data and nothing else', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8, memory: 'heap' })
  const view = producer.reserve(4)
  view.set([1, 2, 3, 4])
  producer.commit()
  view[1] = 99
  t.deepEqual(consumer.popMany(9), [1, 99, 3, 4])
})

const ways = {
  'a byte stream': (buffer) => new ReadableStream({ type: 'bytes', start: (controller) => controller.enqueue(new Uint8Array(buffer)) }),
  // Not in every Node that we support.
  ...(ArrayBuffer.prototype.transfer && { 'transfer()': (buffer) => buffer.transfer() }),
}
const element = { f64: 1, u8: 1, u64: 1n, bytes: Uint8Array.of(1, 2, 3) }

for (const [name, detach] of Object.entries(ways)) {
  for (const [of, value] of Object.entries(element)) {
    onBothMemories(`a ring of ${of} whose memory was taken by ${name} fails cleanly`, async (t, memory) => {
      const uses = {
        push: ({ producer }) => producer.push(value),
        'push of nothing': ({ producer }) => producer.push(of === 'bytes' ? new Uint8Array(0) : value),
        'pushMany of an array': ({ producer }) => producer.pushMany([value]),
        'pushMany of an iterable': ({ producer }) => producer.pushMany([value].values()),
        'pushMany of a typed array': ({ producer }) => producer.pushMany(of === 'f64' ? Float64Array.of(1, 2) : [value]),
        reserve: ({ producer }) => producer.reserve(1),
        flush: ({ producer }) => producer.flush(),
        free: ({ producer }) => producer.free,
        'move of the producer': ({ producer }) => producer.move(),
        pop: ({ consumer }) => consumer.pop(),
        popMany: ({ consumer }) => consumer.popMany(2),
        'popMany into a typed array': ({ consumer }) => consumer.popMany(of === 'f64' ? new Float64Array(2) : 2),
        peek: ({ consumer }) => consumer.peek(),
        release: ({ consumer }) => consumer.release(),
        drain: ({ consumer }) => consumer.drain(() => {}),
        available: ({ consumer }) => consumer.available,
        done: ({ consumer }) => consumer.done,
        'move of the consumer': ({ consumer }) => consumer.move(),
      }
      let corrupt = 0
      for (const [use, act] of Object.entries(uses)) {
        const ring = createRing({ of, capacity: 64, memory })
        // So that both sides know of room and of elements without another look.
        for (let i = 0; i < 3; i++) ring.producer.push(value)
        ring.consumer.pop()
        const { buffer } = ring.producer.reserve(1)
        ring.producer.abort()
        detach(buffer)
        t.is(buffer.byteLength, 0)
        for (let i = 0; i < 3; i++) {
          try {
            act(ring)
          } catch (error) {
            t.true(error instanceof CrosscoreError, `${use}: ${error.stack}`)
            t.is(error.code, 'ERR_CROSSCORE_CORRUPT', `${use}: ${error.message}`)
            corrupt++
          }
        }
        ring.producer.close()
        ring.consumer.close()
      }
      t.true(corrupt > 20)
    })
  }

  test(`the other thread does not notice that memory was taken by ${name}`, async (t) => {
    const { producer, consumer } = createRing({ of: 'f64', capacity: 64, memory: 'heap' })
    const count = 1000
    const reader = start('end-of-stream.js', { token: consumer.move() }).result
    // The numbers that the reader expects.
    let i = 0
    for (; i < count; i++) while (!producer.push(i * 1.5 + 0.25));
    const { buffer } = (await roomFor(producer)) ?? {}
    producer.abort()
    detach(buffer)
    producer.close()
    t.is(await reader, count)
  })
}

async function roomFor(producer) {
  for (;;) {
    const view = producer.reserve(1)
    if (view !== null) return view
    await new Promise(setImmediate)
  }
}

test('a structured clone takes nothing away', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  const { buffer } = producer.reserve(1)
  producer.abort()
  try {
    structuredClone(buffer, { transfer: [buffer] })
  } catch (error) {
    // Newer Nodes refuse, Node 20 makes a copy.
    t.is(error.name, 'DataCloneError')
  }
  t.true(buffer.byteLength > 0)
  producer.push(1)
  t.is(consumer.pop(), 1)
})

for (const memory of memories) {
  for (const when of ['at once', 'after its ArrayBuffer was collected']) {
    // INV-NODE-6
    test(`memory that was taken to another thread outlives the worker that it came from (${memory}, ${when})`, (t) => {
      const { stdout, stderr, status, signal } = runProcess('take-memory.js', memory, when)
      t.deepEqual({ said: stdout.trim(), stderr, status, signal }, { said: `${2 ** 23} bytes are there`, stderr: '', status: 0, signal: null })
    })
  }
}

// INV-NODE-4
test('nonsense in the control block crashes nothing', (t) => {
  const { stdout, stderr, status, signal } = runProcess('control-block.js')
  t.deepEqual({ said: stdout.trim(), stderr, status, signal }, { said: 'still here', stderr: '', status: 0, signal: null })
})

test('the ring is all that a view shows', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 64, memory: 'heap' })
  producer.push(1)
  const written = producer.reserve(1)
  const read = consumer.peek()
  // Twice the capacity, of which the second half continues the first: no cursor, no control block.
  t.is(written.buffer.byteLength, 128)
  t.is(read.buffer.byteLength, 128)
  t.true(new Uint8Array(written.buffer).every((byte, i) => byte === (i === 0 ? 1 : 0)))
})
