// One stream over many rings.

import type { AbortSignalLike, Element, ElementKind, Producer, ReadyOptions } from '../../index.js'
import { checkOptionsObject, CrosscoreError, invalidArgument } from '../environment/errors.js'
import { closeWith, consumerGone } from '../adapters/closing.js'
import { moreRoom, sizeOf } from '../adapters/sending.js'
import { abortError, onAbort, signalOf } from '../handle/signal.js'
import { checkHandle, checkListener, handlesOf } from './arguments.js'

/** To which ring an element goes. */
export type SpreadBy<K extends ElementKind> =
  /** To the next that has room. */
  | 'round-robin'
  /** To the one with the most room. */
  | 'least-full'
  /** To the ring of its key: what has the same key stays in order. */
  | ((value: Element<K>) => string | number | bigint)

/** How elements are spread. */
export interface SpreadOptions<K extends ElementKind> {
  /** `'round-robin'` by default. */
  by?: SpreadBy<K> | undefined
  /** Called when a consumer is found gone. What is pushed from then on goes to the others. */
  onGone?: ((producer: Producer<K>) => void) | undefined
}

/** Producers written as one. They belong to it. */
export interface Spread<K extends ElementKind> {
  /**
   * Pushes into one of the rings; `false` when there is no room in the one that it belongs to, or in any.
   *
   * @throws {CrosscoreError} as `Producer.push`; `CLOSED` when all consumers are gone.
   */
  push(value: Element<K>): boolean
  /** Pushes, and waits for room where there is none. Resolves with the producer that it went to. */
  send(value: Element<K>, options?: ReadyOptions): Promise<Producer<K>>
  /** The producer that the last element went to. */
  readonly target: Producer<K> | undefined
  /** Takes one more producer in. */
  add(producer: Producer<K>): void
  /** Producers whose consumer is not known to be gone. */
  readonly size: number
  /** Publishes what is pending. */
  flush(): void
  /** Closes all producers. */
  close(reason?: Error): void
  /** As {@link Spread.close}, for `using`. */
  [Symbol.dispose](): void
}

/** What one ring has no room for goes to another, or is tried again: a ring that has counted it as dropped is none for that. */
function checkKeeps<K extends ElementKind>(producer: Producer<K>): void {
  if (producer.onFull === 'refuse') return
  throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', "a spread tries again what found no room: it takes no ring that was made with onFull: 'drop'")
}

/** A send that waits for room. */
interface Waiter {
  resolve(): void
  reject(error: unknown): void
}

class SpreadProducer<K extends ElementKind> implements Spread<K> {
  /** Those that were given; where a consumer is gone, its place is empty, so that the keys of the others stay where they are. */
  readonly #places: (Producer<K> | undefined)[]
  #alive: Producer<K>[]
  readonly #by: SpreadBy<K>
  readonly #onGone: SpreadOptions<K>['onGone']
  #next = 0
  #target: Producer<K> | undefined
  /** Whose `ready()` is pending, and the sends that it is to wake. */
  readonly #waiting = new Map<Producer<K>, Set<Waiter>>()

  constructor(producers: Iterable<Producer<K>>, options: SpreadOptions<K>) {
    checkOptionsObject(options, "{ by: 'least-full' }")
    const { by = 'round-robin', onGone } = options
    if (typeof by !== 'function' && by !== 'round-robin' && by !== 'least-full') {
      throw invalidArgument('options.by', "'round-robin', 'least-full' or a function", by)
    }
    checkListener('options.onGone', onGone)
    this.#by = by
    this.#onGone = onGone
    this.#places = handlesOf('producer', producers)
    this.#alive = this.#places.slice() as Producer<K>[]
    if (new Set(this.#alive).size !== this.#alive.length) {
      throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', 'a producer can be in a spread once')
    }
    this.#alive.forEach(checkKeeps)
  }

  get size(): number {
    return this.#alive.length
  }

  get target(): Producer<K> | undefined {
    return this.#target
  }

  add(producer: Producer<K>): void {
    if (this.#alive.includes(producer)) throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', 'a producer can be in a spread once')
    checkHandle('producer', producer)
    checkKeeps(producer)
    const empty = this.#places.indexOf(undefined)
    if (empty < 0) this.#places.push(producer)
    else this.#places[empty] = producer
    this.#alive.push(producer)
  }

  push(value: Element<K>): boolean {
    for (;;) {
      if (this.#alive.length === 0) throw consumerGone()
      const by = this.#by
      const tried = by === 'round-robin' ? this.#pushNext(value) : this.#pushTo(by === 'least-full' ? this.#emptiest() : this.#keyed(by(value)), value)
      // Undefined: a consumer was found gone, and the rest is to be asked again.
      if (tried !== undefined) return tried
    }
  }

  #pushNext(value: Element<K>): boolean | undefined {
    const { length } = this.#alive
    for (let i = 0; i < length; i++) {
      const at = (this.#next + i) % length
      const pushed = this.#pushTo(this.#alive[at]!, value)
      if (pushed === true) this.#next = at + 1
      if (pushed !== false) return pushed
    }
    return false
  }

  #pushTo(producer: Producer<K>, value: Element<K>): boolean | undefined {
    try {
      const pushed = producer.push(value)
      if (pushed) this.#target = producer
      return pushed
    } catch (error) {
      this.#loseOrThrow(producer, error)
      return undefined
    }
  }

  /** A producer has thrown: because its consumer is gone, or for another reason. */
  #loseOrThrow(producer: Producer<K>, error: unknown): void {
    // A value's own code may throw as much, of another ring. By its code: a producer may be of another copy of the package.
    if ((error as { code?: unknown } | null)?.code !== 'ERR_CROSSCORE_CLOSED' || !producer.closed) throw error
    this.#lose(producer)
  }

  #emptiest(): Producer<K> {
    let emptiest = this.#alive[0]!
    let most = -1
    for (const producer of this.#alive) {
      const { free } = producer
      if (free <= most) continue
      most = free
      emptiest = producer
    }
    return emptiest
  }

  #keyed(key: string | number | bigint): Producer<K> {
    const hash = hashOf(key)
    // What made the key may have closed all.
    if (this.#alive.length === 0) throw consumerGone()
    // The keys of a consumer that is gone are shared out; those of the others stay.
    return this.#places[hash % this.#places.length] ?? this.#alive[hash % this.#alive.length]!
  }

  #lose(producer: Producer<K>): void {
    const place = this.#places.indexOf(producer)
    // A value's own code may have closed all.
    if (place < 0) return
    this.#places[place] = undefined
    this.#alive = this.#alive.filter((other) => other !== producer)
    producer.close()
    this.#onGone?.(producer)
  }

  async send(value: Element<K>, options?: ReadyOptions): Promise<Producer<K>> {
    const signal = signalOf(options)
    let wanted = 0
    for (;;) {
      if (signal?.aborted === true) throw abortError(signal)
      if (this.push(value)) return this.#target!
      const by = this.#by
      const producers = typeof by === 'function' ? [this.#keyed(by(value))] : this.#alive
      wanted = moreRoom(wanted, sizeOf(value), producers[0]!)
      await this.#room(producers, wanted, signal)
    }
  }

  /**
   * Resolves when one of them may have room. Not by a race of their promises, which would leave a reaction for each send
   * with that of a ring that stays full.
   */
  #room(producers: readonly Producer<K>[], wanted: number, signal: AbortSignalLike | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const sets = producers.map((producer) => this.#waitersOf(producer, Math.min(wanted, producer.capacity)))
      const end = (tell: () => void): void => {
        for (const waiters of sets) waiters.delete(waiter)
        forget?.()
        tell()
      }
      const waiter: Waiter = { resolve: () => end(resolve), reject: (error) => end(() => reject(error)) }
      // First what may throw: then nothing has been left behind.
      const forget = signal && onAbort(signal, () => waiter.reject(abortError(signal)))
      for (const waiters of sets) waiters.add(waiter)
    })
  }

  /** A wait that is there already serves all. */
  #waitersOf(producer: Producer<K>, n: number): Set<Waiter> {
    const there = this.#waiting.get(producer)
    if (there !== undefined) return there
    const waiters = new Set<Waiter>()
    this.#waiting.set(producer, waiters)
    const wake = (tell: (waiter: Waiter) => void): void => {
      this.#waiting.delete(producer)
      for (const waiter of waiters) tell(waiter)
    }
    producer.ready(n).then(
      () => wake((waiter) => waiter.resolve()),
      (error: unknown) => wake((waiter) => waiter.reject(error)),
    )
    return waiters
  }

  flush(): void {
    // One that is lost leaves this array as it is.
    for (const producer of this.#alive) {
      try {
        producer.flush()
      } catch (error) {
        this.#loseOrThrow(producer, error)
      }
    }
  }

  close(reason?: Error): void {
    const alive = this.#alive
    this.#alive = []
    this.#places.length = 0
    for (const producer of alive) closeWith(producer, reason)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** FNV-1a, over what the key is written as. */
function hashOf(key: string | number | bigint): number {
  const text = String(key)
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/**
 * Writes one stream into many rings; see {@link Spread}. They may be of one kind only.
 *
 * @example
 * ```js
 * import { createRing, spread } from 'crosscore'
 *
 * const rings = [createRing({ of: 'f64', capacity: 16 }), createRing({ of: 'f64', capacity: 16 })]
 * const out = spread(rings.map(({ producer }) => producer))
 * for (const n of [1, 2, 3]) await out.send(n)
 * console.log(rings.map(({ consumer }) => consumer.popMany(16))) // [ [ 1, 3 ], [ 2 ] ]
 * ```
 */
export function spread<K extends ElementKind>(producers: Iterable<Producer<K>>, options: SpreadOptions<K> = {}): Spread<K> {
  return new SpreadProducer(producers, options)
}
