// What producers and consumers of every kind share: state, memory, flags, statistics, closing and moving.

import { inspect } from 'node:util'
import * as threads from 'node:worker_threads'
import type { Stats } from '../../index.js'
import { announce } from '../environment/diagnostics.js'
import { busy, closed, corrupt, CrosscoreError, fromNative } from '../environment/errors.js'
import { bytesOver } from '../environment/intrinsics.js'
import { NativeHandle } from '../native/addon.js'
import { FLAG_CLOSED, FLAG_CORRUPT, FLAG_DONE, FLAGS, KNOWN, STATS, STATS_COUNT, STATS_OFFSET } from '../native/control.js'
import { readReason, writeReason } from './reason.js'
import { writeToken, type Side, type Token } from './token.js'
import type { Doorbell } from './waiting.js'

const Doubles = Float64Array
// From Node 22.10 on a handle says itself that it cannot be posted.
const { markAsUncloneable } = threads as { markAsUncloneable?: (object: object) => void }

/**
 * A handle that nobody has any more is closed when it is collected. The collections of young objects, a few
 * milliseconds apart, are not to find it, so that a ring of which a program keeps one handle for a moment does not close
 * at random. Up to Node 25 they pass over what a registry watches; V8 14.6 does not (`--handle-weak-ref-weakly-in-minor-gc`).
 * There the registry holds a new handle until it is old, which an object is that has outlived two of them. An object
 * that nobody holds tells of each, by being collected. Not in Bun, which has no V8 though it names one: objects that a
 * registry's callback makes are found on its stack for hundreds of collections, and the handle would be held as long.
 */
const watched = new FinalizationRegistry<Young | undefined>((young) => {
  if (young !== undefined && young.before > 0) hold(young)
})
const [major, minor] = process.versions.v8.split('.').map(Number) as [number, number]
const seesYoung = process.versions.bun === undefined && (major > 14 || (major === 14 && minor > 1))

/** A handle, and how many more collections it is to outlive before it is old. */
interface Young {
  readonly handle: object
  before: number
}

function hold(young: Young): void {
  young.before--
  watched.register({}, young)
}

/** What a port has to know about the kind of its ring. */
export interface PortKind {
  /** As in messages and in `console.log`. */
  readonly id: string
  /** What a token says. */
  readonly of: string
  /** What `createRing` took, where that is something else. */
  readonly given?: object
  /** Bytes of an element; 1 for messages. */
  readonly elementSize: number
  /** Elements are messages of any length. */
  readonly framed: boolean
}

/** Why a kind without slots refuses what works in place. */
export function noSlots(kind: string, instead: string): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', `a ring of '${kind}' shows nothing in place: ${instead}`)
}

/** One side of a ring in this thread, without anything that a push or a pop touches. */
export class Port {
  readonly native: NativeHandle
  readonly kind: PortKind
  readonly side: Side
  readonly words: Uint32Array<ArrayBuffer>
  /** Both halves of the ring's memory: the one ArrayBuffer that this thread has over it (INV-JS-8). */
  readonly buffer: ArrayBuffer
  readonly #bytes: Uint8Array
  readonly #stats: Float64Array
  /** Elements, or bytes for messages. */
  readonly capacity: number
  readonly memory: 'mirrored' | 'heap'
  #state: 'open' | 'closed' | 'moved' = 'open'
  #reason: Error | undefined
  /**
   * Why every other use of the handle is refused now; '' when it is not. The hot half knows of nothing free
   * meanwhile.
   */
  busy = ''

  constructor(native: NativeHandle, side: Side, kind: PortKind) {
    // The class of a handle can be had from the handle; what it is made of cannot.
    if (!(native instanceof NativeHandle)) throw new TypeError('handles come from createRing and from tokens')
    this.native = native
    this.side = side
    this.kind = kind
    this.words = native.words
    try {
      this.buffer = native.memory()
    } catch (error) {
      throw fromNative(error)
    }
    this.#bytes = bytesOver(this.buffer)
    this.#stats = new Doubles(native.words.buffer, STATS_OFFSET, STATS_COUNT)
    this.capacity = Math.floor(native.capacity / kind.elementSize)
    this.memory = native.memoryKind
  }

  /** The public object that stands for this port. */
  represent(handle: object): void {
    watched.register(handle, undefined)
    if (seesYoung) hold({ handle, before: 2 })
    markAsUncloneable?.(handle)
  }

  /** Throws if the handle was moved. */
  checkHeld(): void {
    if (this.#state === 'moved') {
      const from = this.side === 'producer' ? 'Producer' : 'Consumer'
      throw new CrosscoreError(
        'ERR_CROSSCORE_MOVED',
        `this ${this.side} was moved; use the one that ${from}.from(token) returned`,
      )
    }
  }

  /** Throws if the handle was moved or closed. */
  checkOpen(): void {
    if (this.#state === 'open') return
    this.checkHeld()
    throw closed(`this ${this.side} was closed`)
  }

  /** Throws if the handle was moved or closed, or something is under way. */
  checkIdle(): void {
    this.checkOpen()
    if (this.busy !== '') throw busy(this.busy)
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Whether this handle was closed. Throws if it was moved. */
  get isClosed(): boolean {
    this.checkHeld()
    return this.#state === 'closed'
  }

  /** Throws if Rust found this side's numbers to contradict the cursors (INV-NODE-4), or the memory was taken. */
  checkFlags(): void {
    if ((this.words[FLAGS]! & FLAG_CORRUPT) !== 0) {
      throw corrupt(`this ${this.side}'s count contradicts the ring's cursors`)
    }
    this.checkMemory()
  }

  /**
   * Throws if a program has taken the memory away (`view.buffer.transfer()`, or a byte stream that was given a view).
   */
  checkMemory(): void {
    if (this.#bytes.length === 0 || this.words.length === 0) {
      throw corrupt("the ring's ArrayBuffer was detached", 'a program transferred it, or gave a view of it to a byte stream')
    }
  }

  /** As of the last crossing. */
  get flaggedClosed(): boolean {
    return (this.words[FLAGS]! & FLAG_CLOSED) !== 0
  }

  /** As of the last crossing. */
  get flaggedDone(): boolean {
    return (this.words[FLAGS]! & FLAG_DONE) !== 0
  }

  /** Throws what the last crossing of a producer found. */
  refuse(): never {
    this.checkOpen()
    this.checkFlags()
    throw closed('the consumer is gone: it was closed, or its thread has ended', this.reason)
  }

  /** A push has found no room. */
  full(): false {
    if (this.native.drops) this.native.drop(1)
    return false
  }

  /** Throws if this producer is never to wait: then `what` makes no sense. */
  checkWaits(what: string): void {
    if (!this.native.drops) return
    this.checkOpen()
    throw new CrosscoreError(
      'ERR_CROSSCORE_INVALID_ARG',
      `${what} waits for room, and this ring was made with onFull: 'drop', where a push that finds none is dropped: use push or pushMany`,
    )
  }

  /** Whether the other side is gone, or this handle was closed. Publishes nothing. */
  get closed(): boolean {
    this.checkHeld()
    if (this.#state === 'open' && !this.flaggedClosed) this.native.ask()
    return this.#state === 'closed' || this.flaggedClosed
  }

  /** What the other side closed with. */
  get reason(): Error | undefined {
    this.checkHeld()
    if (this.#reason === undefined && this.#state === 'open') {
      const written = this.native.reason()
      if (written !== undefined) this.#reason = readReason(written)
    }
    return this.#reason
  }

  /** Bytes free or available now, without what is pending. Publishes nothing. */
  known(): number {
    this.checkHeld()
    if (this.#state !== 'open') return 0
    this.native.ask()
    this.checkFlags()
    return this.words[KNOWN]!
  }

  /** All that the addon counts, in bytes and messages. */
  counts(): Float64Array {
    if (this.#state === 'open') this.native.stats()
    return this.#stats
  }

  get stats(): Stats {
    this.checkHeld()
    const counts = this.counts()
    const { framed, elementSize } = this.kind
    const count = (messages: number, bytes: number) => (framed ? counts[messages]! : counts[bytes]! / elementSize)
    return {
      sent: count(STATS.messagesSent, STATS.bytesSent),
      received: count(STATS.messagesReceived, STATS.bytesReceived),
      bytesSent: counts[STATS.bytesSent]!,
      bytesReceived: counts[STATS.bytesReceived]!,
      bytesHighWater: counts[STATS.bytesHighWater]!,
      fullRefusals: counts[STATS.fullRefusals]!,
      emptyRefusals: counts[STATS.emptyRefusals]!,
      producerParks: counts[STATS.producerParks]!,
      consumerParks: counts[STATS.consumerParks]!,
      producerWakes: counts[STATS.producerWakes]!,
      consumerWakes: counts[STATS.consumerWakes]!,
      dropped: counts[STATS.dropped]!,
    }
  }

  /** Closes the handle, having published what is pending (INV-JS-4). Statistics stay as they were. */
  close(reason: unknown, doorbell: Doorbell): void {
    const written = reason === undefined ? undefined : writeReason(reason)
    if (this.#state !== 'open') return
    this.native.publish()
    this.native.stats()
    void this.reason
    this.#state = 'closed'
    this.busy = ''
    this.native.close(written)
    doorbell.close()
    announce('close', () => ({ side: this.side, of: this.kind.of, reason }))
  }

  /** Empties the handle. */
  move(doorbell: Doorbell): Token {
    this.checkIdle()
    doorbell.checkQuiet()
    this.native.publish()
    this.checkFlags()
    this.native.stats()
    try {
      const id = this.native.move()
      this.#state = 'moved'
      return writeToken(this.side, this.kind.of, id)
    } catch (error) {
      throw fromNative(error)
    }
  }

  /** For `console.log`. `room` says that KNOWN counts what is free. */
  inspect(name: string, depth: number, options: object): string {
    const { id, elementSize, framed } = this.kind
    let state: string = this.#state
    let filled = 0
    if (this.#state === 'open') {
      this.native.ask()
      if (this.flaggedClosed) state = this.side === 'producer' ? 'consumer gone' : 'producer gone'
      const bytes = this.words[KNOWN]!
      filled = (this.side === 'producer' ? this.native.capacity - bytes : bytes) / elementSize
    }
    const shown = { state, filled, capacity: this.capacity, memory: this.memory }
    if (depth < 0) return `[${name}<${id}>]`
    return `${name}<${id}> ${inspect(shown, options)}${framed ? ' (in bytes)' : ''}`
  }
}
