// What each kind of ring takes and gives.

import { createRing, type Consumer, type Element, type Producer } from 'crosscore'

declare const f64: Producer<'f64'>
declare const u64: Producer<'u64'>
declare const bytes: Producer<'bytes'>
declare const f64Consumer: Consumer<'f64'>
declare const u64Consumer: Consumer<'u64'>
declare const bytesConsumer: Consumer<'bytes'>

// ---- push --------------------------------------------------------------------------------------

f64.push(1) satisfies boolean
u64.push(1n) satisfies boolean
bytes.push(new Uint8Array(1)) satisfies boolean
bytes.push(Buffer.from('a')) satisfies boolean
// @ts-expect-error a string is no number
f64.push('1')
// @ts-expect-error nor is a bigint
f64.push(1n)
// @ts-expect-error u64 takes bigints
u64.push(1)
// @ts-expect-error bytes are not text
bytes.push('text')
// @ts-expect-error nor a list of numbers
bytes.push([1, 2, 3])
// @ts-expect-error nor wider than bytes
bytes.push(new Uint16Array(1))
// @ts-expect-error nothing is no element
f64.push()
// @ts-expect-error undefined is none either
f64.push(f64Consumer.pop())

// ---- pushMany ----------------------------------------------------------------------------------

f64.pushMany(new Float64Array(2)) satisfies number
f64.pushMany([1, 2])
f64.pushMany(new Set([1, 2]))
u64.pushMany(new BigUint64Array(2))
u64.pushMany([1n, 2n])
bytes.pushMany([new Uint8Array(1)])
// @ts-expect-error of bigints
f64.pushMany([1n])
// @ts-expect-error of text
f64.pushMany('12')
// @ts-expect-error a typed array of bigints is not one of numbers
f64.pushMany(new BigInt64Array(1))
// @ts-expect-error nor the reverse
u64.pushMany(new Float64Array(1))
// @ts-expect-error a single message is not a list of messages
bytes.pushMany(new Uint8Array(1))

// ---- pop and popMany ---------------------------------------------------------------------------

f64Consumer.pop() satisfies number | undefined
u64Consumer.pop() satisfies bigint | undefined
bytesConsumer.pop() satisfies Uint8Array | undefined
// @ts-expect-error there may be nothing
f64Consumer.pop() satisfies number

f64Consumer.popMany(new Float64Array(8)) satisfies number
f64Consumer.popMany(8) satisfies number[]
u64Consumer.popMany(8) satisfies bigint[]
bytesConsumer.popMany(8) satisfies Uint8Array[]
// @ts-expect-error the array must be of the ring's kind
f64Consumer.popMany(new Float32Array(8))
// @ts-expect-error also among bigints
u64Consumer.popMany(new BigInt64Array(8))
// @ts-expect-error messages are not filled into an array
bytesConsumer.popMany(new Uint8Array(8))
// @ts-expect-error one of the two it must be
f64Consumer.popMany()

// ---- drain -------------------------------------------------------------------------------------

f64Consumer.drain((value: number) => value + 1) satisfies number
u64Consumer.drain((value: bigint) => value + 1n, 3)
bytesConsumer.drain((message) => message.length satisfies number)
// @ts-expect-error the callback gets numbers
f64Consumer.drain((value: string) => value)
// @ts-expect-error there must be one
f64Consumer.drain()

// ---- createRing --------------------------------------------------------------------------------

const ring = createRing({ of: 'i16', capacity: 8 })
ring.producer satisfies Producer<'i16'>
ring.consumer satisfies Consumer<'i16'>
createRing({ of: 'bytes', capacity: 8, memory: 'heap', publish: 'each' })
createRing({ of: 'u8', capacity: 8, memory: 'auto', publish: 16 })
// @ts-expect-error there is no such kind
createRing({ of: 'f16', capacity: 8 })
// @ts-expect-error a capacity is a number
createRing({ of: 'f64', capacity: '8' })
// @ts-expect-error not a bigint either
createRing({ of: 'f64', capacity: 8n })
// @ts-expect-error there must be one
createRing({ of: 'f64' })
// @ts-expect-error and a kind
createRing({ capacity: 8 })
// @ts-expect-error there is no such memory
createRing({ of: 'f64', capacity: 8, memory: 'shared' })
// @ts-expect-error there is no such way of publishing
createRing({ of: 'f64', capacity: 8, publish: 'never' })
// @ts-expect-error misspelt
createRing({ of: 'f64', capacity: 8, memroy: 'heap' })
// @ts-expect-error options there must be
createRing()

type Numbers = Element<'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64'>
declare const element: Numbers
element satisfies number
// @ts-expect-error a producer of one kind is not one of another
const wrong: Producer<'f32'> = f64
