// What rings of strings, values and records take and give.

import {
  array,
  bytes,
  Consumer,
  createRing,
  Producer,
  record,
  type Codec,
  type ConsumerToken,
  type ProducerToken,
  type RecordCursor,
} from 'crosscore'

/** Whether two types are the same, `any` included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>): void => {}

// ---- 'string' ----------------------------------------------------------------------------------

const text = createRing({ of: 'string', capacity: 4096 })
text.producer.push('a') satisfies boolean
text.producer.pushMany(['a', 'b']) satisfies number
text.producer.pushMany(new Set(['a']))
same<ReturnType<typeof text.consumer.pop>, string | undefined>(true)
text.consumer.popMany(3) satisfies string[]
text.consumer.drain((line) => same<typeof line, string>(true)) satisfies number
for await (const line of text.consumer) same<typeof line, string>(true)
for await (const lines of text.consumer.batches()) same<typeof lines, string[]>(true)
// @ts-expect-error a number is no string
text.producer.push(1)
// @ts-expect-error nor are bytes
text.producer.push(new Uint8Array(1))
// @ts-expect-error nor is a String
text.producer.push(new String('a'))
// @ts-expect-error strings are not filled into an array
text.consumer.popMany(new Uint8Array(8))

// ---- 'json' and 'value' ------------------------------------------------------------------------

for (const of of ['json', 'value'] as const) {
  const { producer, consumer } = createRing({ of, capacity: 4096 })
  producer.push({ any: [1, 'thing', null] }) satisfies boolean
  producer.pushMany([1, 'two'])
  // As JSON.parse and structuredClone say it.
  // oxlint-disable-next-line typescript/no-explicit-any
  same<ReturnType<typeof consumer.pop>, any>(true)
  consumer.drain((value) => value.whatever)
  // @ts-expect-error values are not filled into an array
  consumer.popMany(new Uint8Array(8))
}

// ---- codecs ------------------------------------------------------------------------------------

interface Point {
  x: number
  y: number
}
declare const points: Codec<Point>
const coded = createRing({ of: points, capacity: 4096 })
coded.producer satisfies Producer<Codec<Point>>
coded.producer.push({ x: 1, y: 2 }) satisfies boolean
same<ReturnType<typeof coded.consumer.pop>, Point | undefined>(true)
coded.consumer.popMany(2) satisfies Point[]
coded.consumer.drain((point) => same<typeof point, Point>(true))
// @ts-expect-error half a point
coded.producer.push({ x: 1 })
// @ts-expect-error a codec has both halves
createRing({ of: { encode: () => 0 }, capacity: 4096 })
// @ts-expect-error it says a length
createRing<Codec<Point>>({ of: { encode: () => '8', decode: () => ({ x: 1, y: 2 }) }, capacity: 4096 })

declare const codedToken: ConsumerToken<Codec<Point>>
const claimed = Consumer.from(codedToken, { of: points })
same<ReturnType<typeof claimed.pop>, Point | undefined>(true)

// ---- records -----------------------------------------------------------------------------------

const leg = record({ a: 'u8', b: 'f32' })
const trade = record({
  ts: 'f64',
  id: 'u64',
  name: bytes(16),
  levels: array('f64', 10),
  best: leg,
  legs: array(leg, 2),
})
type TradeFields = NonNullable<typeof trade.schema>
trade.size satisfies number
trade.fields[0]!.offset satisfies number

const { producer, consumer } = createRing({ of: trade, capacity: 64 })
producer satisfies Producer<typeof trade>

const whole = {
  ts: 1,
  id: 1n,
  name: new Uint8Array(3),
  levels: Array.from({ length: 10 }, () => 0),
  best: { a: 1, b: 2 },
  legs: [
    { a: 1, b: 2 },
    { a: 3, b: 4 },
  ],
}
producer.push(whole) satisfies boolean
producer.pushMany([whole, whole]) satisfies number
// @ts-expect-error a field is missing
producer.push({ ts: 1 })
// @ts-expect-error u64 takes a bigint
producer.push({ ...whole, id: 1 })
// @ts-expect-error f64 takes a number
producer.push({ ...whole, ts: '1' })
// @ts-expect-error bytes are no text
producer.push({ ...whole, name: 'ACME' })
// @ts-expect-error a record within has its fields
producer.push({ ...whole, best: { a: 1 } })
// @ts-expect-error there is no such field
producer.push({ ...whole, px: 1 } satisfies Parameters<typeof producer.push>[0])

const popped = consumer.pop()
if (popped !== undefined) {
  same<typeof popped.ts, number>(true)
  same<typeof popped.id, bigint>(true)
  popped.name satisfies Uint8Array
  popped.levels satisfies Float64Array
  same<typeof popped.best, { a: number; b: number }>(true)
  same<typeof popped.legs, { a: number; b: number }[]>(true)
  // @ts-expect-error there is no such field
  void popped.px
}
// @ts-expect-error there may be none
void consumer.pop().ts

consumer.drain((cursor) => {
  cursor satisfies RecordCursor<TradeFields>
  same<typeof cursor.ts, number>(true)
  cursor.ts = 2
  cursor.id satisfies bigint
  cursor.name.copy() satisfies Uint8Array
  cursor.levels.at(3) satisfies number | undefined
  cursor.levels.copy() satisfies Float64Array
  cursor.best.a satisfies number
  cursor.legs.at(1).b satisfies number
  // @ts-expect-error of numbers
  cursor.ts = '2'
  // @ts-expect-error a cursor of bytes is no Uint8Array
  cursor.name satisfies Uint8Array
})

const batch = producer.reserve(2)
if (batch !== null) {
  batch.length satisfies number
  batch.at(0).ts = 1
  batch.at(1).levels.set([1, 2, 3])
  for (const cursor of batch) cursor.best.b = 1
  batch.ts satisfies Float64Array
  batch.id satisfies BigUint64Array
  batch.column('ts') satisfies Float64Array
  batch.column('ts', new Float64Array(2))
  // @ts-expect-error of the field's kind
  batch.column('ts', new Float32Array(2))
  // @ts-expect-error bytes are no column
  batch.column('name')
  // @ts-expect-error nor are they a property
  void batch.name
  // @ts-expect-error id takes bigints
  batch.at(0).id = 1
}
consumer.peek(4).ts satisfies Float64Array
consumer.visit((records, start, end) => {
  records.at(start).ts satisfies number
  end satisfies number
})

// @ts-expect-error there is no such kind of field
record({ a: 'f16' })
// @ts-expect-error text has no fixed length
record({ a: 'string' })
// @ts-expect-error nor have bytes without one
record({ a: 'bytes' })
// @ts-expect-error an array has a length
array('f64')
// @ts-expect-error and elements of a fixed size
array('string', 3)

declare const tradeToken: ProducerToken<typeof trade>
Producer.from(tradeToken) satisfies Producer<typeof trade>
Producer.from(tradeToken, { of: trade }).push(whole)
declare const someToken: ConsumerToken<'f64'>
// @ts-expect-error another kind than the token's
Consumer.from(someToken, { of: trade })
