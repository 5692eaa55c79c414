// Rings of records: schemas, layout, objects in and out, and cursors in place.

import * as fc from 'fast-check'
import test from 'ava'
import { array, bytes, Consumer, createRing, Producer, record } from 'crosscore'
import { memories, onBothMemories } from './memories.js'

const inner = record({ x: 'i16', y: 'i16' })
const schema = record({
  ts: 'f64',
  px: 'f32',
  qty: 'u32',
  side: 'u8',
  id: 'u64',
  gap: 'i64',
  name: bytes(5),
  levels: array('f64', 3),
  at: inner,
  legs: array(record({ a: 'u8', b: 'f32' }), 2),
})

function sample(i) {
  return {
    ts: i + 0.5,
    px: i % 1000,
    qty: i,
    side: i & 255,
    id: BigInt(i),
    gap: BigInt(-i),
    name: Uint8Array.of(1, 2, 3, i & 255, 0),
    levels: Float64Array.of(i, 2, 3),
    at: { x: 1 - (i % 100), y: i % 100 },
    legs: [
      { a: 1, b: 0.5 },
      { a: i & 255, b: 0.25 },
    ],
  }
}

test('fields lie as in a struct of C', (t) => {
  const places = Object.fromEntries(schema.fields.map(({ name, offset }) => [name, offset]))
  t.deepEqual(places, { ts: 0, px: 8, qty: 12, side: 16, id: 24, gap: 32, name: 40, levels: 48, at: 72, legs: 76 })
  t.is(schema.size, 96)
  t.is(schema.align, 8)
  t.is(record({ a: 'u8', b: 'u16', c: 'u8' }).size, 6)
  t.is(record({ a: bytes(3) }).size, 3)
  t.is(String(record({ 'a"b': 'u8' })), '{"a\\"b":u8}')
})

test('what is no schema is refused', (t) => {
  for (const fields of [undefined, null, 5, 'f64', [], {}, { a: 'f63' }, { a: 5 }, { a: {} }, { 1: 'u8' }, { '': 'u8' }]) {
    t.throws(() => record(fields), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  }
  for (const length of [0, -1, 1.5, '3', undefined, 2 ** 21]) {
    t.throws(() => bytes(length), { code: 'ERR_CROSSCORE_INVALID_ARG' })
    t.throws(() => array('u8', length), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  }
  t.throws(() => array(bytes(2), 2), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  t.throws(() => record({ a: array('f64', 2 ** 19) }), { code: 'ERR_CROSSCORE_TOO_LARGE' })
  let deep = record({ a: 'u8' })
  for (let i = 0; i < 7; i++) deep = record({ deep })
  t.throws(() => record({ deep }), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /nested at most 8 deep/ })
})

// INV-JS-3, INV-JS-6
onBothMemories('objects go round the ring in irregular steps, whichever way they go in and out', (t, memory) => {
  const { producer, consumer } = createRing({ of: schema, capacity: 5, memory })
  let sent = 0
  let received = 0
  const same = (value) => t.deepEqual(value, sample(received++))
  for (let round = 0; round < 400; round++) {
    if (round % 3 === 0) while (producer.push(sample(sent))) sent++
    else if (round % 3 === 1) sent += producer.pushMany(Array.from({ length: 4 }, (_, i) => sample(sent + i)))
    else {
      const batch = producer.reserve(2)
      if (batch !== null) {
        for (const cursor of batch) {
          const value = sample(sent++)
          for (const name of ['ts', 'px', 'qty', 'side', 'id', 'gap']) cursor[name] = value[name]
          cursor.name.set(value.name)
          cursor.levels.set(value.levels)
          cursor.at.x = value.at.x
          cursor.at.y = value.at.y
          cursor.legs.set(value.legs)
        }
        producer.commit()
      }
    }
    if (round % 4 === 0) {
      for (let i = 0; i < 3; i++) {
        const value = consumer.pop()
        if (value !== undefined) same(value)
      }
    } else if (round % 4 === 1) consumer.popMany(2).forEach(same)
    else if (round % 4 === 2) {
      consumer.drain((cursor) => {
        const { name, levels, at, legs } = cursor
        const { ts, px, qty, side, id, gap } = cursor
        same({ ts, px, qty, side, id, gap, name: name.copy(), levels: levels.copy(), at: { x: at.x, y: at.y }, legs: legs.copy() })
      }, 3)
    } else {
      const batch = consumer.peek()
      const { length } = batch
      t.is(batch.ts.length, length)
      for (let i = 0; i < length; i++) {
        t.is(batch.at(i).ts, sample(received + i).ts)
        t.is(batch.ts[i], sample(received + i).ts)
        t.is(batch.column('id')[i], sample(received + i).id)
      }
      received += length
      consumer.release()
    }
  }
  t.true(received > 500)
})

const VALUES = {
  u8: [[0, 255], [-1, 256, 1.5, NaN, '1', 1n, null, undefined, {}]],
  i8: [[-128, 127], [-129, 128, 0.5, 1n]],
  u16: [[0, 65535], [-1, 65536]],
  i16: [[-32768, 32767], [32768, -32769]],
  u32: [[0, 4294967295], [-1, 4294967296, 0.1]],
  i32: [[-2147483648, 2147483647], [2147483648, -2147483649]],
  f32: [[0.5, -Infinity], ['0.5', 1n, undefined]],
  f64: [[Number.MIN_VALUE, -0, NaN], ['1', 1n, null]],
  u64: [[0n, 2n ** 64n - 1n], [-1n, 2n ** 64n, 1]],
  i64: [[-(2n ** 63n), 2n ** 63n - 1n], [2n ** 63n, -1, undefined]],
}

for (const [kind, [good, bad]] of Object.entries(VALUES)) {
  test(`a field of '${kind}' takes what it holds and refuses the rest, in an object and in place`, (t) => {
    const { producer, consumer } = createRing({ of: record({ before: 'u8', it: kind, after: 'u8' }), capacity: 16 })
    for (const it of good) {
      producer.push({ before: 1, it, after: 2 })
      t.deepEqual(consumer.pop(), { before: 1, it, after: 2 })
    }
    for (const it of bad) {
      const error = t.throws(() => producer.push({ before: 1, it, after: 2 }), { code: 'ERR_CROSSCORE_INVALID_ARG' })
      t.regex(error.message, new RegExp(`^it must be .*the field is '${kind}'`))
      const batch = producer.reserve(1)
      t.throws(() => (batch.at(0).it = it), { code: 'ERR_CROSSCORE_INVALID_ARG' })
      producer.abort()
    }
    t.is(consumer.pop(), undefined)
  })
}

test('any numbers in any fields come out as they went in', (t) => {
  const scalar = fc.constantFrom('u8', 'i16', 'u32', 'f64', 'u64')
  const value = {
    u8: fc.integer({ min: 0, max: 255 }),
    i16: fc.integer({ min: -32768, max: 32767 }),
    u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    f64: fc.double(),
    u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  }
  const program = fc.array(scalar, { minLength: 1, maxLength: 12 }).chain((kinds) =>
    fc.record({
      kinds: fc.constant(kinds),
      rows: fc.array(fc.tuple(...kinds.map((kind) => value[kind])), { maxLength: 30 }),
      memory: fc.constantFrom(...memories),
    }),
  )
  fc.assert(
    fc.property(program, ({ kinds, rows, memory }) => {
      const of = record(Object.fromEntries(kinds.map((kind, i) => [`f${i}`, kind])))
      const { producer, consumer } = createRing({ of, capacity: 7, memory })
      const got = []
      for (const row of rows) {
        const object = Object.fromEntries(row.map((each, i) => [`f${i}`, each]))
        if (!producer.push(object)) {
          got.push(...consumer.popMany(3))
          t.true(producer.push(object))
        }
      }
      got.push(...consumer.popMany(1000))
      producer.close()
      consumer.close()
      t.deepEqual(got.map((object) => Object.values(object)), rows.map((row) => [...row]))
    }),
    { numRuns: 200 },
  )
})

// INV-JS-7
test('a cursor ends with commit, abort, release and the callback that it was given to', (t) => {
  const { producer, consumer } = createRing({ of: schema, capacity: 8 })
  const refused = { code: 'ERR_CROSSCORE_BUSY', message: /this cursor is on no record/ }
  const batch = producer.reserve(2)
  const cursor = batch.at(1)
  const { legs, at, name, levels } = cursor
  const leg = legs.at(0)
  producer.commit()
  t.throws(() => cursor.ts, refused)
  t.throws(() => (cursor.ts = 1), refused)
  for (const use of [() => legs.at(0), () => leg.a, () => at.x, () => name.at(0), () => name.set(Uint8Array.of(1)), () => levels.at(0), () => levels.copy()]) {
    t.throws(use, refused)
  }
  t.is(batch.length, 0)
  t.throws(() => batch.at(0), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  let kept
  consumer.drain((shown) => {
    kept = shown
    t.is(shown.ts, 0)
    t.throws(() => consumer.pop(), { code: 'ERR_CROSSCORE_BUSY' })
  }, 1)
  t.throws(() => kept.ts, refused)
  const seen = consumer.peek()
  t.is(seen.length, 1)
  consumer.pop()
  t.throws(() => consumer.release(1), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /peek comes first/ })
})

test('a count that is no number is refused as one, not by what is reckoned with it', (t) => {
  const { producer } = createRing({ of: record({ a: 'u8' }), capacity: 16 })
  const noNumbers = [1n, Symbol('one'), Object.create(null), { valueOf: () => t.fail('asked') }, '1', null]
  for (const n of noNumbers) t.throws(() => producer.reserve(n), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  producer.reserve(2)
  for (const n of noNumbers) t.throws(() => producer.commit(n), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  producer.abort()
})

// INV-JS-7
test('records that were given back are refused, those that are still shown keep their index', (t) => {
  const { producer, consumer } = createRing({ of: record({ x: 'u8' }), capacity: 8 })
  producer.pushMany([1, 2, 3].map((x) => ({ x })))
  const batch = consumer.peek()
  const cursor = batch.at(0)
  consumer.release(1)
  t.is(cursor.x, 2, 'it has moved on')
  t.throws(() => batch.at(0), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /given back/ })
  t.throws(() => batch.column('x'), { code: 'ERR_CROSSCORE_BUSY', message: /given back/ })
  t.is(batch.at(2).x, 3)
  t.deepEqual(Array.from(batch, ({ x }) => x), [2, 3])
  consumer.release(2)
  t.throws(() => cursor.x, { code: 'ERR_CROSSCORE_BUSY' })
  t.throws(() => batch.at(2), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /none is/ })
  t.is(batch.length, 0)
})

// INV-JS-7
test('a cursor on a record inside ends when the outer one moves', (t) => {
  const { producer, consumer } = createRing({ of: schema, capacity: 8 })
  producer.pushMany([sample(1), sample(2)])
  let leg
  consumer.drain(({ legs }) => {
    if (leg !== undefined) t.throws(() => (leg.a = 9), { code: 'ERR_CROSSCORE_BUSY' })
    leg = legs.at(0)
  })
  const batch = producer.reserve(2)
  leg = batch.at(0).legs.at(0)
  batch.at(1)
  t.throws(() => leg.a, { code: 'ERR_CROSSCORE_BUSY' })
})

/** A ring, and a list for it whose second element comes from a getter that does `act` with the producer. */
function using(act) {
  const { producer, consumer } = createRing({ of: record({ x: 'u8' }), capacity: 4, memory: 'heap' })
  const list = [{ x: 1 }, { x: 2 }, { x: 3 }]
  Object.defineProperty(list, 1, {
    get() {
      act(producer)
      return { x: 2 }
    },
  })
  return { push: () => producer.pushMany(list), producer, read: () => consumer.popMany(8).map(({ x }) => x) }
}

// INV-JS-7
test('a getter of a list that uses the same producer spoils no slot', (t) => {
  const full = using((producer) => {
    while (producer.push({ x: 9 }));
  })
  t.is(full.push(), 1)
  t.deepEqual(full.read(), [1, 9, 9, 9])
  const reserved = using((producer) => producer.reserve(1))
  t.throws(reserved.push, { code: 'ERR_CROSSCORE_BUSY' })
  reserved.producer.abort()
  t.deepEqual(reserved.read(), [1])
  let moved
  const elsewhere = using((producer) => {
    moved = Producer.from(producer.move())
    moved.push({ x: 7 })
  })
  t.throws(elsewhere.push, { code: 'ERR_CROSSCORE_MOVED' })
  t.deepEqual(elsewhere.read(), [1, 7])
})

test('a getter of a record may wait for room', async (t) => {
  const { producer } = createRing({ of: record({ x: 'u8' }), capacity: 8 })
  let room
  producer.push({
    get x() {
      room = producer.ready(2)
      return 1
    },
  })
  t.true(await room)
})

test('a getter of a record that uses the same producer is refused, and its record is not pushed', (t) => {
  const { producer, consumer } = createRing({ of: record({ a: 'u8', b: 'u8' }), capacity: 8 })
  const meddling = { a: 1, get b() { producer.push({ a: 9, b: 9 }); return 2 } }
  t.throws(() => producer.push(meddling), { code: 'ERR_CROSSCORE_BUSY', message: /a getter of it used the same producer/ })
  t.is(consumer.pop(), undefined)
  t.throws(() => producer.push({ a: 1, get b() { producer.close(); return 2 } }), { code: 'ERR_CROSSCORE_CLOSED' })
  t.is(consumer.pop(), undefined)
})

test('both ends have the schema: another one is refused, with the difference, and the token stays good', (t) => {
  const real = record({ a: 'f64', b: record({ c: 'u8' }) })
  const { producer, consumer } = createRing({ of: real, capacity: 8 })
  const token = structuredClone(consumer.move())
  const differ = [
    [record({ a: 'f64', b: record({ c: 'u16' }) }), /b\.c is u16 here and u8 in the ring/],
    [record({ a: 'f64' }), /the ring has a field b more/],
    [record({ a: 'f64', b: record({ c: 'u8' }), d: 'u8' }), /the ring has no field d/],
    [record({ a: 'f64', x: 'u8' }), /field 2 is x here and b in the ring/],
  ]
  for (const [of, message] of differ) {
    t.throws(() => Consumer.from(token, { of }), { code: 'ERR_CROSSCORE_TOKEN', message })
    t.throws(() => Consumer.from({ ...token, of: `record${of}` }), { code: 'ERR_CROSSCORE_TOKEN', message })
  }
  for (const of of ['record{', 'record{"a":f64', 'record{"a":bytes(0)}', 'record{}', `record${'{"a":'.repeat(20)}`]) {
    t.throws(() => Consumer.from({ ...token, of }), { name: 'CrosscoreError' })
  }
  const there = Consumer.from(token, { of: record({ a: 'f64', b: record({ c: 'u8' }) }) })
  producer.push({ a: 1, b: { c: 2 } })
  t.deepEqual(there.pop(), { a: 1, b: { c: 2 } })
})

test('a field that is named like something of a batch is reached by column(name)', (t) => {
  const { producer, consumer } = createRing({ of: record({ length: 'u8', at: 'u8' }), capacity: 8 })
  producer.pushMany([{ length: 5, at: 6 }, { length: 7, at: 8 }])
  const batch = consumer.peek()
  t.is(batch.length, 2)
  t.deepEqual(batch.column('length'), Uint8Array.of(5, 7))
  t.is(batch.at(1).at, 8)
  const into = new Uint8Array(4)
  t.is(batch.column('at', into), into)
  t.deepEqual(into, Uint8Array.of(6, 8, 0, 0))
  t.throws(() => batch.column('at', new Uint8Array(1)), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  t.throws(() => batch.column('at', new Uint16Array(4)), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  t.throws(() => batch.column('none'), { code: 'ERR_CROSSCORE_INVALID_ARG' })
})
