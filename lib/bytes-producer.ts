// The producer of messages: bytes of any length.

import { inspect } from 'node:util'
import type { BlockOptions, Producer, ProducerToken, ReadyOptions, Stats } from '../index.js'
import * as control from './control.js'
import { checkInteger, CrosscoreError, invalidArgument, tooLarge } from './errors.js'
import * as framing from './framing.js'
import { checkAttached, checkBytes, lengthOfBytes } from './input.js'
import { putBack, takeNext } from './leftover.js'
import { publishEvery } from './options.js'
import type { Port } from './port.js'
import { foldDown } from './span.js'
import { pushAll } from './push-all.js'
import { owe, settleThread } from './turn.js'
import { blockSlice, deadlineOf, Doorbell, ready } from './waiting.js'

// V8 folds a constant of this module into the code of push, and loads one of another module each time, with checks.
const { FLAGS, KNOWN, PENDING, PENDING_MESSAGES } = control
const { HEADER, sizeOf } = framing
// V8 looks `set` up in each call where several kinds of typed arrays are about: 5 of 15 ns for 64 bytes.
const { set } = Uint8Array.prototype

/**
 * A message is a header of 8 bytes, of which the first four are its length, and its bytes, filled up
 * to a multiple of 8. Counts and positions are in bytes.
 *
 * Fields begin as the numbers and flags that they will be, and flags are compared with ===, for the sake of the machine
 * code (docs/PERFORMANCE.md).
 *
 * It keeps INV-JS-1, INV-JS-2, INV-JS-3 and INV-JS-7.
 */
export class BytesProducer implements Producer<'bytes'> {
  readonly #port: Port
  readonly #bytes: Uint8Array
  /** The same memory, for the headers. */
  readonly #headers: Uint32Array
  readonly #words: Uint32Array
  readonly #publish: () => true | undefined
  readonly #nativeLook: () => true | undefined
  readonly #capacity: number = 0
  /** The longest message. */
  readonly #longest: number = 0
  readonly #quarter: number = 0
  /** Messages until they are published. */
  readonly #every: number = 0
  readonly #heap: boolean = false
  readonly #doorbell: Doorbell
  /** The next header. */
  #offset: number = 0
  #free = 0
  #unpublished = 0
  /** On the list of what this thread owes. */
  #owing = false
  /** Bytes of the open reservation, or -1. */
  #reserved = -1
  /** The count of free bytes while a reservation is open. */
  #aside = 0
  /** What the last message that found no room would have taken. */
  #short = HEADER

  constructor(port: Port) {
    this.#port = port
    this.#bytes = port.bytes
    this.#headers = new Uint32Array(port.bytes.buffer)
    this.#words = port.words
    this.#publish = port.native.publish
    this.#nativeLook = port.native.look
    this.#capacity = port.capacity
    this.#longest = port.capacity - HEADER
    this.#quarter = port.capacity >>> 2
    // No message takes less than its header, so that this is as good as never.
    this.#every = Math.min(publishEvery(port.description.publish), port.capacity)
    this.#doorbell = new Doorbell(port)
    this.#heap = port.memory === 'heap'
    this.#offset = port.native.offset
  }

  push(message: Uint8Array): boolean {
    if (!this.#write(message, 'message')) return false
    this.#handOver()
    return true
  }

  pushSync(message: Uint8Array, options?: BlockOptions): boolean {
    this.#doorbell.checkQuiet()
    const deadline = deadlineOf(options)
    while (!this.push(message)) {
      if (!blockSlice(this.#port, sizeOf(message.length), deadline)) return false
    }
    return true
  }

  pushManySync(messages: Iterable<Uint8Array>, options?: BlockOptions): number {
    this.#doorbell.checkQuiet()
    const deadline = deadlineOf(options)
    return pushAll(this.#port, messages, deadline, {
      pushMany: (some) => this.pushMany(some),
      pushFrom: (iterator) => this.#pushFrom(iterator),
      room: () => this.#short,
    })
  }

  ready(n: number | ReadyOptions = 1, options?: ReadyOptions): Promise<boolean> {
    return ready(n, options, this.#doorbell, (length, signal) => {
      checkInteger('n', length, 0, 2 ** 31 - 1)
      if (length > this.#longest) throw tooLarge('a message', length, this.#longest)
      const size = sizeOf(length)
      return this.#doorbell.wait(size, () => this.#hasRoom(size), signal)
    })
  }

  #hasRoom(size: number): boolean | undefined {
    this.#checkIdle()
    if (this.#free >= size && this.#words[FLAGS] === 0) return true
    this.#refresh()
    if (this.#port.flaggedClosed) return false
    return this.#free >= size ? true : undefined
  }

  ref(): void {
    this.#port.checkHeld()
    this.#doorbell.ref()
  }

  unref(): void {
    this.#port.checkHeld()
    this.#doorbell.unref()
  }

  pushMany(messages: Iterable<Uint8Array>): number {
    this.#checkIdle()
    if (typeof messages !== 'object' || messages === null || typeof messages[Symbol.iterator] !== 'function') {
      throw invalidArgument('messages', 'an array or an iterable of Uint8Array', messages)
    }
    if (ArrayBuffer.isView(messages)) {
      throw invalidArgument('messages', 'an array or an iterable of Uint8Array (push takes a single one)', messages)
    }
    return Array.isArray(messages) ? this.#pushList(messages as Uint8Array[]) : this.#pushFrom(messages[Symbol.iterator]())
  }

  #pushList(messages: readonly Uint8Array[]): number {
    for (let i = 0; i < messages.length; i++) this.#check(messages[i]!, `messages[${i}]`)
    let count = 0
    try {
      while (count < messages.length && this.#write(messages[count]!, `messages[${count}]`)) {
        // A getter in the array may wait for a ring in this thread.
        this.#owe()
        count++
      }
    } finally {
      this.#publishNow()
    }
    return count
  }

  #pushFrom(iterator: Iterator<Uint8Array>): number {
    // Before a message is taken.
    this.#checkIdle()
    let count = 0
    try {
      for (;;) {
        const next = takeNext(iterator)
        if (next.done === true) break
        // The iterator is foreign code and may have used this producer meanwhile.
        this.#checkIdle()
        if (!this.#write(next.value, `messages[${count}]`)) {
          putBack(iterator, next)
          break
        }
        // Not published yet; but if the iterator waits for a ring in this thread, it will be.
        this.#owe()
        count++
      }
    } finally {
      // What was taken is published, whatever the iterator did; if it threw, that is what is heard.
      if (this.#port.isOpen) this.#publish()
      this.#unpublished = 0
    }
    if (this.#port.isOpen && this.#words[FLAGS] !== 0) this.#refuse()
    return count
  }

  reserve(n: number): Uint8Array | null {
    this.#checkIdle()
    checkInteger('n', n, 0, 2 ** 31 - 1)
    if (n > this.#longest) throw tooLarge('a message', n, this.#longest)
    if (this.#room(sizeOf(n)) < sizeOf(n)) return null
    this.#port.checkMemory()
    this.#reserved = n
    this.#aside = this.#free
    this.#free = 0
    const start = this.#offset + HEADER
    return this.#bytes.subarray(start, start + n)
  }

  commit(n: number = this.#reserved): void {
    this.#checkReserved()
    checkInteger('n', n, 0, this.#reserved)
    this.abort()
    this.#wrote(n)
    this.#handOver()
  }

  abort(): void {
    this.#checkReserved()
    this.#reserved = -1
    this.#free = this.#aside
  }

  flush(): void {
    this.#port.checkOpen()
    this.#publishNow()
  }

  get free(): number {
    this.#port.checkHeld()
    if (!this.#port.isOpen) return 0
    this.#refresh()
    return this.#reserved < 0 ? this.#free : this.#aside - sizeOf(this.#reserved)
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

  move(): ProducerToken<'bytes'> {
    this.#checkIdle()
    this.#doorbell.checkQuiet()
    const token = this.#port.move()
    this.#retire()
    return token as ProducerToken<'bytes'>
  }

  /** Publishes what is pending, at the end of the turn at the latest. */
  settle(): boolean {
    this.#owing = false
    if (this.#words[PENDING] === 0 || !this.#port.isOpen) return false
    // What is wrong is told by the flags to the next call that a program makes.
    this.#publish()
    this.#unpublished = 0
    return true
  }

  [inspect.custom](): string {
    return `Producer<bytes> { capacity: ${this.#capacity}, memory: '${this.#port.memory}' }`
  }

  /** Throws unless `message` is bytes that can fit into the ring. */
  #check(message: Uint8Array, what: string): void {
    checkBytes(what, message)
    if (message.length > this.#longest) throw tooLarge(what, message.length, this.#longest)
    if (message.length === 0) checkAttached(what, message)
  }

  /** Writes a message; false if there is no room for it. */
  #write(message: Uint8Array, what: string): boolean {
    let length = lengthOfBytes(message)
    if (length === 0) {
      this.#check(message, what)
      length = message.length
    }
    // Before the sum below, which is right for lengths under 2^31 only.
    if (length > this.#longest) throw tooLarge(what, length, this.#longest)
    const size = sizeOf(length)
    if (this.#free < size && this.#look(size) < size) {
      this.#short = size
      return false
    }
    if (this.#bytes.length === 0) this.#port.checkMemory()
    set.call(this.#bytes, message, this.#offset + HEADER)
    this.#wrote(length)
    return true
  }

  /** Completes the message at the position, whose bytes are in place. */
  #wrote(length: number): void {
    const size = sizeOf(length)
    const offset = this.#offset
    this.#headers[offset >>> 2] = length
    if (this.#heap === true) foldDown(this.#bytes, this.#capacity, offset + size)
    this.#offset = (offset + size) & (this.#capacity - 1)
    this.#free -= size
    // From here on it is part of the stream, even if this thread dies before it publishes it.
    this.#words[PENDING_MESSAGES]! += 1
    this.#words[PENDING]! += size
    this.#unpublished++
  }

  /** Sees to it that what is pending is published before the turn ends. */
  #owe(): void {
    if (this.#owing === true) return
    this.#owing = true
    owe(this)
  }

  /** Publishes if that is due: enough messages, or a quarter of the ring, so that the consumer is never idle while a long turn fills it. */
  #handOver(): void {
    if (this.#unpublished >= this.#every || this.#words[PENDING]! >= this.#quarter) this.#publishNow()
    else if (this.#owing === false) this.#owe()
  }

  #publishNow(): void {
    const flagged = this.#publish()
    this.#unpublished = 0
    if (flagged !== undefined) this.#refuse()
  }

  /** Throws what the last crossing found. */
  #refuse(): never {
    this.#free = 0
    this.#port.checkFlags()
    throw new CrosscoreError('ERR_CROSSCORE_CLOSED', 'the consumer is gone: it was closed, or its thread has ended')
  }

  /** The free bytes, after a look only if fewer than `wanted` are known. */
  #room(wanted: number): number {
    return this.#free >= wanted ? this.#free : this.#look(wanted)
  }

  #look(wanted: number): number {
    this.#checkIdle()
    this.#refresh()
    if (this.#words[FLAGS] !== 0) this.#refuse()
    // The bytes may be missing because a consumer in this very thread has not given them back.
    if (this.#free < wanted && settleThread()) this.#refresh()
    return this.#free
  }

  #refresh(): void {
    if (this.#nativeLook() !== undefined) this.#port.checkFlags()
    else if (this.#bytes.length === 0) this.#port.checkMemory()
    this.#unpublished = 0
    if (this.#reserved < 0) this.#free = this.#words[KNOWN]!
    else this.#aside = this.#words[KNOWN]!
  }

  #checkIdle(): void {
    this.#port.checkOpen()
    if (this.#reserved >= 0) {
      throw new CrosscoreError('ERR_CROSSCORE_BUSY', 'a reservation is open: commit() or abort() it first')
    }
  }

  #checkReserved(): void {
    this.#port.checkOpen()
    if (this.#reserved < 0) {
      throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', 'no reservation is open: reserve(n) comes first')
    }
  }

  #retire(): void {
    this.#free = 0
    this.#reserved = -1
  }
}
