// The cold half of a consumer: everything but reading.

import type { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { inspect } from 'node:util'
import type {
  AbortSignalLike,
  Batch,
  BlockOptions,
  Consumer,
  ConsumerToken,
  ElementKind,
  Gap,
  MoveOptions,
  NumericArray,
  Peek,
  Popped,
  ReadyOptions,
  Shown,
  Stats,
  View,
  ToReadableOptions,
  ToReadableStreamOptions,
} from '../../index.js'
import { toReadable } from '../adapters/node-streams.js'
import { toReadableStream } from '../adapters/web-streams.js'
import { BATCH_WORK, iterate } from '../adapters/iteration.js'
import { checkInteger, checkOptionsObject, CrosscoreError } from '../environment/errors.js'
import { lengthOf } from '../environment/intrinsics.js'
import { STATS } from '../native/control.js'
import type { Port } from './port.js'
import { signalOf } from './signal.js'
import { revokeAtEnd, workerOf } from './token.js'
import { blockSlice, deadlineAfter, Doorbell, type Outcome, ready, timeoutOf } from './waiting.js'

/** What the cold half asks of the hot one. */
export interface HotConsumer<K extends ElementKind> {
  /** Bytes that are known to be there. */
  known(): number
  /** Gives back what was read, looks at the producer's cursor and takes over what is there. */
  look(): void
  /** Up to `max` elements of their own; undefined when there are none. */
  batch(max: number): Batch<K> | undefined
  /** The handle was closed or moved: nothing is there any more. */
  retire(): void
}

/** What a message takes at least. */
const LEAST_MESSAGE = 8

/** A consumer without its hot calls. A kind's own class adds them. */
export abstract class ConsumerShell<K extends ElementKind> implements Consumer<K> {
  readonly #port: Port
  readonly #doorbell: Doorbell
  #hot!: HotConsumer<K>
  // What a wait for anything asks, made once.
  readonly #anything = (): number => 1
  readonly #hasAnything = (): Outcome => this.#has(1, 0)

  constructor(port: Port) {
    this.#port = port
    this.#doorbell = new Doorbell(port)
    port.represent(this)
  }

  /** Whether `value` is a consumer of this package. */
  static is(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #port in value
  }

  /** Joins the halves; the last step of the constructor. What it is given works on the handle that calls it. */
  protected static join<K extends ElementKind>(shell: ConsumerShell<K>, hot: HotConsumer<K>): void {
    shell.#hot = hot
  }

  /** What kept a wait from its outcome is over. */
  protected static resume<K extends ElementKind>(shell: ConsumerShell<K>): void {
    shell.#doorbell.again()
  }

  abstract pop(): Popped<K> | undefined
  abstract popMany(into: NumericArray<K>): number
  abstract popMany(max: number): Popped<K>[]
  abstract peek(n?: number): Peek<K>
  abstract release(n?: number): void
  abstract drain(fn: (value: Shown<K>) => void, max?: number): number
  abstract visit(fn: (memory: View<K>, start: number, end: number) => void, max?: number): number

  popSync(options?: BlockOptions): Popped<K> | undefined {
    this.#doorbell.checkQuiet()
    const timeout = timeoutOf(options)
    const first = this.pop()
    if (first !== undefined) return first
    // Only whoever waits needs a clock.
    const deadline = deadlineAfter(timeout)
    while (!this.#port.flaggedDone && blockSlice(this.#port, 1, deadline)) {
      const value = this.pop()
      if (value !== undefined) return value
    }
    return undefined
  }

  popManySync(into: NumericArray<K>, options?: BlockOptions): number
  popManySync(max: number, options?: BlockOptions): Popped<K>[]
  popManySync(target: NumericArray<K> | number, options?: BlockOptions): number | Popped<K>[] {
    this.#doorbell.checkQuiet()
    const deadline = deadlineAfter(timeoutOf(options))
    for (;;) {
      const found: number | Popped<K>[] = typeof target === 'number' ? this.popMany(target) : this.popMany(target)
      const count = typeof found === 'number' ? found : found.length
      const most = typeof target === 'number' ? target : lengthOf(target)
      if (count > 0 || most === 0 || this.#port.flaggedDone) return found
      if (this.#hot.known() === 0 && !blockSlice(this.#port, 1, deadline)) return found
    }
  }

  ready(n?: number | ReadyOptions, options?: ReadyOptions): Promise<boolean> {
    if (n === undefined && options === undefined) return this.#doorbell.wait(this.#anything, this.#hasAnything, undefined)
    return ready(n, options, (count, signal) => {
      checkInteger('n', count, 1, 2 ** 31 - 1)
      const { framed, elementSize } = this.#port.kind
      const least = framed ? (count === 1 ? 1 : count * LEAST_MESSAGE) : count * elementSize
      const { capacity } = this.#port.native
      if (least > capacity) {
        throw new CrosscoreError(
          'ERR_CROSSCORE_TOO_LARGE',
          `n of ${count} never comes together: the ring holds at most ${capacity / (framed ? LEAST_MESSAGE : elementSize)}`,
        )
      }
      // Of messages only the bytes can be waited for: then each publication is looked at.
      const wanted = framed && count > 1 ? () => Math.min(capacity, Math.max(least, this.#hot.known() + 1)) : () => least
      return this.#doorbell.wait(wanted, () => this.#has(least, framed ? count : 0), signal)
    })
  }

  /** Whether there are that many bytes and messages, or all that will ever come. */
  #has(bytes: number, messages: number): Outcome {
    const port = this.#port
    port.checkOpen()
    if (port.busy !== '') return undefined
    if (this.#hot.known() < bytes || messages > 1) this.#hot.look()
    const known = this.#hot.known()
    const full = known > port.native.capacity - LEAST_MESSAGE
    if (known >= bytes && (messages <= 1 || full || this.#messages() >= messages)) return true
    if (port.flaggedDone) return false
    return port.flaggedClosed && known > 0 ? true : undefined
  }

  #messages(): number {
    const counts = this.#port.counts()
    return counts[STATS.messagesSent]! - counts[STATS.messagesReceived]!
  }

  values(options?: ReadyOptions): AsyncIterableIterator<Popped<K>> {
    return this.#iterate(() => this.pop(), 1, signalOf(options))
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Popped<K>> {
    return this.#iterate(() => this.pop(), 1, undefined)
  }

  batches(max?: number | ReadyOptions, options?: ReadyOptions): AsyncIterableIterator<Batch<K>> {
    if (typeof max === 'object' && max !== null && options === undefined) return this.batches(undefined, max)
    const most = (max ?? Infinity) as number
    if (max !== undefined) checkInteger('max', max, 1, Number.MAX_SAFE_INTEGER)
    return this.#iterate(() => this.#hot.batch(most), BATCH_WORK, signalOf(options))
  }

  #iterate<T>(take: () => T | undefined, work: number, signal: AbortSignalLike | undefined): AsyncIterableIterator<T> {
    return iterate({
      take,
      work,
      signal,
      isClosed: () => this.#port.isClosed,
      wait: () => {
        this.#doorbell.checkQuiet()
        return this.#doorbell.wait(this.#anything, this.#hasAnything, signal)
      },
      endWait: () => this.#doorbell.close(),
    })
  }

  ref(): void {
    this.#port.checkHeld()
    this.#doorbell.ref()
  }

  unref(): void {
    this.#port.checkHeld()
    this.#doorbell.unref()
  }

  get available(): number {
    return this.#port.known() / this.#port.kind.elementSize
  }

  get capacity(): number {
    this.#port.checkHeld()
    return this.#port.capacity
  }

  get of(): K {
    this.#port.checkHeld()
    return (this.#port.kind.given ?? this.#port.kind.of) as K
  }

  get memory(): 'mirrored' | 'heap' {
    this.#port.checkHeld()
    return this.#port.memory
  }

  get closed(): boolean {
    return this.#port.closed
  }

  get done(): boolean {
    this.#port.checkHeld()
    if (!this.#port.isOpen) return true
    return this.#port.known() === 0 && this.#port.flaggedClosed
  }

  get missed(): number {
    this.#port.checkHeld()
    return this.#port.counts()[STATS.passed]!
  }

  gaps(): Gap[] {
    this.#port.checkIdle()
    const numbers = this.#port.native.gaps()
    const gaps: Gap[] = []
    for (let i = 0; i < numbers.length; i += 2) gaps[i / 2] = { at: numbers[i]!, count: numbers[i + 1]! }
    return gaps
  }

  get reason(): Error | undefined {
    return this.#port.reason
  }

  get stats(): Stats {
    return this.#port.stats
  }

  close(reason?: Error): void {
    this.#port.close(reason, this.#doorbell)
    this.#hot.retire()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  move(options?: MoveOptions): ConsumerToken<K> {
    const worker = workerOf(checkOptionsObject(options, '{ to: worker }'))
    const token = this.#port.move(this.#doorbell)
    this.#hot.retire()
    if (worker !== undefined) revokeAtEnd(worker, token)
    return token as ConsumerToken<K>
  }

  toReadable(options?: ToReadableOptions): Readable {
    this.#port.checkOpen()
    return toReadable(this, options)
  }

  toReadableStream(options?: ToReadableStreamOptions): ReadableStream<Popped<K>> {
    this.#port.checkOpen()
    return toReadableStream(this, options)
  }

  [inspect.custom](depth: number, options: object): string {
    return this.#port.inspect('Consumer', depth, options)
  }
}
