// Two rings as one two-way endpoint.

import type { ClaimOptions, Consumer, ConsumerToken, ElementKind, MoveOptions, Producer, ProducerToken, RingOptions } from '../../index.js'
import { closeWith } from '../adapters/closing.js'
import { CrosscoreError } from '../environment/errors.js'
import { ConsumerConstructor, createRing, ProducerConstructor } from '../kinds/handles.js'

/** Stands for an endpoint while it travels, as a token does for a handle: plain data that works once. */
export interface DuplexToken<K extends ElementKind> {
  readonly crosscore: 'duplex'
  readonly of: ProducerToken<K>['of']
  readonly producer: ProducerToken<K>
  readonly consumer: ConsumerToken<K>
}

/**
 * One of two ends that both write and read: what this one's `producer` pushes, the other one's `consumer` pops.
 * It comes from {@link createDuplex} or {@link Duplex.from}.
 */
export class Duplex<K extends ElementKind> {
  #producer: Producer<K>
  #consumer: Consumer<K>

  /** @internal */
  constructor(producer: Producer<K>, consumer: Consumer<K>) {
    this.#producer = producer
    this.#consumer = consumer
  }

  /** Writes to the other end. */
  get producer(): Producer<K> {
    return this.#producer
  }

  /** Reads what the other end wrote. */
  get consumer(): Consumer<K> {
    return this.#consumer
  }

  /** Whether nothing goes out and nothing more comes in. There may still be something to read. */
  get closed(): boolean {
    return this.#producer.closed && this.#consumer.closed
  }

  /** A pending wait of either handle keeps the event loop alive (the default). */
  ref(): void {
    this.#producer.ref()
    this.#consumer.ref()
  }

  /** A pending wait of either handle lets the event loop end. */
  unref(): void {
    this.#producer.unref()
    this.#consumer.unref()
  }

  /** Closes both handles. What was pushed stays readable at the other end; what was not read here is dropped. */
  close(reason?: Error): void {
    closeWith(this.#producer, reason)
    closeWith(this.#consumer, reason)
  }

  /** As {@link Duplex.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /**
   * Empties this endpoint and returns one token for both of its handles; `Duplex.from(token)` in any thread of the
   * process takes it. Either both are moved or none is.
   *
   * @throws {CrosscoreError} as the handles' own `move`.
   */
  move(options?: MoveOptions): DuplexToken<K> {
    const { of } = this.#producer
    const producer = this.#producer.move(options)
    try {
      return { crosscore: 'duplex', of: producer.of, producer, consumer: this.#consumer.move(options) }
    } catch (error) {
      this.#producer = ProducerConstructor.from(producer, { of })
      throw error
    }
  }

  /**
   * Takes the endpoint that `token` stands for. A codec does not travel with it: `options.of` names it again.
   *
   * @throws {CrosscoreError} `TOKEN` for one that was used, forged, is a single handle's or comes from another process.
   */
  static from<K extends ElementKind>(token: DuplexToken<K>, options?: ClaimOptions<K>): Duplex<K> {
    const parts: Partial<DuplexToken<K>> = typeof token === 'object' && token !== null ? token : {}
    if (parts.crosscore !== 'duplex') {
      throw new CrosscoreError('ERR_CROSSCORE_TOKEN', "a duplex endpoint's token, as its move() returned it, was expected")
    }
    const producer = ProducerConstructor.from(parts.producer!, options)
    try {
      return new Duplex(producer, ConsumerConstructor.from(parts.consumer!, options))
    } catch (error) {
      // Half an endpoint is none: the other end is to see that.
      producer.close()
      throw error
    }
  }
}

/**
 * Makes two rings and gives the two ends of a two-way connection, each of which moves to another thread as one token.
 * The options are those of {@link createRing}, for both directions.
 *
 * @example
 * ```js
 * import { createDuplex, Duplex } from 'crosscore'
 *
 * const [here, there] = createDuplex({ of: 'f64', capacity: 64 })
 * const token = there.move() // post this to a worker
 * const other = Duplex.from(token) // and this is what the worker does
 * here.producer.push(2)
 * other.producer.push(other.consumer.pop() * 21)
 * console.log(here.consumer.pop()) // 42
 * ```
 */
export function createDuplex<K extends ElementKind>(options: RingOptions<K>): [Duplex<K>, Duplex<K>] {
  const there = createRing(options)
  const back = createRing(options)
  return [new Duplex(there.producer, back.consumer), new Duplex(back.producer, there.consumer)]
}
