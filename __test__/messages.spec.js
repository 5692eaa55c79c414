// Rings of 'bytes': messages of any length, each in one piece.

import test from 'ava'
import { runInNewContext } from 'node:vm'
import { createRing } from 'crosscore'
import { onBothMemories } from './memories.js'
import { refuses, refusesArgument } from './refusal.js'

const HEADER = 8

/** A message that tells its length and its number, so that a mix-up shows. */
function message(length, number = length) {
  return Uint8Array.from({ length }, (_, i) => (number * 31 + i * 7 + length) & 255)
}

/** Asserts that two messages are the same bytes; quicker than deepEqual, of which there would be thousands. */
function same(t, actual, expected, note = '') {
  if (actual === undefined || Buffer.compare(actual, expected) !== 0) {
    t.fail(`${note}: a message of ${actual?.length} bytes came instead of one of ${expected.length}, or its bytes are others`)
  }
}

const writers = {
  push: (producer, bytes) => producer.push(bytes),
  'pushMany of an array': (producer, bytes) => producer.pushMany([bytes]) === 1,
  'pushMany of an iterable': (producer, bytes) => producer.pushMany([bytes].values()) === 1,
  'reserve and commit': (producer, bytes) => {
    const room = producer.reserve(bytes.length)
    if (room === null) return false
    room.set(bytes)
    producer.commit()
    return true
  },
}

const readers = {
  pop: (consumer) => consumer.pop(),
  popMany: (consumer) => consumer.popMany(1)[0],
  'peek and release': (consumer) => {
    const copy = consumer.peek()?.slice()
    consumer.release()
    return copy
  },
  drain: (consumer) => {
    let copy
    consumer.drain((view) => (copy = view.slice()), 1)
    return copy
  },
}

onBothMemories('empty messages are messages', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 64, memory })
  t.true(producer.push(new Uint8Array(0)))
  t.is(producer.pushMany([new Uint8Array(0), Uint8Array.of(1), new Uint8Array(0)]), 3)
  producer.reserve(0)
  producer.commit()
  t.is(consumer.peek().length, 0)
  consumer.release()
  t.deepEqual(
    consumer.popMany(9).map(({ length }) => length),
    [0, 1, 0, 0],
  )
  t.is(consumer.peek(), undefined)
  t.is(consumer.pop(), undefined)
  t.is(producer.stats.sent, 5)
  t.is(consumer.stats.received, 5)
})

// INV-NODE-3, INV-JS-3, INV-JS-6
onBothMemories('messages of every length cross the end of the ring, whichever way they go in and out', (t, memory) => {
  for (const [put, write] of Object.entries(writers)) {
    for (const [take, read] of Object.entries(readers)) {
      const { producer, consumer } = createRing({ of: 'bytes', capacity: 128, memory })
      const { capacity } = producer
      // On small rings every length from every position; on pages, of 4 KiB or of 64, some 125 lengths.
      const step = capacity > 128 ? (capacity >> 7) | 1 : 1
      for (let length = 0; length <= capacity - HEADER; length += step) {
        for (let round = 0; round < (capacity > 128 ? 3 : 17); round++) {
          const sent = message(length, round)
          if (!write(producer, sent)) return t.fail(`${put}: ${length} bytes do not fit an empty ring`)
          same(t, read(consumer), sent, `${put}, ${take}, ${length} bytes, round ${round}`)
        }
        // A short one in between, so that the long ones start at every multiple of 8 in turn.
        write(producer, message(length % 8))
        same(t, read(consumer), message(length % 8))
      }
      t.is(consumer.available, 0, `${put}, ${take}`)
    }
  }
})

onBothMemories('several lengths lie in the ring at once', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 1024, memory })
  let sent = 0
  let received = 0
  for (let round = 0; round < 200; round++) {
    while (producer.push(message((sent * 53) % 101, sent))) sent++
    t.true(sent - received > 4)
    // Never quite empty, so that the wrap is met with messages on both sides of it.
    for (let i = 0; i < 3 + (round % 5); i++, received++) same(t, consumer.pop(), message((received * 53) % 101, received))
  }
  while (received < sent) same(t, consumer.pop(), message((received * 53) % 101, received++))
  t.is(consumer.pop(), undefined)
})

onBothMemories('the largest message fills the ring, and a larger one is refused', (t, memory) => {
  for (const wanted of [1, 16, 64, 1000]) {
    const { producer, consumer } = createRing({ of: 'bytes', capacity: wanted, memory })
    const largest = producer.capacity - HEADER
    const before = message(3)
    t.true(producer.push(before))
    const tooLarge = message(largest + 1)
    const says = new RegExp(`${largest + 1}.*${largest}`)
    refuses(t, 'TOO_LARGE', () => producer.push(tooLarge), says)
    refuses(t, 'TOO_LARGE', () => producer.pushMany([message(1), tooLarge]), says)
    refuses(t, 'TOO_LARGE', () => producer.pushMany([tooLarge].values()), says)
    refuses(t, 'TOO_LARGE', () => producer.reserve(largest + 1), says)
    refuses(t, 'TOO_LARGE', () => producer.push(new Uint8Array(2 * producer.capacity)))
    t.false(producer.push(message(largest)))
    same(t, consumer.pop(), before)
    t.true(producer.push(message(largest)))
    t.is(producer.free, largest % 8 === 0 ? 0 : undefined)
    t.false(producer.push(new Uint8Array(0)))
    same(t, consumer.pop(), message(largest))
  }
})

test('the smallest ring holds one message of eight bytes', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 1, memory: 'heap' })
  t.is(producer.capacity, 16)
  for (let i = 0; i < 5; i++) {
    t.true(producer.push(message(8, i)))
    t.false(producer.push(new Uint8Array(0)))
    same(t, consumer.pop(), message(8, i))
  }
})

test('Buffers, parts of buffers, shared memory and other realms are taken', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
  const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 3).fill(5)
  const inputs = [
    Buffer.from('hello'),
    Buffer.from('..hello..').subarray(2, 7),
    message(100).subarray(10, 90),
    shared,
    runInNewContext('Uint8Array.of(1, 2, 3)'),
    runInNewContext('new Uint8Array(0)'),
  ]
  for (const input of inputs) t.true(producer.push(input))
  t.is(producer.pushMany(inputs), inputs.length)
  for (const input of [...inputs, ...inputs]) same(t, consumer.pop(), Uint8Array.from(input))
})

test('a popped message is a copy', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 16, memory: 'heap' })
  const sent = Uint8Array.of(1, 2, 3)
  producer.push(sent)
  sent.fill(0)
  const popped = consumer.pop()
  producer.push(Uint8Array.of(9, 9, 9))
  t.deepEqual(popped, Uint8Array.of(1, 2, 3))
  t.is(popped.buffer.byteLength, 3)
})

test('what is not bytes is refused, and nothing is lost', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
  producer.push(message(5))
  const wrong = [
    undefined,
    null,
    1,
    1n,
    'text',
    Symbol('s'),
    {},
    [1, 2],
    () => 1,
    new ArrayBuffer(8),
    new SharedArrayBuffer(8),
    new DataView(new ArrayBuffer(8)),
    new Uint8ClampedArray(4),
    new Int8Array(4),
    new Uint16Array(4),
    new BigInt64Array(1),
    Object.create(Uint8Array.prototype),
    new Proxy(new Uint8Array(4), {}),
    { length: 3, buffer: new ArrayBuffer(3) },
  ]
  for (const value of wrong) {
    refusesArgument(t, () => producer.push(value), { what: 'message', allowed: 'a Uint8Array' })
    refusesArgument(t, () => producer.pushMany([message(1), value]), { what: 'messages[1]', allowed: 'a Uint8Array' })
  }
  for (const value of wrong) {
    refusesArgument(t, () => producer.pushMany([message(1), value].values()), { what: 'messages[1]', allowed: 'a Uint8Array' })
    same(t, consumer.popMany(2).at(-1), message(1), 'what came before it was taken')
    producer.push(message(5))
  }
  t.is(consumer.popMany(9).length, 1)
})

test('pushMany refuses what is not a list of messages', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
  for (const value of [undefined, null, 1, 'text', {}, () => 1, message(3), new Float64Array(2), Buffer.from('hello')]) {
    refusesArgument(t, () => producer.pushMany(value), { what: 'messages', allowed: 'an array or an iterable of Uint8Array' })
  }
  t.is(consumer.available, 0)
})

test('bytes without their memory are refused', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
  const detached = message(10)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  const buffer = new ArrayBuffer(64, { maxByteLength: 64 })
  const outside = new Uint8Array(buffer, 32, 8)
  buffer.resize(16)
  for (const bytes of [detached, outside]) {
    refusesArgument(t, () => producer.push(bytes), { what: 'message', allowed: 'detached' })
    refusesArgument(t, () => producer.pushMany([message(1), bytes]), { what: 'messages[1]', allowed: 'resized' })
  }
  t.is(consumer.available, 0)
})

onBothMemories('a list goes in until the ring is full', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 64, memory })
  const quarter = producer.capacity / 4 - HEADER
  const list = [0, 1, 2, 3, 4, 5].map((i) => message(quarter, i))
  t.is(producer.pushMany(list), 4)
  t.is(producer.pushMany(list.slice(4)), 0)
  same(t, consumer.pop(), list[0])
  t.is(producer.pushMany(list.slice(4)), 1)
  const rest = consumer.popMany(9)
  t.is(rest.length, 4)
  for (const [i, each] of rest.entries()) same(t, each, list[i + 1])
})

onBothMemories('the same generator goes on where it stopped, and loses no message', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 256, memory })
  const total = 500
  const generator = (function* () {
    for (let i = 0; i < total; i++) yield message((i * 37) % 101, i)
  })()
  let received = 0
  for (let idle = 0; idle < 2;) {
    const taken = producer.pushMany(generator)
    const got = consumer.drain((view) => same(t, view, message((received * 37) % 101, received++)), 1 + (received % 3))
    idle = taken + got === 0 ? idle + 1 : 0
  }
  t.is(received, total)
})

function* tagged(tag) {
  for (let i = 0; i < 5; i++) yield new Uint8Array(1500).fill(tag + i)
}

test('two generators and single pushes may take turns: each keeps its message that did not fit', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096, memory: 'heap' })
  const [a, b] = [tagged(0), tagged(100)]
  const tags = []
  const take = () => consumer.drain((view) => tags.push(view[0]))
  for (let round = 0; round < 4; round++) {
    producer.pushMany(a)
    take()
    producer.pushMany(b)
    take()
    producer.push(Uint8Array.of(50))
    take()
  }
  t.deepEqual(
    tags.filter((tag) => tag < 50),
    [0, 1, 2, 3, 4],
  )
  t.deepEqual(
    tags.filter((tag) => tag >= 100),
    [100, 101, 102, 103, 104],
  )
})

test('an iterator that throws, closes or moves is heard, and what it gave is in the ring', (t) => {
  const mine = new Error('mine')
  const endings = {
    throws: [() => { throw mine }, (act) => t.is(t.throws(act), mine)],
    'closes the consumer and throws': [(ring) => { ring.consumer.close(); throw mine }, (act) => t.is(t.throws(act), mine)],
    closes: [({ producer }) => producer.close(), (act) => refuses(t, 'CLOSED', act, /this producer was closed/)],
    moves: [({ producer }) => producer.move(), (act) => refuses(t, 'MOVED', act)],
    reserves: [({ producer }) => producer.reserve(1), (act) => refuses(t, 'BUSY', act)],
  }
  for (const [name, [end, heard]] of Object.entries(endings)) {
    const ring = createRing({ of: 'bytes', capacity: 256 })
    const hostile = function* () {
      yield message(1)
      end(ring)
      yield message(2)
    }
    heard(() => ring.producer.pushMany(hostile()))
    if (!name.includes('consumer')) t.is(ring.consumer.popMany(9).length, 1, name)
  }
})

test('an iterator that waits for its own messages gets them', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 256 })
  const echoed = []
  producer.pushMany(
    (function* () {
      for (const length of [1, 2, 3]) {
        yield message(length)
        echoed.push(consumer.pop()?.length)
      }
    })(),
  )
  t.deepEqual(echoed, [1, 2, 3])
})

onBothMemories('a reservation may be committed shorter, or given up', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 64, memory })
  for (let round = 0; round < 40; round++) {
    const room = producer.reserve(40)
    t.is(room.length, 40)
    room.set(message(40, round))
    if (round % 3 === 0) {
      producer.abort()
      t.is(consumer.available, 0)
      continue
    }
    const length = round % 41
    producer.commit(length)
    t.is(consumer.available, HEADER + Math.ceil(length / 8) * 8)
    same(t, consumer.pop(), message(40, round).subarray(0, length))
  }
})

test('popMany gives up to max messages', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
  t.deepEqual(consumer.popMany(3), [])
  producer.pushMany([1, 2, 3, 4].map((length) => message(length)))
  t.deepEqual(consumer.popMany(0), [])
  t.deepEqual(consumer.popMany(3), [message(1), message(2), message(3)])
  t.deepEqual(consumer.popMany(Number.MAX_SAFE_INTEGER), [message(4)])
  for (const max of [-1, 0.5, NaN, Infinity, '1', undefined, null, 1n, new Uint8Array(4)]) {
    refusesArgument(t, () => consumer.popMany(max), { what: 'max', allowed: 'an integer' })
  }
})

onBothMemories('a peek shows the oldest message where it lies until it is released', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 256, memory })
  producer.pushMany([message(20), message(30)])
  const view = consumer.peek()
  same(t, view, message(20))
  t.is(view.buffer, consumer.peek().buffer)
  t.is(view.byteOffset, consumer.peek().byteOffset)
  consumer.release(0)
  same(t, consumer.peek(), message(20))
  consumer.release(1)
  refusesArgument(t, () => consumer.release(1), { what: 'n', allowed: 'from 0 to 0' })
  consumer.release()
  same(t, consumer.peek(), message(30))
  for (const n of [2, -1, 0.5, NaN, '1', null]) refusesArgument(t, () => consumer.release(n), { what: 'n', allowed: 'from 0 to 1' })
  same(t, consumer.pop(), message(30))
  refusesArgument(t, () => consumer.release(1), { what: 'n' })
})

onBothMemories('drain shows each message in place, and all that there are', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 256, memory })
  const buffer = (producer.reserve(1), producer.abort(), producer.reserve(1).buffer)
  producer.abort()
  for (let round = 0; round < 30; round++) {
    producer.pushMany([message(10, round), message(0, round)])
    same(t, consumer.pop(), message(10, round))
    producer.pushMany([message(30, round), message(25, round)])
    const lengths = []
    const taken = consumer.drain((view) => {
      t.is(view.buffer, buffer)
      same(t, view, message(view.length, round))
      lengths.push(view.length)
    })
    t.is(taken, 3)
    t.deepEqual(lengths, [0, 30, 25])
  }
  t.is(producer.free, producer.capacity)
})

test('drain shows at most max messages', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 256 })
  producer.pushMany([message(1), message(2), message(3)])
  t.is(
    consumer.drain(() => t.fail(), 0),
    0,
  )
  t.is(
    consumer.drain(() => {}, 2),
    2,
  )
  t.deepEqual(consumer.pop(), message(3))
  for (const max of [-1, 0.5, NaN, '1', 1n, null]) refusesArgument(t, () => consumer.drain(() => {}, max), { what: 'max' })
  for (const fn of [undefined, null, {}, 'f']) refusesArgument(t, () => consumer.drain(fn), { what: 'fn', allowed: 'a function' })
})

test('a callback that throws loses its own message and no other', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 256 })
  producer.pushMany([1, 2, 3, 4].map((length) => message(length)))
  const mine = new Error('mine')
  const error = t.throws(() =>
    consumer.drain(({ length }) => {
      if (length === 2) throw mine
    }),
  )
  t.is(error, mine)
  t.deepEqual(
    consumer.popMany(9).map(({ length }) => length),
    [3, 4],
  )
  t.is(producer.free, producer.capacity)
})

test('during a drain the message that is shown stays: other reads are BUSY', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 256 })
  producer.pushMany([message(1), message(2)])
  const reads = [
    () => consumer.pop(),
    () => consumer.popMany(1),
    () => consumer.peek(),
    () => consumer.release(),
    () => consumer.drain(() => {}),
    () => consumer.move(),
  ]
  const lengths = []
  consumer.drain((view) => {
    for (const read of reads) refuses(t, 'BUSY', read, /drain/)
    t.false(consumer.done)
    t.true(consumer.available >= HEADER + 8)
    same(t, view, message(view.length))
    lengths.push(view.length)
  })
  t.deepEqual(lengths, [1, 2])
  t.is(consumer.pop(), undefined)
})

test('a callback may push to the ring that it drains, and close it', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 256 })
  producer.push(message(1))
  let shown = 0
  t.is(
    consumer.drain(() => {
      if (shown++ < 2) producer.push(message(2))
    }),
    1,
  )
  t.is(
    consumer.drain(() => consumer.close()),
    1,
  )
  t.true(producer.closed)
  refuses(t, 'CLOSED', () => consumer.drain(() => {}))
})

onBothMemories('popMany returns what it has read before a header that was overwritten, and the next one throws', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096, memory })
  const words = new Uint32Array(producer.reserve(8).buffer)
  producer.abort()
  producer.pushMany([message(1), message(2), message(3)])
  words[8] = 0xffffffff
  t.deepEqual(consumer.popMany(4), [message(1), message(2)])
  t.is(consumer.stats.received, 2)
  for (let i = 0; i < 2; i++) refuses(t, 'CORRUPT', () => consumer.popMany(4), /claims 4294967295 bytes/)
})
