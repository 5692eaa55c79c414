// A handle's cold half: what producers and consumers of every kind share.

import type { Description } from './options.js'
import type { NativeHandle } from './native.js'
import type { Stats } from '../index.js'
import { controlStats, controlWords, FLAG_CLOSED, FLAG_CORRUPT, FLAG_DONE, FLAGS } from './control.js'
import { corrupt, CrosscoreError, fromNative } from './errors.js'
import { ringMemory } from './memory.js'
import { writeToken, type Token } from './token.js'

/** One side of a ring in this thread, without anything that a push or a pop touches. */
export class Port {
  readonly native: NativeHandle
  readonly description: Description
  readonly side: 'producer' | 'consumer'
  readonly words: Uint32Array
  /** Both halves of the ring's memory. */
  readonly bytes: Uint8Array
  /** In bytes. */
  readonly capacity: number
  readonly memory: 'mirrored' | 'heap'
  #state: 'open' | 'closed' | 'moved' = 'open'

  constructor(native: NativeHandle, side: 'producer' | 'consumer') {
    this.native = native
    this.side = side
    this.description = JSON.parse(native.description) as Description
    this.words = controlWords(native.control)
    this.bytes = new Uint8Array(ringMemory(native))
    this.capacity = native.capacity
    this.memory = native.memoryKind
  }

  /** Throws if the handle was moved. */
  checkHeld(): void {
    if (this.#state === 'moved') {
      throw new CrosscoreError(
        'ERR_CROSSCORE_MOVED',
        `this ${this.side} was moved; use the one that ${this.side === 'producer' ? 'Producer' : 'Consumer'}.from(token) returned`,
      )
    }
  }

  /** Throws if the handle was moved or closed. */
  checkOpen(): void {
    if (this.#state !== 'open') this.#refuse()
  }

  #refuse(): never {
    this.checkHeld()
    throw new CrosscoreError('ERR_CROSSCORE_CLOSED', `this ${this.side} was closed`)
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Whether this handle was closed. Throws if it was moved. */
  get isClosed(): boolean {
    this.checkHeld()
    return this.#state === 'closed'
  }

  /** Throws if Rust found this side's numbers to contradict the cursors (INV-NODE-4). */
  checkFlags(): void {
    if ((this.words[FLAGS]! & FLAG_CORRUPT) !== 0) {
      throw corrupt(`this ${this.side}'s count contradicts the ring's cursors`)
    }
    this.checkMemory()
  }

  /** Throws if a program has taken the memory away (`view.buffer.transfer()`, or a byte stream that was given a view). */
  checkMemory(): void {
    // A view's length is a plain load for V8, the byteLength of an ArrayBuffer a call.
    if (this.bytes.length === 0) throw corrupt("the ring's ArrayBuffer was detached")
  }

  /** As of the last crossing. */
  get flaggedClosed(): boolean {
    return (this.words[FLAGS]! & FLAG_CLOSED) !== 0
  }

  /** As of the last crossing. */
  get flaggedDone(): boolean {
    return (this.words[FLAGS]! & FLAG_DONE) !== 0
  }

  /** Whether the other side is gone, or this handle was closed. */
  get closed(): boolean {
    this.checkHeld()
    if (this.#state === 'open' && !this.flaggedClosed) this.native.look()
    return this.#state === 'closed' || this.flaggedClosed
  }

  stats(): Stats {
    this.checkHeld()
    this.native.stats()
    const stats = controlStats(this.native.control)
    const messages = this.description.of === 'bytes'
    const size = messages ? 1 : this.elementSize
    return {
      sent: messages ? stats[5]! : stats[0]! / size,
      received: messages ? stats[6]! : stats[1]! / size,
      fullEncounters: stats[2]!,
      emptyEncounters: stats[3]!,
      highWaterMark: stats[4]! / size,
    }
  }

  /** In bytes; 1 for messages. Set by the handle, which knows its kind. */
  elementSize = 1

  /** Closes the handle, having published what is pending (INV-JS-4). Statistics stay as they were. */
  close(): void {
    if (this.#state !== 'open') return
    this.native.publish()
    this.native.stats()
    this.#state = 'closed'
    this.native.close()
  }

  /** Empties the handle. */
  move(): Token {
    this.checkOpen()
    this.native.publish()
    this.checkFlags()
    try {
      const id = this.native.move()
      this.#state = 'moved'
      return writeToken(this.side, this.description.of, id)
    } catch (error) {
      throw fromNative(error)
    }
  }
}
