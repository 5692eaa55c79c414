// Rings of values that are encoded: 'json', 'value', and codecs of the program's own.

import test from 'ava'
import { pack, unpack } from 'msgpackr'
import { Consumer, createRing } from 'crosscore'
import { hasSerializer } from './runtime.js'

const BIG = 1 << 16
const onSerializer = hasSerializer ? test : test.skip

/** What `act` throws. A DOMException is no error to ava. */
function thrown(act) {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

test('json: what JSON can say arrives', (t) => {
  const { producer, consumer } = createRing({ of: 'json', capacity: BIG })
  const values = [null, true, 0, -1.5, '', 'é😀', [], {}, [1, [2, { a: null }]], { text: 'x'.repeat(5000) }]
  t.is(producer.pushMany(values), values.length)
  for (const value of values) t.deepEqual(consumer.pop(), value)
  producer.pushMany(values)
  t.deepEqual(consumer.popMany(3), values.slice(0, 3))
  const rest = []
  consumer.drain((value) => rest.push(value))
  t.deepEqual(rest, values.slice(3))
})

test('json: what it cannot say is refused, and nothing is published', (t) => {
  const { producer, consumer } = createRing({ of: 'json', capacity: BIG })
  for (const value of [undefined, () => 1, Symbol('s')]) {
    t.throws(() => producer.push(value), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /something that JSON can say/ })
  }
  t.throws(() => producer.push(1n), { instanceOf: TypeError })
  const circle = {}
  circle.self = circle
  t.throws(() => producer.push(circle), { instanceOf: TypeError })
  t.throws(() => producer.push('x'.repeat(BIG)), { code: 'ERR_CROSSCORE_TOO_LARGE' })
  t.is(consumer.pop(), undefined)
  t.is(producer.stats.sent, 0)
})

onSerializer("value: what structuredClone takes arrives, and its errors are structuredClone's", (t) => {
  const { producer, consumer } = createRing({ of: 'value', capacity: BIG })
  const value = {
    date: new Date(1),
    map: new Map([[1, new Set(['a'])]]),
    big: 2n ** 80n,
    nothing: undefined,
    pattern: /x/g,
    error: new RangeError('far', { cause: 'c' }),
  }
  producer.push(value)
  const got = consumer.pop()
  t.deepEqual({ ...got, error: undefined }, { ...value, error: undefined })
  t.true(got.error instanceof RangeError)
  t.is(got.error.message, 'far')
  t.is(got.error.cause, 'c')
  const gone = new Float64Array(2)
  structuredClone(gone.buffer, { transfer: [gone.buffer] })
  for (const bad of [() => 1, Symbol('s'), { deep: [() => 1] }, gone, [gone]]) {
    const like = thrown(() => structuredClone(bad))
    const error = thrown(() => producer.push(bad))
    t.true(error instanceof DOMException)
    t.is(error.name, like.name)
    t.is(error.message, like.message)
    t.is(error.code, like.code)
  }
  t.is(consumer.pop(), undefined)
})

onSerializer('value: undefined by itself would be lost by whoever waits for an element, and is refused', (t) => {
  const { producer, consumer } = createRing({ of: 'value', capacity: BIG })
  t.throws(() => producer.push(undefined), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /anything but undefined/ })
  t.true(producer.push([undefined]))
  t.deepEqual(consumer.popSync({ timeout: 0 }), [undefined])
})

test('a codec that decodes to undefined is told, and the values behind it come', async (t) => {
  const of = { encode: (value, target) => ((target[0] = value), 1), decode: ([value]) => (value === 0 ? undefined : value) }
  const { producer, consumer } = createRing({ of, capacity: 256 })
  producer.pushMany([0, 1])
  t.throws(() => consumer.popSync({ timeout: 0 }), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /what decode returns/ })
  for await (const value of consumer) {
    t.is(value, 1)
    break
  }
})

onSerializer('value: typed arrays are decoded at every offset', (t) => {
  const { producer, consumer } = createRing({ of: 'value', capacity: BIG })
  const arrays = [Uint8Array, Int16Array, Float32Array, Float64Array, BigInt64Array]
  for (let lead = 0; lead < 17; lead++) {
    for (const Kind of arrays) {
      const array = Kind === BigInt64Array ? Kind.of(1n, -2n) : Kind.of(1, 2, 3)
      producer.push(['x'.repeat(lead), array, array.subarray(1)])
      t.deepEqual(consumer.pop(), ['x'.repeat(lead), array, array.slice(1)])
    }
  }
})

const msgpack = {
  encode(value, target) {
    const bytes = pack(value)
    if (bytes.length <= target.length) target.set(bytes)
    return bytes.length
  },
  decode: (bytes) => unpack(bytes),
}

test('a codec: msgpackr, with values larger than the first room', (t) => {
  const { producer, consumer } = createRing({ of: msgpack, capacity: BIG })
  const values = [1, 'two', { three: [3, null] }, { text: 'x'.repeat(20_000) }, new Date(4)]
  producer.pushMany(values)
  t.deepEqual(consumer.popMany(10), values)
})

test('a codec does not travel: the other end is claimed with it', (t) => {
  const { producer, consumer } = createRing({ of: msgpack, capacity: BIG })
  producer.push({ a: 1 })
  const token = structuredClone(consumer.move())
  t.is(token.of, 'codec')
  t.throws(() => Consumer.from(token), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /from\(token, \{ of: codec \}\)/ })
  t.throws(() => Consumer.from(token, { of: 'json' }), { code: 'ERR_CROSSCORE_TOKEN', message: /'json' was expected/ })
  t.deepEqual(Consumer.from(token, { of: msgpack }).pop(), { a: 1 })
})

test('a codec that lies about its length, or takes its target away, is told so; nothing is published', (t) => {
  const lying = { encode: (length) => length, decode: (bytes) => bytes }
  const { producer, consumer } = createRing({ of: lying, capacity: 4096 })
  for (const length of [-1, 1.5, NaN, Infinity, '8', undefined, 8n]) {
    t.throws(() => producer.push(length), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /what encode returns/ })
  }
  t.throws(() => producer.push(2 ** 40), { code: 'ERR_CROSSCORE_TOO_LARGE' })
  t.is(consumer.pop(), undefined)
  const taking = {
    encode(_, { buffer }) {
      structuredClone(buffer, { transfer: [buffer] })
      return 4
    },
    decode: (bytes) => bytes,
  }
  t.throws(() => createRing({ of: taking, capacity: 4096 }).producer.push(1), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /writes as much as it returns/ })
})

test('what a codec keeps of its views is not the ring', (t) => {
  const kept = []
  const keeping = {
    encode(value, target) {
      kept.push(target)
      target[0] = value
      return 1
    },
    decode(bytes) {
      kept.push(bytes)
      return bytes[0]
    },
  }
  const { producer, consumer } = createRing({ of: keeping, capacity: 4096 })
  producer.push(1)
  producer.push(2)
  for (const view of kept) view.fill(99)
  t.is(consumer.pop(), 1)
  for (const view of kept) view.fill(77)
  t.is(consumer.pop(), 2)
})

test('a codec that throws is heard; one value is lost where decoding throws, and none where encoding does', (t) => {
  const throwing = {
    encode(value, target) {
      if (value === 1) throw new Error('encode')
      target[0] = value
      return 1
    },
    decode(bytes) {
      if (bytes[0] === 2) throw new Error('decode')
      return bytes[0]
    },
  }
  const { producer, consumer } = createRing({ of: throwing, capacity: 4096 })
  t.throws(() => producer.pushMany([0, 1]), { message: 'encode' })
  producer.pushMany([2, 3])
  t.is(consumer.pop(), 0)
  t.throws(() => consumer.pop(), { message: 'decode' })
  t.is(consumer.pop(), 3)
})

// INV-JS-7
test('code of the program that uses the same handle while it is asked is refused', (t) => {
  const { producer, consumer } = createRing({ of: 'json', capacity: BIG })
  t.throws(() => producer.push({ toJSON: () => producer.push(1) }), { code: 'ERR_CROSSCORE_BUSY' })
  producer.pushMany([1, 2])
  t.throws(() => consumer.drain(() => consumer.pop()), { code: 'ERR_CROSSCORE_BUSY' })
  t.is(consumer.pop(), 2)
  t.throws(() => producer.push({ toJSON: () => (producer.close(), 1) }), { code: 'ERR_CROSSCORE_CLOSED' })
  t.is(consumer.pop(), undefined)
})

const numbers = {
  encode(value, target) {
    target[0] = value
    return 1
  },
  decode([value]) {
    if (value === 3) throw new Error('three')
    return value
  },
}

test('a value that cannot be decoded loses none of those before it', (t) => {
  const { producer, consumer } = createRing({ of: numbers, capacity: BIG })
  producer.pushMany([1, 2, 3, 4])
  t.deepEqual(consumer.popMany(8), [1, 2])
  t.throws(() => consumer.popMany(8), { message: 'three' })
  t.deepEqual(consumer.popMany(8), [4])
  t.is(consumer.available, 0)
})

test('a codec may wait for the next value', async (t) => {
  for (const read of [(consumer) => consumer.pop(), (consumer) => consumer.popMany(8)]) {
    let next
    const { producer, consumer } = createRing({
      of: {
        ...numbers,
        decode(encoded) {
          next ??= consumer.ready()
          return numbers.decode(encoded)
        },
      },
      capacity: BIG,
    })
    producer.push(1)
    read(consumer)
    producer.push(2)
    t.true(await next)
  }
})

test('a codec that takes away the memory of its target is told, and harms no later value', (t) => {
  let takes = true
  const { producer, consumer } = createRing({
    of: {
      ...numbers,
      encode(value, target) {
        if (takes) structuredClone(target.buffer, { transfer: [target.buffer] })
        return takes ? 0 : numbers.encode(value, target)
      },
    },
    capacity: BIG,
  })
  t.throws(() => producer.push(1), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /leaves the target its memory/ })
  takes = false
  t.true(producer.push(5))
  t.is(consumer.pop(), 5)
})
