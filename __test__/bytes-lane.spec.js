// Rings of bytes: wherever V8 has the bytes of an array, they arrive exactly. views.rs in the addon reads them there.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import { createRing, lane } from 'crosscore'
import { createRing as createNative, expressHits, FAST_PUSH_BYTES } from '../lib/native/addon.js'
import { AT, LIMIT } from '../lib/native/control.js'
import { onBothMemories } from './memories.js'
import { onNode } from './runtime.js'

const CAPACITY = 16_384

/** Longer ones are copied by V8. */
const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 31, 63, 64, 65, 100, 127, 128, 191, 192, 193, 300]

const wasm = () => new WebAssembly.Memory({ initial: 1 }).buffer
const canResize = typeof ArrayBuffer.prototype.resize === 'function'

/** An array of so many bytes, in each of the ways that V8 has them; and how it is seen that it is read by the lane. */
const KINDS = {
  'on the heap of V8': (n) => new Uint8Array(n),
  'of an ArrayBuffer': (n) => new Uint8Array(new ArrayBuffer(n)),
  'on the heap until somebody asked for the ArrayBuffer': (n) => {
    const array = new Uint8Array(n)
    return array.buffer.byteLength === n ? array : undefined
  },
  'in the middle of an ArrayBuffer': (n) => new Uint8Array(new ArrayBuffer(n + 32), 16, n),
  'at the end of an ArrayBuffer': (n) => new Uint8Array(new ArrayBuffer(n + 8), 8),
  'that begin in a word': (n) => new Uint8Array(new ArrayBuffer(n + 8), 3, n),
  'of the pool of Buffers': (n) => Buffer.allocUnsafe(n),
  'of a Buffer of its own': (n) => Buffer.alloc(n),
  'a subarray': (n) => new Uint8Array(512).subarray(24, 24 + n),
  shared: (n) => new Uint8Array(new SharedArrayBuffer(n)),
  'of WebAssembly': (n) => new Uint8Array(wasm(), 4096, n),
  'of another realm': (n) => runInNewContext('new Uint8Array(n)', { n }),
  'of a subclass': (n) => new (class Message extends Uint8Array {})(n),
  'without a prototype': (n) => Object.setPrototypeOf(new Uint8Array(n), null),
  'with properties of its own': (n) => Object.assign(new Uint8Array(n), { name: 'x', 0: 1 }),
  ...(canResize && {
    'of a buffer that may be resized': (n) => new Uint8Array(new ArrayBuffer(n, { maxByteLength: n + 64 })),
    'that follow the length of a buffer': (n) => {
      const buffer = new ArrayBuffer(1, { maxByteLength: n + 64 })
      const array = new Uint8Array(buffer)
      buffer.resize(n)
      return array
    },
    'shared, of a buffer that may grow': (n) => new Uint8Array(new SharedArrayBuffer(n, { maxByteLength: n + 64 })),
  }),
}

const fill = (array, number) => {
  const { set } = Uint8Array.prototype
  set.call(array, Uint8Array.from({ length: LENGTHS[number % LENGTHS.length] }, (_, i) => (number * 31 + i * 7 + 1) & 255))
  return array
}

/** Pushes and pops in turn until V8 has compiled it; true if the express lane was taken. */
function until(round, seconds = 30) {
  const before = expressHits()
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    for (let i = 0; i < 200; i++) round(i)
    if (lane.name !== 'express' || expressHits() - before > 4000) return true
  }
  return false
}

// Functions of their own for each case: V8 compiles each for what it gets.
const pushing = () => new Function('producer', 'list', 'let taken = 0; for (let i = 0; i < list.length; i++) if (producer.push(list[i])) taken++; return taken')

for (const [name, make] of Object.entries(KINDS)) {
  // INV-NODE-15
  onBothMemories(`bytes ${name} arrive`, (t, memory) => {
    for (const publish of ['each', 32]) {
      const { producer, consumer } = createRing({ of: 'bytes', capacity: CAPACITY, memory, publish })
      const list = LENGTHS.map((n, number) => fill(make(n), number))
      const expected = LENGTHS.map((n, number) => fill(new Uint8Array(n), number))
      const push = pushing()
      let sent = 0
      let got = 0
      let wrong
      const taken = until(() => {
        sent += push(producer, list)
        producer.flush()
        for (let message = consumer.pop(); message !== undefined; message = consumer.pop()) {
          const other = expected[got++ % expected.length]
          if (Buffer.compare(message, other) !== 0) wrong ??= { message, other }
        }
      })
      t.true(taken)
      t.is(wrong, undefined)
      t.is(got, sent)
      t.is(consumer.stats.received, got)
      t.is(producer.stats.sent, sent)
    }
  })
}

/** What the lane's function leaves to JavaScript. */
const LEFT = new Set(['that begin in a word', 'of a buffer that may be resized', 'that follow the length of a buffer', 'shared, of a buffer that may grow'])

/** Whose memory nobody can take away. */
const FIXED = new Set(['of the pool of Buffers', 'of WebAssembly', 'shared', 'shared, of a buffer that may grow'])
const { get: bufferOf } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'buffer')

/** What it answers for an array of 64 bytes, once V8 has compiled the call. Source of its own for each, since V8 compiles it for one. */
function answersFor(array, name) {
  const { producer, consumer } = createNative(4096, 0, 0, 1, 1, '', false)
  const call = new Function('push', 'number', 'array', `return push(number, array) // ${name}`)
  const answers = new Set()
  for (const end = Date.now() + 30_000; Date.now() < end && answers.size < 2; ) {
    for (let i = 0; i < 10_000; i++) {
      answers.add(call(FAST_PUSH_BYTES, producer.number, array))
      consumer.look()
      consumer.words[AT] = consumer.words[LIMIT]
    }
  }
  return answers
}

const onExpress = lane.name === 'express' ? test : test.skip
for (const [name, make] of Object.entries(KINDS)) {
  // INV-NODE-15
  onExpress(`bytes ${name} are ${LEFT.has(name) ? 'left alone' : 'taken'} by the lane, and left alone once they are detached`, (t) => {
    const array = make(64)
    t.deepEqual(answersFor(array, name), new Set([undefined, LEFT.has(name) ? 0 : 72]))
    if (FIXED.has(name)) return
    const buffer = bufferOf.call(array)
    structuredClone(buffer, { transfer: [buffer] })
    t.deepEqual(answersFor(array, `${name}, detached`), new Set([undefined, 0]))
  })
}

/** Another array each time, with what is thrown for it. */
const REFUSED = {
  'a detached one': () => {
    const array = new Uint8Array(new ArrayBuffer(64))
    structuredClone(array.buffer, { transfer: [array.buffer] })
    return array
  },
  'one that was on the heap and was detached': () => {
    const array = new Uint8Array(64)
    structuredClone(array.buffer, { transfer: [array.buffer] })
    return array
  },
  'one of grown WebAssembly': () => {
    const memory = new WebAssembly.Memory({ initial: 1 })
    const array = new Uint8Array(memory.buffer, 0, 64)
    memory.grow(1)
    return array
  },
  ...(canResize && {
    'one that ends behind its buffer': () => {
      const buffer = new ArrayBuffer(64, { maxByteLength: 64 })
      const array = new Uint8Array(buffer, 8, 16)
      buffer.resize(16)
      return array
    },
  }),
  'an Int8Array': () => new Int8Array(64),
  'a Uint8ClampedArray': () => new Uint8ClampedArray(64),
  'a DataView': () => new DataView(new ArrayBuffer(64)),
  'an ArrayBuffer': () => new ArrayBuffer(64),
  'a proxy': () => new Proxy(new Uint8Array(64), {}),
  'an object that inherits from one': () => Object.create(new Uint8Array(64)),
  'an object with a length': () => ({ __proto__: Uint8Array.prototype, length: 64, byteLength: 64 }),
  'a string': () => 'x'.repeat(64),
  'an array': () => Array.from({ length: 64 }, () => 1),
  'a number': () => 64,
  null: () => null,
  undefined: () => undefined,
}

for (const [name, make] of Object.entries(REFUSED)) {
  // INV-NODE-15, in the middle of a loop that V8 has compiled for arrays.
  test(`${name} is refused, nothing is lost, and the next message arrives`, (t) => {
    const { producer, consumer } = createRing({ of: 'bytes', capacity: CAPACITY })
    const good = [new Uint8Array(64), new Uint8Array(new ArrayBuffer(64)), Buffer.allocUnsafe(64)]
    const push = new Function('producer', 'message', 'return producer.push(message)')
    let sent = 0
    const taken = until((i) => {
      if (push(producer, fill(good[i % 3], 12))) sent++
      if (i % 50 === 0) {
        t.throws(() => push(producer, make()), { code: 'ERR_CROSSCORE_INVALID_ARG' })
      }
      if (Buffer.compare(consumer.pop(), good[i % 3]) !== 0 || consumer.pop() !== undefined) t.fail('another message')
    })
    t.true(taken)
    t.is(consumer.stats.received, sent)
  })
}

test('an array that is detached, moved and shrunk between pushes is sent as it is then', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: CAPACITY })
  const push = pushing()
  let wrong = 0
  t.true(
    until((i) => {
      const array = fill(i & 1 ? new Uint8Array(64) : new Uint8Array(new ArrayBuffer(64)), 12)
      push(producer, [array])
      const moved = new Uint8Array(structuredClone(array.buffer, { transfer: [array.buffer] }))
      try {
        push(producer, [array])
        wrong++
      } catch {
        push(producer, [moved])
      }
      for (let k = 0; k < 2; k++) if (Buffer.compare(consumer.pop(), moved) !== 0) wrong++
      if (consumer.pop() !== undefined) wrong++
    }),
  )
  t.is(wrong, 0)
})

const message = (i) => fill(new Uint8Array(LENGTHS[i % LENGTHS.length]), i)

onBothMemories('messages fill a ring to its end, and are refused when it is full or reserved', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096, memory })
  const { capacity } = producer
  const push = new Function('producer', 'message', 'return producer.push(message)')
  let sent = 0
  let got = 0
  let refused = 0
  let reserved = 0
  const taken = until((i) => {
    while (push(producer, message(sent))) sent++
    refused++
    for (let k = 0; k <= i % 40; k++) {
      const next = consumer.pop()
      if (next === undefined) break
      if (Buffer.compare(next, message(got)) !== 0) t.fail('another message')
      got++
    }
    if (i % 10 === 0) {
      const room = producer.reserve(40)
      if (room !== null) {
        t.throws(() => push(producer, message(sent)), { code: 'ERR_CROSSCORE_BUSY' })
        producer.abort()
        reserved++
      }
    }
  })
  t.true(taken)
  t.true(refused > 100)
  t.true(reserved > 10)
  while (consumer.pop() !== undefined) got++
  t.is(got, sent)
  t.true(push(producer, new Uint8Array(capacity - 8)))
  t.is(consumer.pop().length, capacity - 8)
  t.throws(() => push(producer, new Uint8Array(capacity)), { code: 'ERR_CROSSCORE_TOO_LARGE' })
})

// INV-NODE-15: what V8 moves.
for (const flag of ['--stress-compaction', '--gc-interval=100', '--single-threaded-gc']) {
  onNode(`with ${flag} the same comes out`, async (t) => {
    const program = `
      import { createRing } from 'crosscore'
      const { producer, consumer } = createRing({ of: 'bytes', capacity: 1 << 16 })
      const kept = Array.from({ length: 100 }, (_, i) => new Uint8Array(1 + i).fill(i))
      let wrong = 0
      for (let i = 0; i < 60_000; i++) {
        const garbage = i % 10 === 0 ? Array.from({ length: 100 }, (_, k) => i + k) : []
        const made = new Uint8Array(1 + (i & 63)).fill(i + garbage.length)
        producer.push(made)
        producer.push(kept[i % 100])
        if (Buffer.compare(consumer.pop(), made) !== 0) wrong++
        if (Buffer.compare(consumer.pop(), kept[i % 100]) !== 0) wrong++
      }
      console.log(wrong)`
    const { stdout } = await promisify(execFile)(process.execPath, [flag, '--input-type=module', '-e', program], { cwd: new URL('..', import.meta.url) })
    t.is(stdout.trim(), '0')
  })
}
