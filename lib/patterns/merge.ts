// Many rings as one source.

import type { AbortSignalLike, Consumer, ElementKind, Popped, ReadyOptions } from '../../index.js'
import { checkInteger, checkOptionsObject, CrosscoreError } from '../environment/errors.js'
import { nextTurn, turnIsDue } from '../environment/turn.js'
import { abortError, onAbort, signalOf } from '../handle/signal.js'
import { checkHandle, checkListener, handlesOf } from './arguments.js'

/** Elements that are taken from one ring before the next one has its turn. */
const TURN = 32
/** Turns after which those that were found empty are looked at, should nobody give the event loop the turn in which they come back. */
const TURNS_UNTIL_LOOK = 16
/** Elements in a batch when the caller names no number. */
const LONGEST_BATCH = 4096

/**
 * Consumers read as one: in the order of each ring, and each ring in its turn. The consumers belong to it; it ends when
 * all of them have ended.
 */
export interface Merged<K extends ElementKind> {
  /** The next element or message of any ring, or `undefined` when there is none. */
  pop(): Popped<K> | undefined
  /** Up to `max` of them: as many of each ring as are its share. */
  popMany(max: number): Popped<K>[]
  /** The consumer that the last element or batch came from. */
  readonly source: Consumer<K> | undefined
  /** Resolves with `true` when there is something to read, with `false` when there never will be. One wait at a time. */
  ready(options?: ReadyOptions): Promise<boolean>
  /** Element by element, until all have ended. Leaving the loop early leaves all as it is. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Popped<K>>
  /** As the iteration, but what is there of one ring is given together, up to `max`: look at `source` to know of which. */
  batches(max?: number): AsyncIterableIterator<Popped<K>[]>
  /** Takes one more consumer in, also when all others have ended. Refused once it was closed. */
  add(consumer: Consumer<K>): void
  /** Consumers that have not ended. */
  readonly size: number
  /** Whether everything that will ever come has been read. */
  readonly done: boolean
  /** A pending wait keeps the event loop alive (the default). */
  ref(): void
  /** A pending wait lets the event loop end. */
  unref(): void
  /** Closes all consumers. */
  close(): void
  /** As {@link Merged.close}, for `using`. */
  [Symbol.dispose](): void
}

/** How consumers are merged. */
export interface MergeOptions<K extends ElementKind> {
  /** Called when a ring has ended and all of it was read; `reason` is what its producer was closed with. */
  onEnd?: ((consumer: Consumer<K>, reason: Error | undefined) => void) | undefined
}

interface Wait {
  resolve(ready: boolean): void
  reject(error: unknown): void
  /** Takes the listener of the signal away. */
  forget: (() => void) | undefined
}

class MergedConsumer<K extends ElementKind> implements Merged<K> {
  readonly #onEnd: MergeOptions<K>['onEnd']
  /** Consumers that had something when they were last looked at, in the order of their turns. */
  readonly #live: Consumer<K>[] = []
  /** Consumers that were found empty, and come back to the live ones when they have something. */
  readonly #asleep = new Set<Consumer<K>>()
  /** Consumers whose `ready()` is pending: those asleep, and such as were roused by a poll before it came. */
  readonly #waiting = new Set<Consumer<K>>()
  /** What a wait of a consumer was rejected with, until somebody hears of it. */
  #failed: { error: unknown } | undefined
  /** Whose turn it is, and what is left of the turn. */
  #turn = 0
  #left = TURN
  #passed = 0
  #source: Consumer<K> | undefined
  #wait: Wait | undefined
  #closed = false
  /** Holds the event loop in the place of all those waits, one for all. */
  #hold: NodeJS.Timeout | undefined
  #holds = true

  constructor(consumers: Iterable<Consumer<K>>, options: MergeOptions<K>) {
    checkOptionsObject(options, '{ onEnd: (consumer) => {} }')
    this.#onEnd = options.onEnd
    checkListener('options.onEnd', this.#onEnd)
    for (const consumer of handlesOf('consumer', consumers)) this.#take(consumer)
  }

  #take(consumer: Consumer<K>): void {
    if (this.#live.includes(consumer) || this.#asleep.has(consumer)) {
      throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', 'a consumer can be merged once')
    }
    consumer.unref()
    this.#live.push(consumer)
  }

  add(consumer: Consumer<K>): void {
    if (this.#closed) throw new CrosscoreError('ERR_CROSSCORE_CLOSED', 'this merge was closed')
    checkHandle('consumer', consumer)
    this.#take(consumer)
    this.#wake()
  }

  get size(): number {
    return this.#live.length + this.#asleep.size
  }

  get done(): boolean {
    if (this.size === 0) return true
    for (const consumer of [...this.#live, ...this.#asleep]) if (!consumer.done) return false
    return true
  }

  get source(): Consumer<K> | undefined {
    return this.#source
  }

  pop(): Popped<K> | undefined {
    this.#checkFailed()
    const value = this.#popLive()
    return value === undefined && this.#rouse() ? this.#popLive() : value
  }

  /**
   * Looks at those that are asleep: whoever polls may never give the event loop the turn in which they would come back
   * by themselves. Returns whether there is one that has something.
   */
  #rouse(): boolean {
    for (const consumer of this.#asleep) {
      if (consumer.available === 0) continue
      this.#asleep.delete(consumer)
      this.#live.push(consumer)
    }
    return this.#live.length > 0
  }

  #popLive(): Popped<K> | undefined {
    while (this.#live.length > 0) {
      const consumer = this.#next()
      if (this.#left > 0) {
        const value = consumer.pop()
        if (value !== undefined) {
          this.#left--
          this.#source = consumer
          return value
        }
        this.#sleep(consumer)
      } else this.#pass()
    }
    return undefined
  }

  #next(): Consumer<K> {
    if (this.#turn >= this.#live.length) this.#turn = 0
    return this.#live[this.#turn]!
  }

  #pass(): void {
    this.#turn++
    this.#left = TURN
    if (++this.#passed < TURNS_UNTIL_LOOK) return
    this.#passed = 0
    this.#rouse()
  }

  /** The ring whose turn it is, is empty. */
  #sleep(consumer: Consumer<K>): void {
    this.#live.splice(this.#turn, 1)
    this.#left = TURN
    if (consumer.done) {
      this.#ended(consumer)
      return
    }
    this.#asleep.add(consumer)
    if (!this.#waiting.has(consumer)) void this.#await(consumer)
  }

  async #await(consumer: Consumer<K>): Promise<void> {
    this.#waiting.add(consumer)
    try {
      const more = await consumer.ready().finally(() => this.#waiting.delete(consumer))
      if (!this.#asleep.delete(consumer)) return
      if (more) this.#live.push(consumer)
      else this.#ended(consumer)
    } catch (error) {
      // The wait's, or what onEnd throws: nobody awaits this, so the next call tells.
      this.#asleep.delete(consumer)
      this.#failed = { error }
      if (this.size === 0) this.#letGo()
    }
    this.#wake()
  }

  #ended(consumer: Consumer<K>): void {
    if (this.size === 0) this.#letGo()
    this.#onEnd?.(consumer, consumer.reason)
  }

  popMany(max: number): Popped<K>[] {
    checkInteger('max', max, 0, Number.MAX_SAFE_INTEGER)
    this.#checkFailed()
    const values: Popped<K>[] = []
    while (values.length < max && (this.#live.length > 0 || (values.length === 0 && this.#rouse()))) {
      const { length } = this.#live
      const share = Math.ceil((max - values.length) / length)
      for (let i = 0; i < length && values.length < max; i++) {
        try {
          for (const value of this.#batch(Math.min(share, max - values.length))) values.push(value)
        } catch (error) {
          // What was taken from the rings before is not lost for it: the next call tells.
          if (values.length === 0) throw error
          this.#failed = { error }
          return values
        }
      }
    }
    return values
  }

  /** Up to `max` elements of the next ring that has some. */
  #batch(max: number): Popped<K>[] {
    while (this.#live.length > 0) {
      const consumer = this.#next()
      const values = consumer.popMany(max)
      if (values.length > 0) {
        this.#source = consumer
        this.#pass()
        return values
      }
      this.#sleep(consumer)
    }
    return []
  }

  ready(options?: ReadyOptions): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const signal = signalOf(options)
      if (this.#wait !== undefined) {
        throw new CrosscoreError('ERR_CROSSCORE_BUSY', 'ready() is pending on this merge; there is one wait at a time')
      }
      if (signal?.aborted === true) throw abortError(signal)
      this.#checkFailed()
      // Those that are empty go to sleep here, each with a wait of its own.
      this.#settle()
      if (this.#live.length > 0) resolve(true)
      else if (this.#asleep.size === 0) resolve(false)
      else {
        this.#wait = { resolve, reject, forget: signal && onAbort(signal, () => this.#abort(signal)) }
        if (this.#holds) this.#keepAlive()
      }
    })
  }

  /** Puts those to sleep that have nothing, until one is found that has. */
  #settle(): void {
    while (this.#live.length > 0) {
      const consumer = this.#next()
      if (consumer.available > 0) return
      this.#sleep(consumer)
    }
  }

  #checkFailed(): void {
    if (this.#failed === undefined) return
    const { error } = this.#failed
    this.#failed = undefined
    throw error
  }

  #wake(): void {
    if (this.#failed !== undefined) {
      const wait = this.#end()
      if (wait === undefined) return
      wait.reject(this.#failed.error)
      this.#failed = undefined
    } else if (this.#live.length > 0) this.#end()?.resolve(true)
    else if (this.#asleep.size === 0) this.#end()?.resolve(false)
  }

  #abort(signal: AbortSignalLike): void {
    this.#end()?.reject(abortError(signal))
  }

  #end(): Wait | undefined {
    const wait = this.#wait
    if (wait === undefined) return undefined
    this.#wait = undefined
    wait.forget?.()
    this.#hold?.unref()
    return wait
  }

  #keepAlive(): void {
    this.#hold ??= setInterval(() => {}, 2 ** 31 - 1)
    this.#hold.ref()
  }

  /** A timer that nobody needs any more would stay with the event loop for weeks. */
  #letGo(): void {
    clearInterval(this.#hold)
    this.#hold = undefined
  }

  ref(): void {
    this.#holds = true
    if (this.#wait !== undefined) this.#keepAlive()
  }

  unref(): void {
    this.#holds = false
    this.#hold?.unref()
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Popped<K>> {
    return this.#iterate(() => this.#popLive(), 1)
  }

  batches(max: number = LONGEST_BATCH): AsyncIterableIterator<Popped<K>[]> {
    checkInteger('max', max, 1, Number.MAX_SAFE_INTEGER)
    return this.#iterate(() => {
      const batch = this.#batch(max)
      return batch.length === 0 ? undefined : batch
    }, TURN)
  }

  /** `work` is what a step counts as. */
  async *#iterate<T>(take: () => T | undefined, work: number): AsyncGenerator<T, void, undefined> {
    for (;;) {
      this.#checkFailed()
      const value = take()
      if (value === undefined) {
        if (!(await this.ready())) return
        continue
      }
      yield turnIsDue(work) ? await nextTurn(value) : value
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    const consumers = [...this.#live, ...this.#asleep]
    this.#live.length = 0
    this.#asleep.clear()
    this.#letGo()
    for (const consumer of consumers) consumer.close()
    this.#end()?.resolve(false)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/**
 * Reads many rings as one; see {@link Merged}. They may be of one kind only.
 *
 * @example
 * ```js
 * import { createRing, merge } from 'crosscore'
 *
 * const rings = [1, 2, 3].map(() => createRing({ of: 'f64', capacity: 16 }))
 * for (const [n, { producer }] of rings.entries()) {
 *   producer.pushMany([n, n])
 *   producer.close()
 * }
 * let sum = 0
 * for await (const n of merge(rings.map(({ consumer }) => consumer))) sum += n
 * console.log(sum) // 6
 * ```
 */
export function merge<K extends ElementKind>(consumers: Iterable<Consumer<K>>, options: MergeOptions<K> = {}): Merged<K> {
  return new MergedConsumer(consumers, options)
}
