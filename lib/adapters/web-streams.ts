// A ring's ends as web streams.

import { CountQueuingStrategy, ReadableStream as Readable, WritableStream as Writable } from 'node:stream/web'
/** @ts-ignore without @types/node these are any */
import type { ReadableByteStreamController, ReadableStream, ReadableStreamDefaultController, WritableStream } from 'node:stream/web'
import type { Consumer, Element, ElementKind, Popped, Producer } from '../../index.js'
import { checkOptionsObject, CrosscoreError } from '../environment/errors.js'
import { closeWith, writeError } from './closing.js'
import { cut, longestPiece, sendAll } from './sending.js'

/** What `toWritableStream` takes. */
export interface ToWritableStreamOptions {
  /** Written and not yet in the ring, before the writer is to wait: bytes for `'bytes'` (65,536), elements otherwise (16). */
  highWaterMark?: number | undefined
}

/** What `toReadableStream` takes. */
export interface ToReadableStreamOptions {
  /** Read ahead: bytes for `'bytes'`, elements otherwise. 0 by default: what is not asked for stays in the ring. */
  highWaterMark?: number | undefined
  /** For `'bytes'`: a reader that brings no buffer is given one of this size. */
  autoAllocateChunkSize?: number | undefined
}

const WRITE_AHEAD_BYTES = 65_536
const WRITE_AHEAD_ELEMENTS = 16

/** A web stream that writes into `producer`, which belongs to the stream from here on. */
export function toWritableStream<K extends ElementKind>(
  producer: Producer<K>,
  options: ToWritableStreamOptions = {},
): WritableStream<Element<K>> {
  checkOptionsObject(options, '{ highWaterMark: 16 }')
  const bytes = producer.of === 'bytes'
  const longest = longestPiece(producer.capacity)
  const { highWaterMark = bytes ? WRITE_AHEAD_BYTES : WRITE_AHEAD_ELEMENTS } = options
  return new Writable<Element<K>>(
    {
      write(chunk) {
        try {
          if (!bytes) return producer.push(chunk) ? undefined : sendAll(producer, [chunk])
          const pieces = cut([bytesOf(chunk)], longest) as Element<K>[]
          if (pieces.length === 1 && producer.push(pieces[0]!)) return undefined
          return pieces.length === 0 ? undefined : sendAll(producer, pieces)
        } catch (error) {
          throw writeError(producer, error)
        }
      },
      close: () => producer.close(),
      abort: (reason) => closeWith(producer, reason),
    },
    // Not a ByteLengthQueuingStrategy, which has an error of its own for what has no length.
    bytes ? { highWaterMark, size: (chunk) => (chunk as Uint8Array)?.byteLength ?? 1 } : new CountQueuingStrategy({ highWaterMark }),
  )
}

/** A chunk of a web stream of bytes: any view, or a buffer. */
function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk)
  throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', `a chunk must be an ArrayBuffer or a view of one; got ${typeof chunk}`)
}

/**
 * A web stream that reads from `consumer`, which belongs to the stream from here on. For `'bytes'` it is a byte stream:
 * a reader may bring buffers of its own, into which is copied straight from the ring.
 */
export function toReadableStream<K extends ElementKind>(
  consumer: Consumer<K>,
  options: ToReadableStreamOptions = {},
): ReadableStream<Popped<K>> {
  checkOptionsObject(options, '{ highWaterMark: 16 }')
  const { highWaterMark = 0, autoAllocateChunkSize } = options
  if (consumer.of !== 'bytes') {
    return new Readable<Popped<K>>(elementsOf(consumer), new CountQueuingStrategy({ highWaterMark }))
  }
  const source = new ByteSource(consumer as unknown as Consumer<'bytes'>)
  return new Readable(
    {
      type: 'bytes',
      ...(autoAllocateChunkSize === undefined ? {} : { autoAllocateChunkSize }),
      pull: (controller) => source.pull(controller),
      cancel: (reason) => closeWith(consumer, reason),
    },
    { highWaterMark },
  ) as unknown as ReadableStream<Popped<K>>
}

function elementsOf<K extends ElementKind>(consumer: Consumer<K>) {
  return {
    async pull(controller: ReadableStreamDefaultController<Popped<K>>): Promise<void> {
      for (;;) {
        const elements = consumer.popMany(Math.max(1, controller.desiredSize ?? 1))
        for (const element of elements) controller.enqueue(element)
        if (elements.length > 0) return
        if (!(await consumer.ready())) return finish(consumer, controller)
      }
    },
    cancel: (reason: unknown): void => closeWith(consumer, reason),
  }
}

/** Ends the stream, as the ring ended. */
function finish(consumer: { readonly reason: Error | undefined }, controller: { close(): void; error(reason: unknown): void }): void {
  const reason = consumer.reason
  if (reason === undefined) controller.close()
  else controller.error(reason)
}

/**
 * Messages as a stream of bytes. A byte stream detaches the buffers that it is given, so that it must never be given
 * the ring's memory: all that it gets are copies.
 */
class ByteSource {
  readonly #consumer: Consumer<'bytes'>
  /** The oldest message where it lies in the ring, of which a reader's buffer took only a part. */
  #message: Uint8Array | undefined
  #taken = 0

  constructor(consumer: Consumer<'bytes'>) {
    this.#consumer = consumer
  }

  async pull(controller: ReadableByteStreamController): Promise<void> {
    for (;;) {
      this.#message ??= this.#consumer.peek()
      if (this.#message !== undefined) {
        if (this.#message.length > 0) return this.#hand(this.#message, controller)
        // A chunk of no bytes is nothing that a byte stream can hold.
        this.#next()
      } else if (!(await this.#consumer.ready())) {
        finish(this.#consumer, controller)
        // A reader that brought a buffer gets it back.
        controller.byobRequest?.respond(0)
        return
      }
    }
  }

  #hand(message: Uint8Array, controller: ReadableByteStreamController): void {
    const request = controller.byobRequest
    const view = request?.view
    if (request === null || view === null || view === undefined) {
      const rest = message.slice(this.#taken)
      this.#next()
      controller.enqueue(rest)
      return
    }
    const target = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    const part = message.subarray(this.#taken, this.#taken + target.length)
    target.set(part)
    this.#taken += part.length
    if (this.#taken === message.length) this.#next()
    request.respond(part.length)
  }

  #next(): void {
    this.#message = undefined
    this.#taken = 0
    this.#consumer.release()
  }
}
