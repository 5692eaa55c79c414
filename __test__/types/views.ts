// What reading and writing in place shows.

import type { Consumer, NumericArray, Peek, Producer, View } from 'crosscore'

declare const f64: Producer<'f64'>
declare const u64: Producer<'u64'>
declare const bytes: Producer<'bytes'>
declare const f64Consumer: Consumer<'f64'>
declare const i8Consumer: Consumer<'i8'>
declare const bytesConsumer: Consumer<'bytes'>

f64.reserve(3) satisfies Float64Array | null
u64.reserve(3) satisfies BigUint64Array | null
bytes.reserve(3) satisfies Uint8Array | null
// @ts-expect-error there may be no room
f64.reserve(3) satisfies Float64Array
// @ts-expect-error so it must be looked at first
f64.reserve(3).set([1])
// @ts-expect-error how much must be said
f64.reserve()
// @ts-expect-error in numbers
f64.reserve('3')

const block = f64.reserve(3)
if (block !== null) {
  block.set([1, 2, 3])
  // @ts-expect-error numbers only
  block[0] = 1n
}
f64.commit()
f64.commit(2)
// @ts-expect-error a count
f64.commit('2')
f64.abort() satisfies void

// Numbers: an empty view says that there is nothing. Messages may be empty: undefined says it.
f64Consumer.peek() satisfies Float64Array
i8Consumer.peek(3) satisfies Int8Array
bytesConsumer.peek() satisfies Uint8Array | undefined
// @ts-expect-error there may be no message
bytesConsumer.peek() satisfies Uint8Array
// @ts-expect-error a view of another kind
i8Consumer.peek() satisfies Uint8Array

declare const view: View<'u32'>
view satisfies Uint32Array
declare const message: View<'bytes'>
message satisfies Uint8Array
declare const peek: Peek<'bytes'>
// @ts-expect-error as above
peek satisfies Uint8Array
declare const none: NumericArray<'bytes'>
none satisfies never

// ---- what is only to be read -------------------------------------------------------------------

f64.capacity satisfies number
f64.memory satisfies 'mirrored' | 'heap'
f64.stats.sent satisfies number
// @ts-expect-error it is what it became
f64.capacity = 3
// @ts-expect-error counts are not set
f64.stats.sent = 0
// @ts-expect-error a producer does not read
f64.pop()
// @ts-expect-error a consumer does not write
f64Consumer.push(1)
