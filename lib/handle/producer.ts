// The cold half of a producer: everything but writing.

import type { Writable } from 'node:stream'
import type { WritableStream } from 'node:stream/web'
import { inspect } from 'node:util'
import type {
  AbortSignalLike,
  BlockOptions,
  Element,
  ElementKind,
  MoveOptions,
  NumericArray,
  Producer,
  ProducerToken,
  ReadyOptions,
  Stats,
  View,
  ToWritableOptions,
  ToWritableStreamOptions,
} from '../../index.js'
import { checkOptionsObject, CrosscoreError } from '../environment/errors.js'
import { toWritable } from '../adapters/node-streams.js'
import { toWritableStream } from '../adapters/web-streams.js'
import { pendingIn, STATS } from '../native/control.js'
import type { Port } from './port.js'
import { pushAll, pushOrDrop, pushSome, type Pusher } from './push-all.js'
import { revokeAtEnd, workerOf } from './token.js'
import { blockSlice, deadlineAfter, Doorbell, type Outcome, ready, timeoutOf } from './waiting.js'

/** Why other calls are refused while a reservation is open. */
export const RESERVED = 'a reservation is open: commit() or abort() it first'

/** What the cold half asks of the hot one. */
export interface HotProducer extends Pusher {
  /** Bytes that are known to be free. */
  known(): number
  /** Publishes what is pending, looks at the consumer's cursor and takes over what is free. */
  look(): void
  /** Bytes that the last push which found no room wanted. */
  short(): number
  /** The least room, in bytes, that `ready(n)` waits for. Throws what is wrong with `n`. */
  room(n: unknown): number
  /** Bytes of the open reservation. */
  reserved(): number
  /** The handle was closed or moved: nothing is free any more. */
  retire(): void
}

/** A producer without its hot calls. A kind's own class adds them. */
export abstract class ProducerShell<K extends ElementKind> implements Producer<K> {
  readonly #port: Port
  readonly #doorbell: Doorbell
  #hot!: HotProducer

  constructor(port: Port) {
    this.#port = port
    this.#doorbell = new Doorbell(port)
    port.represent(this)
  }

  /** Whether `value` is a producer of this package. */
  static is(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #port in value
  }

  /** Joins the halves; the last step of the constructor. What it is given works on the handle that calls it. */
  protected static join<K extends ElementKind>(shell: ProducerShell<K>, hot: HotProducer): void {
    shell.#hot = hot
  }

  /** What kept a wait from its outcome is over. */
  protected static resume<K extends ElementKind>(shell: ProducerShell<K>): void {
    shell.#doorbell.again()
  }

  abstract push(value: Element<K>): boolean
  abstract reserve(n: number): View<K> | null
  abstract commit(n?: number): void
  abstract abort(): void

  pushMany(values: NumericArray<K> | Iterable<Element<K>>): number {
    this.#port.checkIdle()
    return this.#port.native.drops ? pushOrDrop(this.#port, this.#hot, values) : pushSome(this.#hot, values)
  }

  pushSync(value: Element<K>, options?: BlockOptions): boolean {
    this.#port.checkWaits('pushSync')
    this.#doorbell.checkQuiet()
    const timeout = timeoutOf(options)
    if (this.push(value)) return true
    // Only whoever waits needs a clock, which costs as much as two pushes.
    const deadline = deadlineAfter(timeout)
    while (blockSlice(this.#port, this.#hot.short(), deadline)) {
      if (this.push(value)) return true
    }
    return false
  }

  pushManySync(values: NumericArray<K> | Iterable<Element<K>>, options?: BlockOptions): number {
    this.#port.checkIdle()
    this.#port.checkWaits('pushManySync')
    this.#doorbell.checkQuiet()
    return pushAll(this.#port, this.#hot, values, deadlineAfter(timeoutOf(options)))
  }

  ready(n?: number | ReadyOptions, options?: ReadyOptions): Promise<boolean> {
    return ready(n, options, (count, signal) => {
      this.#port.checkWaits('ready')
      const bytes = this.#hot.room(count)
      return this.#doorbell.wait(
        () => bytes,
        () => this.#hasRoom(bytes),
        signal,
      )
    })
  }

  #hasRoom(bytes: number): Outcome {
    this.#port.checkOpen()
    // What was asked for may be what is reserved: the outcome is known when that is over.
    if (this.#port.busy !== '') return undefined
    if (this.#hot.known() < bytes || this.#port.flaggedClosed) this.#hot.look()
    if (this.#port.flaggedClosed) return false
    return this.#hot.known() >= bytes ? true : undefined
  }

  flushed(options?: ReadyOptions): Promise<boolean> {
    return ready(1, options, (_, signal) => this.#flushed(signal))
  }

  #flushed(signal: AbortSignalLike | undefined): Promise<boolean> {
    const target = this.#written()
    return this.#doorbell.wait(
      () => this.#untilTaken(target),
      () => this.#hasTaken(target),
      signal,
      // Of an open reservation nothing was pushed.
      false,
    )
  }

  flushedSync(options?: BlockOptions): boolean {
    this.#port.checkOpen()
    this.#doorbell.checkQuiet()
    const deadline = deadlineAfter(timeoutOf(options))
    const target = this.#written()
    this.flush()
    for (;;) {
      const outcome = this.#hasTaken(target)
      if (outcome !== undefined) return outcome
      if (!blockSlice(this.#port, this.#untilTaken(target), deadline)) return false
    }
  }

  /** Bytes that were pushed since the ring was made. */
  #written(): number {
    return this.#port.counts()[STATS.bytesSent]! + pendingIn(this.#port.words)
  }

  /** Bytes that are free when the consumer has given back the first `target` that were pushed. */
  #untilTaken(target: number): number {
    return Math.max(1, this.#port.native.capacity - Math.max(0, this.#written() - target))
  }

  #hasTaken(target: number): Outcome {
    this.#port.checkOpen()
    this.#port.native.ask()
    this.#port.checkFlags()
    if (this.#port.counts()[STATS.bytesReceived]! >= target) return true
    return this.#port.flaggedClosed ? false : undefined
  }

  async end(options?: ReadyOptions): Promise<boolean> {
    const taken = await this.flushed(options)
    this.close()
    return taken
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#port.isOpen) await this.end()
  }

  ref(): void {
    this.#port.checkHeld()
    this.#doorbell.ref()
  }

  unref(): void {
    this.#port.checkHeld()
    this.#doorbell.unref()
  }

  flush(): void {
    this.#port.checkOpen()
    this.#port.native.publish()
    this.#port.checkFlags()
    if (this.#port.flaggedClosed) this.#port.refuse()
  }

  get free(): number {
    // A reservation is no slot of the ring yet, and not free either.
    const bytes = this.#port.known() - this.#hot.reserved()
    // What is left behind the last record of a ring is room for none.
    return Math.floor(Math.max(0, bytes) / this.#port.kind.elementSize)
  }

  get capacity(): number {
    this.#port.checkHeld()
    return this.#port.capacity
  }

  get of(): K {
    this.#port.checkHeld()
    return (this.#port.kind.given ?? this.#port.kind.of) as K
  }

  get onFull(): 'refuse' | 'drop' {
    this.#port.checkHeld()
    return this.#port.native.drops ? 'drop' : 'refuse'
  }

  get memory(): 'mirrored' | 'heap' {
    this.#port.checkHeld()
    return this.#port.memory
  }

  get closed(): boolean {
    return this.#port.closed
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

  move(options?: MoveOptions): ProducerToken<K> {
    const worker = workerOf(checkOptionsObject(options, '{ to: worker }'))
    const token = this.#port.move(this.#doorbell)
    this.#hot.retire()
    if (worker !== undefined) revokeAtEnd(worker, token)
    return token as ProducerToken<K>
  }

  toWritable(options?: ToWritableOptions): Writable {
    this.#port.checkOpen()
    this.#port.checkWaits('toWritable')
    return toWritable(this, options)
  }

  toWritableStream(options?: ToWritableStreamOptions): WritableStream<Element<K>> {
    this.#port.checkOpen()
    this.#port.checkWaits('toWritableStream')
    return toWritableStream(this, options)
  }

  [inspect.custom](depth: number, options: object): string {
    return this.#port.inspect('Producer', depth, options)
  }
}

/** No reservation is open. */
export function nothingReserved(): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', 'no reservation is open: reserve(n) comes first')
}
