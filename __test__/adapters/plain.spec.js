// The short form of small plain values: exact, or left to the serializer.

import test from 'ava'
import { anything as anyValue, assert, property, uint8Array } from 'fast-check'
import { deserialize, serialize } from 'node:v8'
import { decodePlain, encodePlain, isPlain } from '../../lib/kinds/plain.js'
import { decode, encode } from '../../lib/patterns/payload.js'

const anything = anyValue({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: true,
  withObjectString: true,
  stringUnit: 'binary',
})

test('any value comes out as the serializer would give it', (t) => {
  assert(
    property(anything, (value) => {
      t.deepEqual(decode(encode(value).slice()), deserialize(serialize(value)))
    }),
    { numRuns: 3000 },
  )
})

test('what is small and plain takes the short form, bit by bit', (t) => {
  const values = [
    undefined, null, true, false, 0, -0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 1e300, NaN, Infinity, -Infinity, Number.MIN_VALUE,
    '', 'a', 'é ÿ', '€', '\ud800', 'x'.repeat(1000), '🎈'.repeat(200), [], [[]], {}, { a: [1, { b: undefined }] }, JSON.parse('{"__proto__":1,"b":2}'),
  ]
  for (const value of values) {
    const bytes = encodePlain(value)?.slice()
    t.truthy(bytes, String(value))
    t.true(isPlain(bytes))
    const back = decodePlain(bytes)
    t.deepEqual(back, value)
    t.true(typeof value !== 'number' || Object.is(back, value))
  }
  t.true(Object.hasOwn(decodePlain(encodePlain(values.at(-1)).slice()), '__proto__'))
})

test('what is not, is left to the serializer', (t) => {
  const shared = {}
  const cyclic = []
  cyclic.push(cyclic)
  const more = Object.assign([1], { more: 2 })
  const holes = Array.from({ length: 3 })
  delete holes[1]
  // As many keys as elements.
  const both = Object.assign([], { 1: 'one', more: 2 })
  class Point {
    x = 1
  }
  for (const value of [
    1n, Symbol('x'), () => {}, new Date(), /x/, new Map(), new Point(), new Error('x'), Object.create(null), Uint8Array.of(1), cyclic, more, holes, both,
    [shared, shared], 'x'.repeat(5000), '€'.repeat(2100), Array.from({ length: 40 }, () => ({})), Array.from({ length: 5000 }), new Proxy(new Date(), {}), new Proxy({}, {}), [new Proxy([], {})],
  ]) t.is(encodePlain(value), undefined)
  t.deepEqual(encodePlain(1).length, 5)
})

test('a getter that writes another value, or throws, spoils nothing', (t) => {
  let inner
  const value = { a: 'outer', get b() { inner = decode(encode({ c: 'inner' }).slice()); return 2 }, d: 3 }
  t.deepEqual(decode(encode(value).slice()), { a: 'outer', b: 2, d: 3 })
  t.deepEqual(inner, { c: 'inner' })
  t.throws(() => encode({ get a() { throw new Error('on purpose') } }), { message: 'on purpose' })
  t.is(encodePlain(5).length, 5)
})

test('bytes that it has not written are refused, and take no time', (t) => {
  t.false(isPlain(new Uint8Array(0)))
  t.false(isPlain(serialize(1)))
  assert(
    property(uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      bytes[0] %= 10
      try {
        decodePlain(bytes)
      } catch (error) {
        t.true(error instanceof RangeError, String(error))
      }
    }),
    { numRuns: 5000 },
  )
  for (const tag of [6, 7, 8, 9]) t.throws(() => decodePlain(Uint8Array.of(tag, 255, 255, 255, 255)), { instanceOf: RangeError })
})
