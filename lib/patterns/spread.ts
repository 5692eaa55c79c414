// One stream over many rings.

import type { AbortSignalLike, Element, ElementKind, Producer, ReadyOptions } from '../../index.js'
import { CrosscoreError } from '../environment/errors.js'
import { consumerGone } from '../adapters/closing.js'
import { moreRoom, sizeOf } from '../adapters/sending.js'
import { abortError, onAbort, signalOf } from '../handle/signal.js'

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

class SpreadProducer<K extends ElementKind> implements Spread<K> {
  /** Those that were given; where a consumer is gone, its place is empty, so that the keys of the others stay where they are. */
  readonly #places: (Producer<K> | undefined)[]
  #alive: Producer<K>[]
  readonly #by: SpreadBy<K>
  readonly #onGone: SpreadOptions<K>['onGone']
  #next = 0
  #target: Producer<K> | undefined
  /** Waits, each for room in one of these. */
  readonly #waits = new Map<Producer<K>, Promise<boolean>>()

  constructor(producers: Iterable<Producer<K>>, { by = 'round-robin', onGone }: SpreadOptions<K>) {
    if (typeof by !== 'function' && by !== 'round-robin' && by !== 'least-full') {
      throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', `by must be 'round-robin', 'least-full' or a function; got ${String(by)}`)
    }
    this.#by = by
    this.#onGone = onGone
    this.#places = [...producers]
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
      // A value's own code may throw as much, of another ring.
      if (!(error instanceof CrosscoreError) || error.code !== 'ERR_CROSSCORE_CLOSED' || !producer.closed) throw error
      this.#lose(producer)
      return undefined
    }
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
      const room = Promise.race(producers.map((producer) => this.#room(producer, Math.min(wanted, producer.capacity))))
      await (signal === undefined ? room : abortable(room, signal))
    }
  }

  /** A wait that is there already serves all. */
  #room(producer: Producer<K>, n: number): Promise<boolean> {
    let wait = this.#waits.get(producer)
    if (wait === undefined) {
      wait = producer.ready(n).finally(() => this.#waits.delete(producer))
      this.#waits.set(producer, wait)
    }
    return wait
  }

  flush(): void {
    for (const producer of this.#alive) producer.flush()
  }

  close(reason?: Error): void {
    const alive = this.#alive
    this.#alive = []
    this.#places.length = 0
    for (const producer of alive) (producer.close as (reason?: Error) => void)(reason)
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

/** As `promise`, or rejected when the signal is aborted. */
function abortable<T>(promise: Promise<T>, signal: AbortSignalLike): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => reject(abortError(signal)))
    promise.then(resolve, reject).finally(forget)
  })
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
