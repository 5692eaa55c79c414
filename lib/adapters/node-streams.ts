// A ring's ends as streams of Node.

import { addAbortSignal, Readable as NodeReadable, Writable as NodeWritable } from 'node:stream'
/** @ts-ignore without @types/node these are any */
import type { Readable, ReadableOptions, Writable, WritableOptions } from 'node:stream'
import { setImmediate } from 'node:timers'
import type { Consumer, Element, ElementKind, Producer } from '../../index.js'
import { checkOptionsObject, CrosscoreError } from '../environment/errors.js'
import { closeWith, prematureClose, writeError } from './closing.js'
import { cut, longestPiece, sendAll } from './sending.js'
import { fillYoung, prepareForChunks } from './chunk-memory.js'

/** What `toWritable` takes: options of Node's own `Writable`. */
export interface ToWritableOptions
  extends Pick<WritableOptions, 'highWaterMark' | 'emitClose' | 'autoDestroy' | 'signal' | 'defaultEncoding'> {
  /**
   * Each chunk is an element or a message. Always so but for `'bytes'`, where the default is a stream of bytes: chunks
   * of any length, strings too, cut where they do not fit.
   */
  objectMode?: boolean | undefined
}

/** What `toReadable` takes: options of Node's own `Readable`. */
export interface ToReadableOptions
  extends Pick<ReadableOptions, 'highWaterMark' | 'emitClose' | 'autoDestroy' | 'signal' | 'encoding'> {
  /**
   * Each element or message is a chunk. Always so but for `'bytes'`, where the default is a stream of bytes: small
   * messages come together in a chunk, empty ones do not come at all.
   */
  objectMode?: boolean | undefined
}

/** What a stream may read in one turn of the event loop before timers and sockets get theirs. */
const BYTES_A_TURN = 4 << 20
const ELEMENTS_A_TURN = 4096
/** Messages that are shown at once; what a chunk exceeds its mark by stays small. */
const MOST_AT_ONCE = 1024

/** Chunks of a `Writable` into a producer. */
class RingWritable<K extends ElementKind> extends NodeWritable {
  readonly #producer: Producer<K>
  /** The longest piece of a stream of bytes; 0 where chunks are elements. */
  readonly #longest: number

  constructor(producer: Producer<K>, options: ToWritableOptions) {
    const bytes = producer.of === 'bytes' && options.objectMode !== true
    const { signal, ...rest } = options
    super({ ...rest, objectMode: !bytes })
    this.#producer = producer
    this.#longest = bytes ? longestPiece(producer.capacity) : 0
    if (bytes) prepareForChunks()
    // Not by super: a signal that is aborted already would destroy what is not there yet.
    if (signal !== undefined) addAbortSignal(signal, this)
  }

  override _write(chunk: Element<K>, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    let sent = false
    try {
      if (this.#longest === 0) sent = this.#producer.push(chunk)
      else {
        const { length } = chunk as Uint8Array
        fillYoung(length)
        sent = length === 0 || (length <= this.#longest && this.#producer.push(chunk))
      }
    } catch (error) {
      callback(writeError(this.#producer, error) as Error)
      return
    }
    if (sent) callback()
    else void this.#sendAll([chunk], callback)
  }

  override _writev(chunks: { chunk: Element<K> }[], callback: (error?: Error | null) => void): void {
    void this.#sendAll(chunks.map(({ chunk }) => chunk), callback)
  }

  async #sendAll(chunks: Element<K>[], callback: (error?: Error | null) => void): Promise<void> {
    const values = this.#longest === 0 ? chunks : cut(chunks as Uint8Array[], this.#longest)
    try {
      await sendAll(this.#producer, values as Element<K>[])
    } catch (error) {
      callback(error as Error)
      return
    }
    callback()
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#producer.close()
    callback()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // Who reads must not take what was cut off for the end.
    closeWith(this.#producer, error ?? (this.writableFinished ? undefined : prematureClose()))
    callback(error)
  }
}

/** What a consumer gives, as chunks of a `Readable`. */
class RingReadable<K extends ElementKind> extends NodeReadable {
  readonly #consumer: Consumer<K>
  readonly #bytes: boolean
  /** Since the last turn of the event loop that was given away. */
  #taken = 0
  /** Chunks are being pushed: whoever reads in a listener waits for them. */
  #filling = false
  #again = false

  constructor(consumer: Consumer<K>, options: ToReadableOptions) {
    const bytes = consumer.of === 'bytes' && options.objectMode !== true
    const { signal, ...rest } = options
    super({ ...rest, objectMode: !bytes })
    this.#consumer = consumer
    this.#bytes = bytes
    if (bytes) prepareForChunks()
    if (signal !== undefined) addAbortSignal(signal, this)
  }

  override _read(): void {
    if (this.#filling) this.#again = true
    else this.#fill()
  }

  #fill = (): void => {
    this.#filling = true
    try {
      do {
        this.#again = false
        if (this.destroyed) return
        if (this.#taken > (this.#bytes ? BYTES_A_TURN : ELEMENTS_A_TURN)) {
          // A ring that is never empty would keep everything else waiting for ever.
          this.#taken = 0
          setImmediate(this.#fill)
          return
        }
        const taken = this.#bytes ? this.#takeBytes() : this.#takeElements()
        this.#taken += taken
        if (taken === 0) {
          this.#wait()
          return
        }
      } while (this.#again)
    } catch (error) {
      this.destroy(error as Error)
    } finally {
      this.#filling = false
    }
  }

  /** Until there is something; or ends the stream. */
  #wait(): void {
    if (this.destroyed) return
    if (!this.#consumer.done) {
      this.#taken = 0
      this.#consumer.ready().then(this.#fill, (error) => this.destroy(error))
      return
    }
    const reason = this.#consumer.reason
    if (reason === undefined) this.push(null)
    else this.destroy(reason)
  }

  /** Copies messages into chunks of about the high water mark, and pushes those; returns how many bytes. */
  #takeBytes(): number {
    const consumer = this.#consumer as unknown as Consumer<'bytes'>
    const wanted = Math.max(1, this.readableHighWaterMark)
    const there = Math.min(wanted, consumer.available)
    const chunks: Buffer[] = []
    let chunk: Buffer | undefined
    let used = 0
    let total = 0
    const copy = (memory: Uint8Array, start: number, end: number): void => {
      const length = end - start
      if (chunk === undefined || used + length > chunk.length) {
        if (chunk !== undefined) chunks.push(chunk.subarray(0, used))
        chunk = Buffer.allocUnsafe(Math.max(length, there))
        fillYoung(chunk.length)
        used = 0
      }
      chunk.set(memory.subarray(start, end), used)
      used += length
      total += length
    }
    // The first alone, since it may be all that is wanted; then twice as many each time.
    for (let count = 1; ; count = Math.min(2 * count, MOST_AT_ONCE)) {
      if (consumer.visit(copy, count) < count || total >= wanted) break
    }
    if (chunk !== undefined) chunks.push(chunk.subarray(0, used))
    // Only now: a listener may read, close or destroy.
    for (const chunk of chunks) if (!this.destroyed) this.push(chunk)
    return total
  }

  /** Pushes as many elements as the stream wants; returns how many. */
  #takeElements(): number {
    const elements = this.#consumer.popMany(Math.max(1, this.readableHighWaterMark - this.readableLength))
    for (const element of elements) {
      // By a listener, which was given the one before.
      if (this.destroyed) break
      if (element === null || element === undefined) {
        throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', `a stream of Node cannot carry ${element}: it stands for the end`)
      }
      this.push(element)
    }
    return elements.length
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    closeWith(this.#consumer, error)
    callback(error)
  }
}

/** A stream of Node that writes into `producer`, which belongs to the stream from here on. */
export function toWritable<K extends ElementKind>(producer: Producer<K>, options: ToWritableOptions = {}): Writable {
  checkOptionsObject(options, '{ highWaterMark: 16 }')
  return new RingWritable(producer, options)
}

/** A stream of Node that reads from `consumer`, which belongs to the stream from here on. */
export function toReadable<K extends ElementKind>(consumer: Consumer<K>, options: ToReadableOptions = {}): Readable {
  checkOptionsObject(options, '{ highWaterMark: 16 }')
  return new RingReadable(consumer, options)
}
