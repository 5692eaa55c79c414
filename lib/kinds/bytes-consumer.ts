// The consumer of messages: bytes of any length.

import type { Bytes } from '../../index.js'
import { checkCallback, checkInteger, peekIsVoid } from '../environment/errors.js'
import { settleThread } from '../environment/turn.js'
import { ConsumerShell } from '../handle/consumer.js'
import { Port } from '../handle/port.js'
import * as framed from '../layout/framed.js'
import { FramedReader } from '../layout/framed.js'
import type { NativeHandle } from '../native/addon.js'
import { findMessages, refreshReader, refuseLength } from './framed.js'
import type { Kind } from './kind.js'

// V8 folds a constant of this module into hot code, and loads one of another module each time, with checks.
const { sizeOf } = framed
const ByteView = Uint8Array

/** Messages in a batch when the caller names no number. */
const LONGEST_BATCH = 4096

/** Why other calls are refused while a callback of `drain` or `visit` is shown a message. */
const SHOWING = 'drain or visit is showing a message: read the next one after its callback'

/**
 * Reads what a FramedWriter wrote. While a callback is shown a message in place the count is put aside and 0, so that
 * pop need not ask. It keeps INV-JS-5 and INV-JS-7.
 */
export class BytesConsumer extends ConsumerShell<'bytes'> {
  readonly #port: Port
  readonly #reader: FramedReader
  /** The length of the message that peek has shown, or -1. */
  #peeked = -1
  /** Something was shown before: then what is missing at a release was read by another call. */
  #hasPeeked = false

  constructor(native: NativeHandle, kind: Kind<'bytes'>) {
    const port = new Port(native, 'consumer', kind)
    super(port)
    const reader = new FramedReader(native, port.buffer)
    this.#port = port
    this.#reader = reader
    ConsumerShell.join<'bytes'>(this, {
      known: () => reader.available,
      look: () => refreshReader(reader, port),
      batch: (max) => {
        const batch = this.popMany(Math.min(max, LONGEST_BATCH))
        return batch.length === 0 ? undefined : batch
      },
      retire: () => this.#retire(),
    })
  }

  pop(): Bytes | undefined {
    const reader = this.#reader
    if (reader.available === 0 && findMessages(reader, this.#port) === 0) return undefined
    const length = this.#length()
    // A view and a copy of it: `slice` would ask what a program may have changed, the species of the view.
    const message = new ByteView(new ByteView(this.#port.buffer, reader.payload, length))
    this.#read(length)
    return message
  }

  popMany(into: never): number
  popMany(max: number): Bytes[]
  popMany(max: number): number | Bytes[] {
    checkInteger('max', max, 0, Number.MAX_SAFE_INTEGER)
    this.#port.checkIdle()
    const messages: Bytes[] = []
    try {
      while (messages.length < max) {
        const message = this.pop()
        if (message === undefined) break
        messages[messages.length] = message
      }
    } catch (error) {
      // Messages that are read are not lost for one that cannot be: it stays, and the next read tells.
      if (messages.length === 0) throw error
    }
    this.#reader.release()
    return messages
  }

  peek(): Bytes | undefined {
    this.#port.checkIdle()
    const reader = this.#reader
    if (reader.available === 0 && findMessages(reader, this.#port) === 0) return undefined
    const length = this.#length()
    reader.native.shown()
    const view = new ByteView(this.#port.buffer, reader.payload, length)
    this.#peeked = length
    this.#hasPeeked = true
    return view
  }

  release(n?: number): void {
    this.#port.checkIdle()
    const most = this.#peeked < 0 ? 0 : 1
    if (n === undefined) n = most
    if (n === 1 && most === 0 && this.#hasPeeked) throw peekIsVoid(n)
    checkInteger('n', n, 0, most)
    if (n === 0) return
    // The length that peek has checked, not the header, which may have changed since.
    this.#read(this.#peeked)
    this.#hasPeeked = false
    this.#reader.release()
    this.#port.checkFlags()
  }

  drain(fn: (message: Bytes) => void, max: number = Infinity): number {
    checkCallback(fn, max)
    const { buffer } = this.#port
    return this.#each(max, (_, start, end) => fn(new ByteView(buffer, start, end - start)))
  }

  visit(fn: (bytes: Bytes, start: number, end: number) => void, max: number = Infinity): number {
    checkCallback(fn, max)
    return this.#each(max, fn)
  }

  #each(max: number, fn: (bytes: Bytes, start: number, end: number) => void): number {
    const port = this.#port
    const reader = this.#reader
    port.checkIdle()
    reader.native.shown()
    let taken = 0
    // One look, so that a quick producer cannot hold the caller here.
    let more = reader.available > 0
    if (max > 0 && !more && findMessages(reader, port) === 0) return 0
    let { available } = reader
    reader.available = 0
    port.busy = SHOWING
    try {
      while (taken < max) {
        if (available === 0) {
          if (!more) break
          more = false
          refreshReader(reader, port)
          if (reader.available === 0 && settleThread()) refreshReader(reader, port)
          available = reader.available
          reader.available = 0
          continue
        }
        const length = this.#length(available)
        const start = reader.payload
        taken++
        try {
          fn(reader.bytes, start, start + length)
        } finally {
          // Also when fn throws: that message is gone, and no other. fn may have closed the consumer.
          if (port.busy === SHOWING) {
            const size = sizeOf(length)
            available -= size
            this.#peeked = -1
            reader.take(size)
            // Whatever it finds is told by the next read: nothing of ours is to hide what fn has thrown.
            reader.handOver()
          }
        }
        if (port.busy !== SHOWING) break
      }
    } finally {
      if (port.busy === SHOWING) {
        port.busy = ''
        reader.available = available
        reader.release()
        ConsumerShell.resume(this)
      }
    }
    return taken
  }

  /** The length of the oldest message, which is available in full. */
  #length(available = this.#reader.available): number {
    const length = this.#reader.length(available)
    if (length < 0) refuseLength(this.#reader, this.#port, available)
    return length
  }

  /** Counts the oldest message as read. */
  #read(length: number): void {
    this.#peeked = -1
    if (this.#reader.read(length) !== 0) this.#port.checkFlags()
  }

  #retire(): void {
    this.#reader.available = 0
    this.#peeked = -1
  }
}
