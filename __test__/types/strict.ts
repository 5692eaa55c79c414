// What TypeScript tells apart: kinds, handles, memory that is shared, options that are undefined.

import { Worker } from 'node:worker_threads'
import {
  Consumer,
  createRing,
  CrosscoreError,
  lane,
  Producer,
  revoke,
  type Batch,
  type Bytes,
  type ElementKind,
  type RingOptions,
  type Stats,
} from 'crosscore'

declare const f64: Producer<'f64'>
declare const f64Consumer: Consumer<'f64'>
declare const bytes: Producer<'bytes'>
declare const bytesConsumer: Consumer<'bytes'>

// ---- variance ----------------------------------------------------------------------------------

// @ts-expect-error it would take bigints
const either: Producer<'f64' | 'u64'> = f64
// @ts-expect-error nor the reverse
const one: Producer<'f64'> = {} as Producer<'f64' | 'u64'>
// @ts-expect-error the callbacks of one kind are not those of several
const eitherConsumer: Consumer<'f64' | 'u64'> = f64Consumer
// @ts-expect-error a producer of any kind takes more than numbers
const any: Producer<ElementKind> = f64
const same: Producer<'f64'> = f64
declare function generic<K extends ElementKind>(options: RingOptions<K>): Producer<K>
generic({ of: 'i8', capacity: 4 }) satisfies Producer<'i8'>

// ---- instanceof --------------------------------------------------------------------------------

declare const handle: Producer<'f64'> | Consumer<'f64'>
if (handle instanceof Producer) handle.push(1)
else handle.pop() satisfies number | undefined
if (handle instanceof Consumer) handle.pop() satisfies number | undefined
else handle.push(1)

declare const something: unknown
if (something instanceof Producer) {
  something.close()
  something.capacity satisfies number
  // @ts-expect-error it is a producer
  something.pop()
}
if (something instanceof CrosscoreError) something.name satisfies 'CrosscoreError'

// ---- memory that is not shared -----------------------------------------------------------------

declare function takes(...values: unknown[]): void
const message = bytesConsumer.pop()
if (message !== undefined) {
  message satisfies Uint8Array<ArrayBuffer>
  takes(new Blob([message]), new Response(message))
  crypto.subtle.digest('SHA-256', message)
  structuredClone(message, { transfer: [message.buffer] })
}
bytesConsumer.popMany(3) satisfies Uint8Array<ArrayBuffer>[]
bytesConsumer.popManySync(3) satisfies Uint8Array<ArrayBuffer>[]
bytesConsumer.drain((view) => void (view satisfies Uint8Array<ArrayBuffer>))
bytesConsumer.visit((memory) => void (memory satisfies Uint8Array<ArrayBuffer>))
f64Consumer.peek() satisfies Float64Array<ArrayBuffer>
f64.reserve(1) satisfies Float64Array<ArrayBuffer> | null
declare const batch: Batch<'u64'>
batch satisfies BigUint64Array<ArrayBuffer>
declare const owned: Bytes
owned.buffer satisfies ArrayBuffer
// What goes in may be shared.
bytes.push(new Uint8Array(new SharedArrayBuffer(8)))
f64.pushMany(new Float64Array(new SharedArrayBuffer(8)))
f64Consumer.popMany(new Float64Array(new SharedArrayBuffer(8))) satisfies number
f64Consumer.popManySync(new Float64Array(8), { timeout: 5 }) satisfies number

// ---- options -----------------------------------------------------------------------------------

createRing({ of: 'f64', capacity: 8, memory: undefined, publish: undefined })
f64.pushSync(1, { timeout: undefined })
f64.ready({ signal: undefined })
f64.move({ to: undefined })
f64.move({ to: new Worker('') })
// @ts-expect-error a worker it must be
f64.move({ to: 'worker' })
f64.close(new Error('enough'))
// @ts-expect-error a reason is an error
f64.close('enough')
f64.flushed({ signal: AbortSignal.timeout(5) }) satisfies Promise<boolean>
f64.flushedSync({ timeout: 5 }) satisfies boolean
f64.end() satisfies Promise<boolean>
f64Consumer.values({ signal: new AbortController().signal }) satisfies AsyncIterableIterator<number>
f64Consumer.batches({ signal: undefined }) satisfies AsyncIterableIterator<Float64Array>
bytesConsumer.batches(4, {}) satisfies AsyncIterableIterator<Uint8Array[]>
// @ts-expect-error a signal it must be
f64.ready({ signal: 'now' })

// ---- the rest ----------------------------------------------------------------------------------

f64Consumer.reason satisfies Error | undefined
f64.stats satisfies Stats
f64.stats.bytesHighWater satisfies number
lane.name satisfies 'express' | 'node-api'
revoke(f64.move()) satisfies boolean
// @ts-expect-error a handle is no token
revoke(f64)
async function disposes() {
  await using scoped = f64
  return scoped
}
