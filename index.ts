/**
 * The fastest way to move data between two threads of Node: one bounded ring, one producer, one
 * consumer, two cores. Rust owns the protocol; JavaScript touches only slots that it owns.
 *
 * This file is the whole public surface. What is under lib/ belongs to it.
 *
 * @packageDocumentation
 */

import { CrosscoreError as ErrorClass } from './lib/errors.js'
import { ConsumerConstructor, createRing as create, ProducerConstructor } from './lib/handles.js'

/** Kinds whose elements are numbers, named for how they are stored. */
export type NumberKind = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64'

/** Kinds whose elements are bigints. */
export type BigIntKind = 'i64' | 'u64'

/** What a ring can carry. */
export type ElementKind = NumberKind | BigIntKind | 'bytes'

/** What `push` takes and `pop` gives for a kind. */
export type Element<K extends ElementKind> = K extends NumberKind
  ? number
  : K extends BigIntKind
    ? bigint
    : K extends 'bytes'
      ? Uint8Array
      : never

interface ArrayOf {
  u8: Uint8Array
  i8: Int8Array
  u16: Uint16Array
  i16: Int16Array
  u32: Uint32Array
  i32: Int32Array
  f32: Float32Array
  f64: Float64Array
  i64: BigInt64Array
  u64: BigUint64Array
}

/** The typed array that holds elements of a kind. */
export type NumericArray<K extends ElementKind> = K extends keyof ArrayOf ? ArrayOf[K] : never

/** What in-place reading and writing shows: elements in a typed array, or the bytes of one message. */
export type View<K extends ElementKind> = K extends keyof ArrayOf ? ArrayOf[K] : Uint8Array

/** What a peek gives: for `'bytes'`, `undefined` when there is no message, since a message may be empty. */
export type Peek<K extends ElementKind> = K extends 'bytes' ? Uint8Array | undefined : View<K>

/** How a ring is made. */
export interface RingOptions<K extends ElementKind> {
  /** What the ring carries. */
  of: K
  /**
   * At least this many elements; for `'bytes'` this many bytes, where a message takes its length,
   * rounded up to a multiple of 8, and 8 more. At least 1, at most 2^30 bytes. Rounded up to a
   * power of two and, on mirrored memory, to a page; `capacity` on the handles tells what it became.
   */
  capacity: number
  /**
   * `'mirrored'`: the same pages mapped twice, so that nothing is copied where the ring ends.
   * `'heap'`: ordinary memory; what runs across the end is copied once more.
   * `'auto'` (the default): mirrored where the system allows it.
   */
  memory?: 'auto' | 'mirrored' | 'heap'
  /**
   * When pushes become visible to the consumer: `'each'` (the default) at once, `'tick'` at the end of
   * the current turn of the event loop, a number after that many. What is pending is published
   * earlier by `flush()`, `close()`, `move()` and `pushMany()`, when it fills a quarter of the ring, by
   * a push that finds the ring full, by a read in this thread that finds a ring empty, and by any
   * wait in this thread; and never later than the end of the turn. It is published too if the
   * thread dies.
   */
  publish?: 'each' | 'tick' | number
}

/**
 * Makes a ring and gives its two handles, to be moved to the threads that use them.
 *
 * @example
 * ```js
 * import { createRing } from 'crosscore'
 *
 * const { producer, consumer } = createRing({ of: 'f64', capacity: 1024 })
 * producer.push(1.5)
 * console.log(consumer.pop()) // 1.5
 * ```
 *
 * @throws {CrosscoreError} `ERR_CROSSCORE_INVALID_ARG`; `ERR_CROSSCORE_MEMORY` when the system gives
 * no memory; `ERR_CROSSCORE_UNSUPPORTED` where external ArrayBuffers are forbidden (Electron).
 */
export const createRing: <K extends ElementKind>(
  options: RingOptions<K>,
) => { producer: Producer<K>; consumer: Consumer<K> } = create as never

/**
 * Stands for a producer while it travels: plain data, to be posted or put into `workerData`. It works
 * once, in any thread of this process. Until it is claimed it keeps the ring alive; to give it up,
 * claim it and close what it gives.
 */
export interface ProducerToken<K extends ElementKind> {
  readonly crosscore: 'producer'
  readonly of: K
  readonly id: string
}

/** Stands for a consumer while it travels, as {@link ProducerToken} does for a producer. */
export interface ConsumerToken<K extends ElementKind> {
  readonly crosscore: 'consumer'
  readonly of: K
  readonly id: string
}

/** How long a blocking call waits. */
export interface BlockOptions {
  /** In milliseconds, 0 or more. As long as it takes, by default. */
  timeout?: number
}

/** How a wait is ended early. */
export interface ReadyOptions {
  /** Rejects the wait with an `AbortError`. */
  signal?: AbortSignal
}

/** Counts since the ring was made; recent, and not all of one instant. */
export interface Stats {
  /** Elements or messages published. */
  readonly sent: number
  /** Elements or messages that the consumer has given back. */
  readonly received: number
  /** How often the producer asked and found too little room. */
  readonly fullEncounters: number
  /** How often the consumer asked and found too little. */
  readonly emptyEncounters: number
  /** The most that was in the ring when either side looked: elements, or bytes for `'bytes'`. */
  readonly highWaterMark: number
}

/**
 * The writing half of a ring. It belongs to one thread at a time; {@link Producer.move} takes it to
 * another. A moved handle throws `ERR_CROSSCORE_MOVED` whatever it is asked, except to close; a closed
 * one throws `ERR_CROSSCORE_CLOSED` when it is asked to write. Statistics stay.
 */
export interface Producer<K extends ElementKind> {
  /**
   * Writes one element or message; `false` when there is no room, and then nothing has changed.
   *
   * @example
   * ```js
   * import { createRing } from 'crosscore'
   *
   * const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
   * const message = new TextEncoder().encode('hello')
   * while (!producer.push(message)) {
   *   // full: the consumer is behind
   * }
   * console.log(consumer.pop().length) // 5
   * ```
   *
   * @throws {CrosscoreError} `INVALID_ARG` for a value that the kind does not hold exactly (floats are
   * rounded), `TOO_LARGE` for a message longer than `capacity - 8`, `CLOSED` when the consumer is
   * gone, `BUSY` while a reservation is open.
   */
  push(value: Element<K>): boolean

  /**
   * Writes as many as there is room for, publishes them once and tells how many.
   *
   * A typed array of the ring's own kind is copied at once. A wrong value in an array throws before
   * any of it is written. Of any other iterable, an item is only taken when there is room for it, and
   * the iterator is left open: pass the same iterator again to go on. (For `'bytes'`, whose items
   * cannot be measured beforehand, the one that did not fit is kept and comes first.)
   *
   * @example
   * ```js
   * import { createRing } from 'crosscore'
   *
   * const { producer, consumer } = createRing({ of: 'u32', capacity: 1024 })
   * console.log(producer.pushMany(Uint32Array.of(1, 2, 3))) // 3
   * console.log(consumer.popMany(2)) // [ 1, 2 ]
   * ```
   */
  pushMany(values: NumericArray<K> | Iterable<Element<K>>): number

  /**
   * As {@link Producer.push}, but blocks this thread while there is no room; `false` when the time is
   * over. `worker.terminate()` takes effect within 20 ms all the same.
   *
   * @example
   * ```js
   * import { createRing } from 'crosscore'
   *
   * const { producer } = createRing({ of: 'u8', capacity: 1, memory: 'heap' })
   * console.log(producer.pushSync(1)) // true
   * console.log(producer.pushSync(2, { timeout: 5 })) // false
   * ```
   *
   * @throws {CrosscoreError} as `push`, and `BUSY` while a `ready()` is pending.
   */
  pushSync(value: Element<K>, options?: BlockOptions): boolean

  /**
   * Pushes all of `values`, blocking while there is no room; tells how many went in before the time was
   * over. To go on with an iterator, pass the same one again, here or to `pushMany`: the item that had
   * no room comes first.
   */
  pushManySync(values: NumericArray<K> | Iterable<Element<K>>, options?: BlockOptions): number

  /**
   * Resolves when there is room for `n` elements, or for one message of `n` bytes: with `true`, or with
   * `false` when the consumer is gone. One wait at a time on a handle: a second one, and anything that
   * blocks, is refused with `BUSY`. While it is pending it keeps the event loop alive, unless
   * {@link Producer.unref} says otherwise.
   *
   * @example
   * ```js
   * import { createRing } from 'crosscore'
   *
   * const { producer, consumer } = createRing({ of: 'f64', capacity: 2, memory: 'heap' })
   * producer.pushMany([1, 2])
   * setImmediate(() => consumer.popMany(2))
   * console.log(await producer.ready(2)) // true
   * ```
   */
  ready(n?: number, options?: ReadyOptions): Promise<boolean>
  ready(options?: ReadyOptions): Promise<boolean>

  /** A pending wait keeps the event loop alive (the default). */
  ref(): void

  /** A pending wait lets the event loop end. */
  unref(): void

  /**
   * Room for `n` elements, or for one message of up to `n` bytes, to be written in place: one
   * contiguous view, or `null` when there is no room for all of it. Nothing is visible before
   * {@link Producer.commit}; an open reservation is never published, not even if the thread dies.
   *
   * The view starts with whatever was in the ring. It must not be used after `commit` or `abort`:
   * the slots then belong to the consumer. Doing so can spoil data, not memory.
   *
   * @example
   * ```js
   * import { createRing } from 'crosscore'
   *
   * const { producer, consumer } = createRing({ of: 'f64', capacity: 1024 })
   * const block = producer.reserve(3)
   * if (block !== null) {
   *   block.set([0.25, 0.5, 0.75])
   *   producer.commit(2) // only the first two
   * }
   * console.log(consumer.popMany(10)) // [ 0.25, 0.5 ]
   * ```
   *
   * @throws {CrosscoreError} `TOO_LARGE` for more than the ring holds, `BUSY` while one is open.
   */
  reserve(n: number): View<K> | null

  /** Makes the first `n` elements of the reservation part of the stream; for `'bytes'`, a message of `n` bytes. All of it by default. */
  commit(n?: number): void

  /** Gives the reservation up. */
  abort(): void

  /** Publishes what is pending. */
  flush(): void

  /** Slots, or bytes, that are free now. A look at the consumer's cursor. */
  readonly free: number

  /** Elements, or bytes, that the ring holds. For `'bytes'` the longest message is 8 bytes shorter. */
  readonly capacity: number

  /** What the ring carries. */
  readonly of: K

  /** What the ring's memory became. */
  readonly memory: 'mirrored' | 'heap'

  /** Whether nothing can be sent any more: the consumer is gone, or this handle was closed. */
  readonly closed: boolean

  readonly stats: Stats

  /** Publishes what is pending and sends nothing more. What was published stays readable. May be called again. */
  close(): void

  /** As {@link Producer.close}, for `using`. */
  [Symbol.dispose](): void

  /**
   * Empties this handle and returns a token for it; `Producer.from(token)` in any thread of the process
   * takes it.
   *
   * @example
   * ```js
   * import { createRing, Producer } from 'crosscore'
   *
   * const { producer, consumer } = createRing({ of: 'i32', capacity: 64 })
   * const token = producer.move() // post this to a worker
   * const there = Producer.from(token) // and this is what the worker does
   * there.push(-7)
   * console.log(consumer.pop()) // -7
   * ```
   *
   * @throws {CrosscoreError} `BUSY` while a reservation is open.
   */
  move(): ProducerToken<K>
}

/** Takes the handles that tokens stand for; `instanceof Producer` tells producers. */
export const Producer: {
  /**
   * Takes the producer that `token` stands for.
   *
   * @throws {CrosscoreError} `TOKEN` for one that was used, forged, is a consumer's or comes from
   * another process.
   */
  from<K extends ElementKind>(token: ProducerToken<K>): Producer<K>
  [Symbol.hasInstance](value: unknown): boolean
} = ProducerConstructor as never

/**
 * The reading half of a ring. It belongs to one thread at a time; {@link Consumer.move} takes it to
 * another.
 *
 * What has been read is given back to the producer in batches: when a quarter of the ring was read,
 * when a read finds the ring empty, at the end of every `popMany`, `drain` and `release`, and at the
 * latest at the end of the current turn of the event loop.
 */
export interface Consumer<K extends ElementKind> {
  /**
   * The oldest element or message, or `undefined` when there is none. A message is a copy.
   *
   * @example
   * ```js
   * import { createRing } from 'crosscore'
   *
   * const { producer, consumer } = createRing({ of: 'u64', capacity: 64 })
   * producer.push(2n ** 64n - 1n)
   * producer.close()
   * while (!consumer.done) {
   *   const value = consumer.pop()
   *   if (value !== undefined) console.log(value) // 18446744073709551615n
   * }
   * ```
   */
  pop(): Element<K> | undefined

  /**
   * As {@link Consumer.pop}, but blocks this thread while there is nothing; `undefined` when the time
   * is over, and when the ring is {@link Consumer.done}. `worker.terminate()` takes effect within 20 ms
   * all the same.
   *
   * @example
   * ```js
   * import { createRing } from 'crosscore'
   *
   * const { producer, consumer } = createRing({ of: 'f32', capacity: 16 })
   * producer.push(0.5)
   * producer.close()
   * console.log(consumer.popSync()) // 0.5
   * console.log(consumer.popSync(), consumer.done) // undefined true
   * ```
   *
   * @throws {CrosscoreError} `BUSY` while a `ready()` is pending.
   */
  popSync(options?: BlockOptions): Element<K> | undefined

  /**
   * Resolves when there is something to read: with `true`, or with `false` when the producer is gone and
   * the ring is drained. One wait at a time on a handle: a second one, and anything that blocks, is
   * refused with `BUSY`. While it is pending it keeps the event loop alive, unless
   * {@link Consumer.unref} says otherwise.
   *
   * @example
   * ```js
   * import { createRing } from 'crosscore'
   *
   * const { producer, consumer } = createRing({ of: 'u16', capacity: 16 })
   * setTimeout(() => producer.push(7), 5)
   * if (await consumer.ready()) console.log(consumer.pop()) // 7
   *
   * const late = consumer.ready({ signal: AbortSignal.timeout(5) })
   * await late.catch((error) => console.log(error.name)) // AbortError
   * ```
   */
  ready(options?: ReadyOptions): Promise<boolean>

  /** A pending wait keeps the event loop alive (the default). */
  ref(): void

  /** A pending wait lets the event loop end. */
  unref(): void

  /**
   * Element by element, until the producer is gone and the last one was read, or this consumer is
   * closed. Leaving the loop early leaves the consumer open: a later loop goes on with the next element.
   *
   * @example
   * ```js
   * import { createRing } from 'crosscore'
   *
   * const { producer, consumer } = createRing({ of: 'i8', capacity: 16 })
   * producer.pushMany([1, 2, 3])
   * producer.close()
   * let sum = 0
   * for await (const value of consumer) sum += value
   * console.log(sum) // 6
   * ```
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Element<K>>

  /**
   * As the iteration above, but what is there is given together, up to `max`: a typed array of its own,
   * or an array of messages. Many times faster where elements come faster than turns.
   *
   * @example
   * ```js
   * import { createRing } from 'crosscore'
   *
   * const { producer, consumer } = createRing({ of: 'i32', capacity: 16 })
   * producer.pushMany([1, 2, 3])
   * producer.close()
   * for await (const batch of consumer.batches(2)) console.log(batch.length) // 2, then 1
   * ```
   */
  batches(max?: number): AsyncIterableIterator<K extends keyof ArrayOf ? ArrayOf[K] : Element<K>[]>

  /** Copies elements into a typed array of the ring's kind, as many as there are and fit; tells how many. */
  popMany(into: NumericArray<K>): number
  /** Up to `max` elements or messages, as an array. */
  popMany(max: number): Element<K>[]

  /**
   * Up to `n` of the oldest elements (all, by default) in one contiguous view, or the oldest message,
   * where it lies. It stays in the ring until {@link Consumer.release}, after which the view must not
   * be used.
   *
   * @example
   * ```js
   * import { createRing } from 'crosscore'
   *
   * const { producer, consumer } = createRing({ of: 'i16', capacity: 256 })
   * producer.pushMany([3, 4, 5])
   * const samples = consumer.peek(2)
   * console.log(samples[0] + samples[1]) // 7
   * consumer.release(2)
   * console.log(consumer.available) // 1
   * ```
   */
  peek(n?: number): Peek<K>

  /** Gives back the first `n` elements that the last peek showed (all of them, by default), or the message that it showed. */
  release(n?: number): void

  /**
   * Calls `fn` with each element that is there, up to `max`, in order; tells how many. A message is
   * shown in place and must not be kept. If `fn` throws, the element that it threw on is gone; none
   * is lost beyond it and none is repeated.
   *
   * @example
   * ```js
   * import { createRing } from 'crosscore'
   *
   * const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
   * producer.pushMany([Uint8Array.of(1), Uint8Array.of(2, 3)])
   * let bytes = 0
   * console.log(consumer.drain((message) => (bytes += message.length))) // 2
   * console.log(bytes) // 3
   * ```
   */
  drain(fn: (value: Element<K>) => void, max?: number): number

  /**
   * As {@link Consumer.drain}, without making anything: `fn` gets the ring's memory and where to look in
   * it, from `start` up to but not including `end`. For `'bytes'` it is called for each message; for
   * other kinds once, with all elements that are there, up to `max`. Nothing there belongs to `fn` after
   * it has returned, and nothing outside the range ever does. If it throws, what it was shown is gone.
   *
   * @example
   * ```js
   * import { createRing } from 'crosscore'
   *
   * const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
   * producer.push(Uint8Array.of(5, 6, 7))
   * let sum = 0
   * consumer.visit((bytes, start, end) => {
   *   for (let i = start; i < end; i++) sum += bytes[i]
   * })
   * console.log(sum) // 18
   * ```
   */
  visit(fn: (memory: View<K>, start: number, end: number) => void, max?: number): number

  /** Elements, or bytes with headers and padding, that can be read now. A look at the producer's cursor. */
  readonly available: number

  /** Elements, or bytes, that the ring holds. */
  readonly capacity: number

  /** What the ring carries. */
  readonly of: K

  /** What the ring's memory became. */
  readonly memory: 'mirrored' | 'heap'

  /** Whether the producer is gone, or this handle was closed. There may still be something to read. */
  readonly closed: boolean

  /** Whether everything that will ever come has been read, or this handle was closed. */
  readonly done: boolean

  readonly stats: Stats

  /** Reads nothing more: what is left is dropped, and the producer finds the ring closed. May be called again. */
  close(): void

  /** As {@link Consumer.close}, for `using`. */
  [Symbol.dispose](): void

  /** Empties this handle and returns a token for it; `Consumer.from(token)` in any thread of the process takes it. */
  move(): ConsumerToken<K>
}

/** Takes the handles that tokens stand for; `instanceof Consumer` tells consumers. */
export const Consumer: {
  /**
   * Takes the consumer that `token` stands for.
   *
   * @throws {CrosscoreError} `TOKEN` for one that was used, forged, is a producer's or comes from
   * another process.
   */
  from<K extends ElementKind>(token: ConsumerToken<K>): Consumer<K>
  [Symbol.hasInstance](value: unknown): boolean
} = ConsumerConstructor as never

/**
 * What an error is about.
 *
 * | code | meaning |
 * | --- | --- |
 * | `ERR_CROSSCORE_INVALID_ARG` | an argument is wrong; the message says what was given and what is allowed |
 * | `ERR_CROSSCORE_CLOSED` | the handle was closed, or there is nobody at the other end |
 * | `ERR_CROSSCORE_MOVED` | the handle was moved |
 * | `ERR_CROSSCORE_TOKEN` | a token was used before, is forged, of the wrong side or from another process |
 * | `ERR_CROSSCORE_TOO_LARGE` | a message or reservation can never fit |
 * | `ERR_CROSSCORE_BUSY` | a reservation, a drain or a wait is under way |
 * | `ERR_CROSSCORE_MEMORY` | the system gives no memory for the ring |
 * | `ERR_CROSSCORE_UNSUPPORTED` | this runtime forbids what a ring needs |
 * | `ERR_CROSSCORE_CORRUPT` | something wrote into the ring through a view that it no longer owned |
 */
export type CrosscoreErrorCode =
  | 'ERR_CROSSCORE_INVALID_ARG'
  | 'ERR_CROSSCORE_CLOSED'
  | 'ERR_CROSSCORE_MOVED'
  | 'ERR_CROSSCORE_TOKEN'
  | 'ERR_CROSSCORE_TOO_LARGE'
  | 'ERR_CROSSCORE_BUSY'
  | 'ERR_CROSSCORE_MEMORY'
  | 'ERR_CROSSCORE_UNSUPPORTED'
  | 'ERR_CROSSCORE_CORRUPT'

/** What this package throws. */
export interface CrosscoreError extends Error {
  readonly name: 'CrosscoreError'
  readonly code: CrosscoreErrorCode
}

/** For `instanceof`. */
export const CrosscoreError: {
  new (code: CrosscoreErrorCode, message: string): CrosscoreError
  readonly prototype: CrosscoreError
} = ErrorClass as never

// ---- on top of the rings: lib/adapters/, which uses nothing but what stands above ------------------

export { createDuplex, Duplex, type DuplexToken } from './lib/adapters/duplex.js'
export { merge, type Merged, type MergeOptions } from './lib/adapters/merge.js'
export { rpc, type Answer, type CallOptions, type Remote, type RemoteCall, type Rpc, type RpcOptions } from './lib/adapters/rpc.js'
export { spread, type Spread, type SpreadBy, type SpreadOptions } from './lib/adapters/spread.js'
