// The consumer of messages: bytes of any length.

import { inspect } from 'node:util'
import type { BlockOptions, Consumer, ConsumerToken, ReadyOptions, Stats } from '../index.js'
import { BATCH_WORK, iterate } from './async-iterator.js'
import * as control from './control.js'
import { checkCallback, checkInteger, corrupt, CrosscoreError } from './errors.js'
import * as framing from './framing.js'
import type { Port } from './port.js'
import { unfoldUp } from './span.js'
import { owe, settleThread } from './turn.js'
import { blockSlice, deadlineOf, Doorbell, signalOf } from './waiting.js'

// V8 folds a constant of this module into the code of pop, and loads one of another module each time, with checks.
const { KNOWN, PENDING, PENDING_MESSAGES } = control
const { HEADER, sizeOf } = framing
// V8 looks these up in each call where several kinds of typed arrays are about.
const { slice, subarray } = Uint8Array.prototype

/** Messages in a batch when the caller names no number. */
const LONGEST_BATCH = 4096

/**
 * Reads what BytesProducer wrote. A header is ring memory, which a program may have scribbled over:
 * a length is read once and checked against the cursors before it is used (INV-JS-5).
 *
 * Fields begin as the numbers and flags that they will be, and flags are compared with ===, for the sake of the machine
 * code (docs/PERFORMANCE.md).
 *
 * It keeps INV-JS-1, INV-JS-2, INV-JS-3 and INV-JS-7.
 */
export class BytesConsumer implements Consumer<'bytes'> {
  readonly #port: Port
  readonly #bytes: Uint8Array
  /** The same memory, for the headers. */
  readonly #headers: Uint32Array
  readonly #words: Uint32Array
  readonly #release: () => true | undefined
  readonly #nativeLook: () => true | undefined
  readonly #capacity: number = 0
  /** Bytes that are given back together: a quarter of the ring. */
  readonly #lap: number = 0
  readonly #heap: boolean = false
  readonly #doorbell: Doorbell
  /** The header of the oldest message. */
  #offset: number = 0
  #available = 0
  /** The length of the message that peek has shown, or -1. */
  #peeked = -1
  /** A callback of drain is looking at the oldest message. */
  #draining = false
  /** On the list of what this thread owes. */
  #owing = false

  constructor(port: Port) {
    this.#port = port
    this.#bytes = port.bytes
    this.#headers = new Uint32Array(port.bytes.buffer)
    this.#words = port.words
    this.#release = port.native.publish
    this.#nativeLook = port.native.look
    this.#capacity = port.capacity
    this.#lap = port.capacity >>> 2
    this.#heap = port.memory === 'heap'
    this.#doorbell = new Doorbell(port)
    this.#offset = port.native.offset
  }

  pop(): Uint8Array | undefined {
    if (this.#available === 0 || this.#draining === true) {
      this.#checkIdle()
      if (this.#look() === 0) return undefined
    }
    const length = this.#length()
    const start = this.#offset + HEADER
    if (this.#heap === true) unfoldUp(this.#bytes, this.#capacity, start + length)
    const message = slice.call(this.#bytes, start, start + length)
    this.#read(length)
    return message
  }

  popSync(options?: BlockOptions): Uint8Array | undefined {
    this.#doorbell.checkQuiet()
    const deadline = deadlineOf(options)
    for (;;) {
      const message = this.pop()
      if (message !== undefined) return message
      if (this.#port.flaggedDone || !blockSlice(this.#port, HEADER, deadline)) return undefined
    }
  }

  ready(options?: ReadyOptions): Promise<boolean> {
    try {
      return this.#doorbell.wait(1, () => this.#hasData(), signalOf(options))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #hasData(): boolean | undefined {
    this.#checkIdle()
    if (this.#available > 0) return true
    this.#refresh()
    if (this.#available > 0) return true
    return this.#port.flaggedDone ? false : undefined
  }

  ref(): void {
    this.#port.checkHeld()
    this.#doorbell.ref()
  }

  unref(): void {
    this.#port.checkHeld()
    this.#doorbell.unref()
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return iterate(this, this.#port)
  }

  batches(max: number = Infinity): AsyncIterableIterator<Uint8Array[]> {
    if (max !== Infinity) checkInteger('max', max, 1, Number.MAX_SAFE_INTEGER)
    return iterate({
      pop: () => {
        const batch = this.popMany(Math.min(max, LONGEST_BATCH))
        return batch.length === 0 ? undefined : batch
      },
      ready: () => this.ready(),
    }, this.#port, BATCH_WORK)
  }

  popMany(into: never): number
  popMany(max: number): Uint8Array[]
  popMany(max: number): number | Uint8Array[] {
    checkInteger('max', max, 0, Number.MAX_SAFE_INTEGER)
    this.#checkIdle()
    const messages: Uint8Array[] = []
    while (messages.length < max) {
      const message = this.pop()
      if (message === undefined) break
      messages.push(message)
    }
    this.#release()
    return messages
  }

  peek(): Uint8Array | undefined {
    this.#checkIdle()
    if (this.#available === 0 && this.#look() === 0) return undefined
    const length = this.#length()
    const start = this.#offset + HEADER
    if (this.#heap === true) unfoldUp(this.#bytes, this.#capacity, start + length)
    this.#peeked = length
    return this.#bytes.subarray(start, start + length)
  }

  release(n?: number): void {
    this.#checkIdle()
    const most = this.#peeked < 0 ? 0 : 1
    if (n === undefined) n = most
    checkInteger('n', n, 0, most)
    if (n === 0) return
    // The length that peek has checked, not the header, which may have changed since.
    this.#read(this.#peeked)
    this.#release()
    this.#port.checkFlags()
  }

  drain(fn: (message: Uint8Array) => void, max: number = Infinity): number {
    checkCallback(fn, max)
    return this.#each(max, (bytes, start, end) => fn(subarray.call(bytes, start, end)))
  }

  visit(fn: (bytes: Uint8Array, start: number, end: number) => void, max: number = Infinity): number {
    checkCallback(fn, max)
    return this.#each(max, fn)
  }

  #each(max: number, fn: (bytes: Uint8Array, start: number, end: number) => void): number {
    this.#checkIdle()
    let taken = 0
    let looked = false
    try {
      while (taken < max) {
        if (this.#available === 0) {
          // Once, so that a quick producer cannot hold the caller here; and not for a closed consumer.
          if (looked || !this.#port.isOpen || this.#look() === 0) break
          looked = true
        }
        const length = this.#length()
        const start = this.#offset + HEADER
        if (this.#heap === true) unfoldUp(this.#bytes, this.#capacity, start + length)
        this.#draining = true
        taken++
        try {
          fn(this.#bytes, start, start + length)
        } finally {
          this.#draining = false
          // Also when fn throws: that message is gone, and no other. fn may have closed the consumer.
          if (this.#available !== 0) this.#read(length)
        }
      }
    } finally {
      if (this.#port.isOpen) this.#release()
    }
    return taken
  }

  get available(): number {
    this.#port.checkHeld()
    if (!this.#port.isOpen) return 0
    this.#refresh()
    return this.#available
  }

  get capacity(): number {
    this.#port.checkHeld()
    return this.#capacity
  }

  get of(): 'bytes' {
    return 'bytes'
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
    if (this.#available > 0) return false
    this.#refresh()
    return this.#available === 0 && this.#port.flaggedDone
  }

  get stats(): Stats {
    return this.#port.stats()
  }

  close(): void {
    this.#retire()
    this.#port.close()
    this.#doorbell.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  move(): ConsumerToken<'bytes'> {
    this.#checkIdle()
    this.#doorbell.checkQuiet()
    const token = this.#port.move()
    this.#retire()
    return token as ConsumerToken<'bytes'>
  }

  /** Gives back what has been read, at the end of the turn at the latest. */
  settle(): boolean {
    this.#owing = false
    if (this.#words[PENDING] === 0 || !this.#port.isOpen) return false
    // What is wrong is told by the flags to the next call that a program makes.
    this.#release()
    return true
  }

  [inspect.custom](): string {
    return `Consumer<bytes> { capacity: ${this.#capacity}, memory: '${this.#port.memory}' }`
  }

  /** The length of the oldest message, which is available in full. */
  #length(): number {
    const length = this.#headers[this.#offset >>> 2]!
    // First the plain bound, under which the sum is right. No length is within it if the memory was taken away.
    if (!(length <= this.#available - HEADER && sizeOf(length) <= this.#available)) {
      this.#port.checkMemory()
      throw corrupt(`a message claims ${length} bytes where ${Math.max(0, this.#available - HEADER)} are left`)
    }
    return length
  }

  /** Counts the oldest message as read, and gives the bytes back if enough are due. */
  #read(length: number): void {
    const size = sizeOf(length)
    this.#offset = (this.#offset + size) & (this.#capacity - 1)
    this.#available -= size
    this.#peeked = -1
    const pending = this.#words[PENDING]! + size
    this.#words[PENDING_MESSAGES]! += 1
    this.#words[PENDING] = pending
    if (pending >= this.#lap) {
      if (this.#release() !== undefined) this.#port.checkFlags()
    } else if (this.#owing === false) {
      this.#owing = true
      owe(this)
    }
  }

  #look(): number {
    this.#refresh()
    // Messages may be missing because a producer in this very thread has not published them.
    if (this.#available === 0 && settleThread()) this.#refresh()
    return this.#available
  }

  #refresh(): void {
    if (this.#nativeLook() !== undefined) this.#port.checkFlags()
    else if (this.#bytes.length === 0) this.#port.checkMemory()
    this.#available = this.#words[KNOWN]!
  }

  #checkIdle(): void {
    this.#port.checkOpen()
    if (this.#draining === true) {
      throw new CrosscoreError('ERR_CROSSCORE_BUSY', 'drain is showing a message: read the next one after its callback')
    }
  }

  #retire(): void {
    this.#available = 0
    this.#peeked = -1
  }
}
