// How a message lies in the ring, and the two ends of a ring of messages.
//
// A header of 8 bytes comes first, of which the first four are the length; the others are for the kind. Messages take a
// multiple of 8, so that each header and each payload is aligned for any typed array. Counts and positions are bytes.

import { checkInteger, tooLarge } from '../environment/errors.js'
import { bytesOver, wordsOver } from '../environment/intrinsics.js'
import { owe } from '../environment/turn.js'
import type { NativeHandle } from '../native/addon.js'
import * as control from '../native/control.js'
import * as crossing from '../native/crossing.js'
import { foldDown, unfoldUp } from './slots.js'

// V8 folds a constant of this module into hot code, and loads one of another module each time, with checks.
const { AT, DONE, FLAGS, KNOWN, OWING, PENDING_MESSAGES, REFUSED } = control
const { lookForData, lookForRoom, publish, publishMessage, release } = crossing

// What is exported lies in a cell that V8 asks each time, in this module too: so the hot code has names of its own.
const PREFIX = 8
const spanOf = (length: number): number => (length + 15) & ~7

/** What a message takes besides its payload. */
export const HEADER = PREFIX

/** What a message of `length` bytes takes. For lengths under 2^31 - 8. */
export const sizeOf = spanOf

/**
 * The producer's end: room, the next message, publication. It keeps INV-JS-1, INV-JS-2 and INV-JS-3.
 *
 * Fields begin as the numbers and flags that they will be, and flags are compared with ===, for the sake of the machine
 * code (docs/PERFORMANCE.md).
 */
export class FramedWriter {
  readonly native: NativeHandle
  readonly words: Uint32Array
  readonly positions: Int32Array
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly headers: Uint32Array<ArrayBuffer>
  readonly capacity: number = 0
  /** The longest message. */
  readonly longest: number = 0
  readonly #quarter: number = 0
  /** Messages until they are published. */
  readonly #every: number = 0
  readonly #heap: boolean = false
  /** The next header. */
  offset: number = 0
  /** Bytes that are known to be free. 0 while something must not be interrupted: then every write comes to a look. */
  free: number = 0
  /** What the last message that found no room would have taken. */
  short: number = PREFIX

  constructor(native: NativeHandle, memory: ArrayBuffer) {
    this.native = native
    this.words = native.words
    this.positions = native.positions
    this.bytes = bytesOver(memory)
    this.headers = wordsOver(memory)
    this.capacity = native.capacity
    this.longest = native.capacity - PREFIX
    this.#quarter = native.capacity >>> 2
    // No message takes less than its header, so that this is as good as never.
    this.#every = Math.min(native.publishEvery, native.capacity)
    this.#heap = native.memoryKind === 'heap'
    this.offset = native.offset
  }

  /** Where the payload of the next message begins. */
  get payload(): number {
    return this.offset + PREFIX
  }

  /**
   * Whether the handle is about to come to owe a publication: the first message of a turn that is not published at
   * once. Then `enter` comes first.
   */
  get isNew(): boolean {
    return this.#every !== 1 && this.positions[OWING] === 0
  }

  /** Puts the handle on the list of those that owe, and asks whether anybody is there to read; the flags. */
  enter(): number {
    owe(this.native)
    this.native.ask()
    return this.words[FLAGS]!
  }

  /** Says what the next message's bytes are: the header's second word, for kinds that need it. */
  describe(what: number): void {
    this.headers[(this.offset >>> 2) + 1] = what
  }

  /** Completes the message at the position, whose payload is in place. */
  finish(length: number): void {
    const size = spanOf(length)
    const offset = this.offset
    this.headers[offset >>> 2] = length
    if (this.#heap === true) foldDown(this.bytes, this.capacity, offset + size)
    this.offset = (offset + size) & (this.capacity - 1)
    this.free -= size
    // From here on it is part of the stream, even if this thread dies before it publishes it. Both words by one view: V8 looks
    // each view over once.
    const { positions } = this
    positions[PENDING_MESSAGES]! += 1
    positions[AT]! += size
  }

  /** `finish`, and what `handOver` does. The flags that are raised. */
  send(length: number): number {
    if (this.#every !== 1) {
      this.finish(length)
      return this.handOver()
    }
    const size = spanOf(length)
    const offset = this.offset
    this.headers[offset >>> 2] = length
    if (this.#heap === true) foldDown(this.bytes, this.capacity, offset + size)
    this.offset = (offset + size) & (this.capacity - 1)
    this.free -= size
    this.positions[AT]! += size
    return publishMessage(this.native)
  }

  /** A message of `size` bytes in all was written and counted by a crossing. */
  wrote(size: number): void {
    this.offset = (this.offset + size) & (this.capacity - 1)
    const free = this.free - size
    this.free = free > 0 ? free : 0
  }

  /** And published if that was due. The flags that are raised. */
  sent(size: number): number {
    this.wrote(size)
    return this.words[FLAGS]!
  }

  /**
   * Publishes if that is due: enough messages, or a quarter of the ring, so that the consumer is never idle while a
   * long turn fills it. The flags that are raised.
   */
  handOver(): number {
    const { positions } = this
    const pending = (positions[AT]! - positions[DONE]!) | 0
    if (positions[PENDING_MESSAGES]! >= this.#every || pending >= this.#quarter) return publish(this.native)
    if (positions[OWING] === 0) owe(this.native)
    return 0
  }

  /** Publishes what is pending. The flags that are raised. */
  publish(): number {
    return publish(this.native)
  }

  /** Publishes what is pending and looks at the consumer's cursor. False if a flag is raised. */
  look(): boolean {
    const known = lookForRoom(this.native)
    this.free = known < 0 ? this.words[KNOWN]! : known
    return known >= 0
  }

  /** A message found no room. */
  refused(size: number): void {
    this.short = size
    this.words[REFUSED]! += 1
  }
}

/** What a message of `n` bytes takes. Throws what is wrong with `n`. */
export function roomFor(writer: FramedWriter, n: unknown, what: string): number {
  checkInteger('n', n, 0, 2 ** 31 - 1)
  if (n > writer.longest) throw tooLarge(what, n, writer.longest)
  return spanOf(n)
}

/**
 * The consumer's end: the oldest message, and what is given back. A header is ring memory, which a program may have
 * scribbled over: a length is read once and checked against the cursors before it is used. It keeps INV-JS-1, INV-JS-2,
 * INV-JS-3 and INV-JS-5.
 */
export class FramedReader {
  readonly native: NativeHandle
  readonly words: Uint32Array
  readonly positions: Int32Array
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly headers: Uint32Array<ArrayBuffer>
  readonly capacity: number = 0
  /** Bytes that are given back together: a quarter of the ring. */
  readonly #lap: number = 0
  readonly #heap: boolean = false
  /** The header of the oldest message. */
  offset: number = 0
  /** Bytes that are known to be there. 0 while a message is shown: then every read comes to a look. */
  available: number = 0

  constructor(native: NativeHandle, memory: ArrayBuffer) {
    this.native = native
    this.words = native.words
    this.positions = native.positions
    this.bytes = bytesOver(memory)
    this.headers = wordsOver(memory)
    this.capacity = native.capacity
    this.#lap = native.capacity >>> 2
    this.#heap = native.memoryKind === 'heap'
    this.offset = native.offset
  }

  /** Where the payload of the oldest message begins. */
  get payload(): number {
    return this.offset + PREFIX
  }

  /**
   * The length of the oldest message, contiguous from `payload` on; -1 if what the header claims cannot be where so many
   * bytes are available.
   */
  length(available: number): number {
    const length = this.headers[this.offset >>> 2]!
    // First the plain bound, under which the sum is right. No length is within it if the memory was taken away.
    if (!(length <= available - PREFIX && spanOf(length) <= available)) return -1
    if (this.#heap === true) unfoldUp(this.bytes, this.capacity, this.offset + PREFIX + length)
    // Under 2^31, as was just checked: said to V8, which would go on with a double.
    return length | 0
  }

  /** What the oldest message's bytes are, as its writer has described them. */
  what(): number {
    return this.headers[(this.offset >>> 2) + 1]!
  }

  /** What the header of the oldest message claims, for an error. */
  claimed(available: number): string {
    return `a message claims ${this.headers[this.offset >>> 2]} bytes where ${Math.max(0, available - PREFIX)} are left`
  }

  /** Counts the oldest message, which takes `size` bytes, as read. The caller counts what is available. */
  take(size: number): void {
    this.offset = (this.offset + size) & (this.capacity - 1)
    this.words[PENDING_MESSAGES]! += 1
    this.positions[AT]! += size
  }

  /** Gives bytes back if enough are due. The flags that are raised. */
  handOver(): number {
    const { positions } = this
    if (((positions[AT]! - positions[DONE]!) | 0) >= this.#lap) return release(this.native)
    if (this.words[OWING] === 0) owe(this.native)
    return 0
  }

  /** All of that for the oldest message, of that length. */
  read(length: number): number {
    const size = spanOf(length)
    this.available -= size
    this.take(size)
    return this.handOver()
  }

  /** Gives back what was read. The flags that are raised. */
  release(): number {
    return release(this.native)
  }

  /** Gives back what was read and looks at the producer's cursor. False if a flag is raised. */
  look(): boolean {
    const known = lookForData(this.native)
    this.available = known < 0 ? this.words[KNOWN]! : known
    return known >= 0
  }

  /** A read found nothing. */
  refused(): void {
    this.words[REFUSED]! += 1
  }
}
