// The consumer of values that are encoded: JSON, structured clones, and codecs of the program's own.

import type { Batch, Popped, Shown } from '../../index.js'
import { checkCallback, checkInteger } from '../environment/errors.js'
import { ConsumerShell } from '../handle/consumer.js'
import { noSlots, Port } from '../handle/port.js'
import { FramedReader } from '../layout/framed.js'
import { BYTES, readText, textView } from '../layout/text.js'
import type { NativeHandle } from '../native/addon.js'
import type { EncodedKind } from './encoded-producer.js'
import type { Encoding } from './encoded.js'
import { findMessages, refreshReader, refuseLength } from './framed.js'
import type { Kind } from './kind.js'

const ByteView = Uint8Array

/** Values in a batch when the caller names no number. */
const LONGEST_BATCH = 4096

/** Why other calls are refused while the program's code is called: a codec, or a callback of `drain`. */
const CALLING = 'a value is being decoded or given out: read the next one after that'

/**
 * Decodes what an EncodedProducer wrote. A message counts as read before it is decoded, so that one that cannot be decoded
 * is told once and does not stop those behind it. It keeps INV-JS-5 and INV-JS-7.
 */
export class EncodedConsumer<K extends EncodedKind> extends ConsumerShell<K> {
  readonly #port: Port
  readonly #reader: FramedReader
  readonly #encoding: Encoding
  readonly #view: Uint8Array

  constructor(native: NativeHandle, kind: Kind<K>, encoding: Encoding) {
    const port = new Port(native, 'consumer', kind)
    super(port)
    const reader = new FramedReader(native, port.buffer)
    this.#port = port
    this.#reader = reader
    this.#encoding = encoding
    this.#view = textView(port.buffer)
    ConsumerShell.join<K>(this, {
      known: () => reader.available,
      look: () => refreshReader(reader, port),
      batch: (max) => {
        const batch = this.popMany(Math.min(max, LONGEST_BATCH))
        return batch.length === 0 ? undefined : (batch as Batch<K>)
      },
      retire: () => {
        reader.available = 0
      },
    })
  }

  pop(): Popped<K> | undefined {
    if (this.#reader.available === 0 && findMessages(this.#reader, this.#port) === 0) return undefined
    return this.#call((encoded) => this.#encoding.decode(encoded) as Popped<K>)
  }

  popMany(into: never): number
  popMany(max: number): Popped<K>[]
  popMany(max: number): number | Popped<K>[] {
    checkInteger('max', max, 0, Number.MAX_SAFE_INTEGER)
    this.#port.checkIdle()
    const values: Popped<K>[] = []
    try {
      while (values.length < max && this.#port.isOpen && (this.#reader.available > 0 || findMessages(this.#reader, this.#port) > 0)) {
        const rest = values.length > 0
        values[values.length] = this.#call((encoded) => this.#encoding.decode(encoded) as Popped<K>, rest)
      }
    } catch (error) {
      // Values that are decoded are not lost for one that cannot be: it stays, and the next read tells.
      if (values.length === 0 || !this.#port.isOpen) throw error
    }
    if (values.length > 0 && this.#port.isOpen) this.#reader.release()
    return values
  }

  peek(): never {
    throw noSlots(this.#encoding.name, 'pop or drain values')
  }

  release(): void {
    throw noSlots(this.#encoding.name, 'pop or drain values')
  }

  visit(): never {
    throw noSlots(this.#encoding.name, 'pop or drain values')
  }

  drain(fn: (value: Shown<K>) => void, max: number = Infinity): number {
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
        taken++
        this.#call((encoded) => fn(this.#encoding.decode(encoded) as Shown<K>))
      }
    } finally {
      if (port.isOpen) {
        reader.release()
        ConsumerShell.resume(this)
      }
    }
    return taken
  }

  /**
   * Takes the oldest message out and calls `fn` with it, while every other read is refused. With `keep` it is taken out
   * when `fn` has returned, and stays if it throws.
   */
  #call<T>(fn: (encoded: string | Uint8Array<ArrayBuffer>) => T, keep = false): T {
    const port = this.#port
    const reader = this.#reader
    const length = this.#length()
    const encoded = this.#copy(length)
    if (!keep) this.#read(length)
    const { available } = reader
    reader.available = 0
    port.busy = CALLING
    let made: T
    try {
      made = fn(encoded)
    } finally {
      // The program may have closed the consumer.
      if (port.busy === CALLING) {
        port.busy = ''
        reader.available = available
      }
    }
    if (keep && port.isOpen) this.#read(length)
    return made
  }

  /** The length of the oldest message, which is available in full. */
  #length(): number {
    const { available } = this.#reader
    const length = this.#reader.length(available)
    if (length < 0) refuseLength(this.#reader, this.#port, available)
    return length
  }

  /** The oldest message, copied: nobody else can change it or keep the ring's memory by it. */
  #copy(length: number): string | Uint8Array<ArrayBuffer> {
    const { payload, native } = this.#reader
    const what = this.#reader.what()
    // One crossing makes a text; where it cannot, the long way does.
    return (
      (what === BYTES ? undefined : (native.text() ?? readText(this.#view, payload, length, what))) ??
      new ByteView(new ByteView(this.#port.buffer, payload, length))
    )
  }

  /** Counts the oldest message as read. */
  #read(length: number): void {
    if (this.#reader.read(length) !== 0) this.#port.checkFlags()
  }
}
