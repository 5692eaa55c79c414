// The consumer of strings.

import { checkCallback, checkInteger, corrupt } from '../environment/errors.js'
import { owe } from '../environment/turn.js'
import { ConsumerShell } from '../handle/consumer.js'
import { noSlots, Port } from '../handle/port.js'
import * as framed from '../layout/framed.js'
import { FramedReader } from '../layout/framed.js'
import * as text from '../layout/text.js'
import type { NativeHandle } from '../native/addon.js'
import { ANSWER } from '../native/control.js'
import { findMessages, refreshReader, refuseLength } from './framed.js'
import type { Kind } from './kind.js'

// V8 folds a constant of this module into hot code, and loads one of another module each time, with checks.
const { HEADER, sizeOf } = framed
const { ASCII, readRun, readText } = text

/** Strings in a batch when the caller names no number. */
const LONGEST_BATCH = 4096

/**
 * Bytes that are decoded at once. What is cut from a run keeps it alive, so this bounds what one short string that a
 * program keeps can hold on to (docs/PERFORMANCE.md).
 */
const LONGEST_RUN = 16384

/** Strings in a run at most: none takes less than a header. */
const MOST_IN_RUN = LONGEST_RUN / HEADER

/** Why other calls are refused while a callback of `drain` is given strings. */
const SHOWING = 'drain is giving out strings: read the next one after its callback'

/**
 * `pop` makes each string by itself. `drain`, `popMany` and batches decode a run of ASCII strings at once, with the
 * headers between them, and cut it: 16 ns for a string of 64 characters from end to end instead of 60. It keeps INV-JS-5
 * and INV-JS-7.
 */
export class StringConsumer extends ConsumerShell<'string'> {
  readonly #port: Port
  readonly #reader: FramedReader
  readonly #view: Uint8Array
  readonly #heap: boolean = false
  /** The lengths of the strings of the run that is being cut. */
  readonly #lengths = new Uint32Array(MOST_IN_RUN)

  constructor(native: NativeHandle, kind: Kind<'string'>) {
    const port = new Port(native, 'consumer', kind)
    super(port)
    const reader = new FramedReader(native, port.buffer)
    this.#port = port
    this.#reader = reader
    this.#view = text.textView(port.buffer)
    this.#heap = native.memoryKind === 'heap'
    ConsumerShell.join<'string'>(this, {
      known: () => reader.available,
      look: () => refreshReader(reader, port),
      batch: (max) => {
        const batch = this.popMany(Math.min(max, LONGEST_BATCH))
        return batch.length === 0 ? undefined : batch
      },
      retire: () => {
        reader.available = 0
      },
    })
  }

  pop(): string | undefined {
    const reader = this.#reader
    if (reader.available === 0 && findMessages(reader, this.#port) === 0) return undefined
    // One crossing makes the string, of its own; where it cannot, the long way says why.
    const made = reader.native.text()
    const length = made === undefined ? this.#length() : reader.words[ANSWER]!
    const message = made ?? this.#decode(length)
    this.#read(length)
    return message
  }

  popMany(into: never): number
  popMany(max: number): string[]
  popMany(max: number): number | string[] {
    checkInteger('max', max, 0, Number.MAX_SAFE_INTEGER)
    this.#port.checkIdle()
    const messages: string[] = []
    const reader = this.#reader
    try {
      while (messages.length < max && (reader.available > 0 || findMessages(reader, this.#port) > 0)) {
        const count = this.#measureRun(max - messages.length)
        if (count === 0) {
          const length = this.#length()
          messages[messages.length] = this.#decode(length)
          this.#read(length)
          continue
        }
        const run = this.#decodeRun(count)
        let at = 0
        for (let i = 0; i < count; i++) {
          const length = this.#lengths[i]!
          messages[messages.length] = run.substring(at, at + length)
          const size = sizeOf(length)
          at += size
          reader.take(size)
        }
        reader.available -= at
        this.#handOver()
      }
    } catch (error) {
      // Strings that are read are not lost for one that cannot be: it stays, and the next read tells.
      if (messages.length === 0) throw error
    }
    if (messages.length > 0) reader.release()
    return messages
  }

  peek(): never {
    throw noSlots('string', 'pop or drain strings')
  }

  release(): void {
    throw noSlots('string', 'pop or drain strings')
  }

  visit(): never {
    throw noSlots('string', 'pop or drain strings')
  }

  drain(fn: (message: string) => void, max: number = Infinity): number {
    checkCallback(fn, max)
    const port = this.#port
    const reader = this.#reader
    port.checkIdle()
    let taken = 0
    let looked = false
    try {
      while (taken < max) {
        if (reader.available === 0) {
          // Once, so that a quick producer cannot hold the caller here; and not for a closed consumer.
          if (looked || !port.isOpen || findMessages(reader, port) === 0) break
          looked = true
        }
        const count = this.#measureRun(max - taken)
        taken += count === 0 ? this.#giveOne(fn) : this.#giveRun(fn, count)
      }
    } finally {
      if (port.isOpen) {
        reader.release()
        ConsumerShell.resume(this)
      }
    }
    return taken
  }

  /** Gives out a string that is no part of a run. */
  #giveOne(fn: (message: string) => void): number {
    const length = this.#length()
    const size = sizeOf(length)
    const message = this.#decode(length)
    const available = this.#hide()
    this.#reader.take(size)
    try {
      fn(message)
    } finally {
      this.#show(available - size)
    }
    return 1
  }

  /** Gives out the strings of a run; how many, which are fewer if `fn` closes the consumer. */
  #giveRun(fn: (message: string) => void, count: number): number {
    const port = this.#port
    const reader = this.#reader
    const lengths = this.#lengths
    const run = this.#decodeRun(count)
    const available = this.#hide()
    let given = 0
    let at = 0
    try {
      while (given < count && port.busy === SHOWING) {
        const length = lengths[given]!
        const size = sizeOf(length)
        const message = run.substring(at, at + length)
        at += size
        // It counts as read before fn has it: also when fn throws, that string is gone, and no other.
        reader.take(size)
        given++
        fn(message)
      }
    } finally {
      this.#show(available - at)
    }
    return given
  }

  /** Strings are about to be given out, while every other read is refused. What was available. */
  #hide(): number {
    const reader = this.#reader
    const { available } = reader
    // What is taken meanwhile will be given back, whatever fn waits for.
    owe(reader.native)
    reader.available = 0
    this.#port.busy = SHOWING
    return available
  }

  /** They have been, and so many bytes are left. */
  #show(available: number): void {
    // fn may have closed the consumer.
    if (this.#port.busy !== SHOWING) return
    this.#port.busy = ''
    this.#reader.available = available
    // Whatever it finds is told by the next read: nothing of ours is to hide what fn has thrown.
    this.#reader.handOver()
  }

  /** How many of the oldest strings, up to `max`, make a run of ASCII. Their lengths are in #lengths. */
  #measureRun(max: number): number {
    const reader = this.#reader
    const lengths = this.#lengths
    const { headers, offset, capacity } = reader
    // On the heap a run ends with the ring.
    const limit = Math.min(LONGEST_RUN, reader.available, this.#heap === true ? capacity - offset : capacity)
    let count = 0
    let at = 0
    while (count < max && at + HEADER <= limit) {
      const word = (offset + at) >>> 2
      const length = headers[word]!
      // Checked against what is available, as every length (INV-JS-5). One that is wrong ends the run, and is told when it
      // is the oldest.
      if (headers[word + 1] !== ASCII || !(length <= limit - at - HEADER) || sizeOf(length) > limit - at) break
      lengths[count] = length
      count++
      at += sizeOf(length)
    }
    return count
  }

  /** The text of a run, from the first string to the end of the last. */
  #decodeRun(count: number): string {
    const lengths = this.#lengths
    const start = this.#reader.payload
    let end = start
    for (let i = 0; i < count - 1; i++) end += sizeOf(lengths[i]!)
    return readRun(this.#view, start, end + lengths[count - 1]!)
  }

  #decode(length: number): string {
    const reader = this.#reader
    const message = readText(this.#view, reader.payload, length, reader.what())
    if (message === undefined) {
      this.#port.checkMemory()
      throw corrupt(`a message says that its bytes are ${reader.what()}, which is no text`)
    }
    return message
  }

  /** The length of the oldest string, which is available in full. */
  #length(): number {
    const { available } = this.#reader
    const length = this.#reader.length(available)
    if (length < 0) refuseLength(this.#reader, this.#port, available)
    return length
  }

  /** Counts the oldest string as read. */
  #read(length: number): void {
    if (this.#reader.read(length) !== 0) this.#port.checkFlags()
  }

  /** Gives back what was read if enough is due. */
  #handOver(): void {
    if (this.#reader.handOver() !== 0) this.#port.checkFlags()
  }
}
