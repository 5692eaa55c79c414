// The producer of values that are encoded: JSON, structured clones, and codecs of the program's own.

import type { Codec, Element } from '../../index.js'
import { invalidArgument, tooLarge } from '../environment/errors.js'
import { isArray, isView, lengthOf, lengthOfList, type NumericView, setElements } from '../environment/intrinsics.js'
import { noSlots, Port } from '../handle/port.js'
import { ProducerShell } from '../handle/producer.js'
import { findRoom, refreshWriter, refuse } from './framed.js'
import { pushMessageList, pushMessagesFrom } from './push-messages.js'
import { FramedWriter, HEADER, roomFor, sizeOf } from '../layout/framed.js'
import { BYTES, textView, writeLongText, writeText } from '../layout/text.js'
import type { NativeHandle } from '../native/addon.js'
import * as crossing from '../native/crossing.js'
import type { Encoding } from './encoded.js'
import type { Kind } from './kind.js'

const { pushString, writeString } = crossing

/** The kinds of this family. */
export type EncodedKind = 'json' | 'value' | Codec<unknown>

/** Why other calls are refused while a value is encoded, which may call the program. */
const ENCODING = 'a value is being encoded: its toJSON, a getter, or the codec used the same producer'

/**
 * Encodes a value, then copies it into the ring at once: nothing is published of a value that cannot be encoded. It keeps
 * INV-JS-7.
 */
export class EncodedProducer<K extends EncodedKind> extends ProducerShell<K> {
  readonly #port: Port
  readonly #writer: FramedWriter
  readonly #encoding: Encoding
  readonly #view: Uint8Array
  readonly #look: (wanted: number) => number

  constructor(native: NativeHandle, kind: Kind<K>, encoding: Encoding) {
    const port = new Port(native, 'producer', kind)
    super(port)
    const writer = new FramedWriter(native, port.buffer)
    this.#port = port
    this.#writer = writer
    this.#encoding = encoding
    this.#view = textView(port.buffer)
    this.#look = (wanted) => findRoom(writer, port, wanted)
    const write = (value: Element<K>, at: number): boolean => this.#write(value, at)
    ProducerShell.join(this, {
      known: () => writer.free,
      look: () => refreshWriter(writer, port),
      short: () => writer.short,
      room: (n) => roomFor(writer, n, 'a value'),
      reserved: () => 0,
      retire: () => {
        writer.free = 0
      },
      measure,
      pushRun: (values, from) => {
        const list = values as readonly Element<K>[]
        return pushMessageList(port, writer, list, from, lengthOfList(list), write)
      },
      pushFrom: (iterator, at) => pushMessagesFrom(port, writer, iterator as Iterator<Element<K>>, at, write),
      wanted: () => writer.short,
    })
  }

  push(value: Element<K>): boolean {
    const writer = this.#writer
    const encoded = this.#encode(value)
    if (typeof encoded === 'string') {
      const size = pushString(writer.native.number, encoded)
      if (size !== undefined && size !== 0) {
        if (writer.sent(size) !== 0) refuse(writer, this.#port)
        return true
      }
    }
    const length = this.#place(encoded, -1)
    if (length < 0) return this.#port.full()
    if (this.#writer.send(length) !== 0) refuse(writer, this.#port)
    return true
  }

  reserve(): null {
    throw noSlots(this.#encoding.name, 'push values')
  }

  commit(): void {
    throw noSlots(this.#encoding.name, 'push values')
  }

  abort(): void {
    throw noSlots(this.#encoding.name, 'push values')
  }

  /** Encodes and writes a value; false if there is no room for it. `at` is its place in a list. */
  #write(value: Element<K>, at: number): boolean {
    const writer = this.#writer
    const encoded = this.#encode(value)
    if (typeof encoded === 'string') {
      const size = writeString(writer.native.number, encoded)
      if (size !== undefined && size !== 0) {
        writer.wrote(size)
        return true
      }
    }
    const length = this.#place(encoded, at)
    if (length < 0) return false
    writer.finish(length)
    return true
  }

  /** Copies what was encoded to where the next one goes; its length, or -1 if there is no room for it. `at` is its place in a list. */
  #place(encoded: string | Uint8Array, at: number): number {
    const writer = this.#writer
    if (writer.bytes.length === 0) this.#port.checkMemory()
    let length: number
    if (typeof encoded === 'string') {
      // As a string is pushed: where there is room enough for the longest that it could be, its length need not be known.
      length = writer.free < HEADER ? -1 : writeText(writer, this.#view, encoded, writer.free - HEADER)
      if (length < 0) {
        length = writeLongText(writer, this.#view, encoded, at < 0 ? 'a value' : `values[${at}]`, this.#look)
        if (length < 0) return -1
      }
    } else {
      length = lengthOf(encoded)
      if (length > writer.longest) throw tooLarge(at < 0 ? 'a value' : `values[${at}]`, length, writer.longest)
      const size = sizeOf(length)
      if (writer.free < size && findRoom(writer, this.#port, size) < size) return -1
      setElements(writer.bytes, encoded as NumericView, writer.payload)
      writer.describe(BYTES)
    }
    if (writer.isNew && writer.enter() !== 0) refuse(writer, this.#port)
    return length
  }

  #encode(value: Element<K>): string | Uint8Array {
    const port = this.#port
    const writer = this.#writer
    port.checkIdle()
    const { free } = writer
    writer.free = 0
    port.busy = ENCODING
    let encoded: string | Uint8Array
    try {
      encoded = this.#encoding.encode(value, writer.longest)
    } finally {
      // The program may have closed the producer.
      if (port.busy === ENCODING) {
        port.busy = ''
        writer.free = free
        ProducerShell.resume(this)
      }
    }
    port.checkOpen()
    return encoded
  }
}

function measure(values: unknown): number | undefined {
  if (isArray(values)) return lengthOfList(values)
  if (
    typeof values !== 'object' ||
    values === null ||
    isView(values) ||
    typeof (values as Iterable<unknown>)[Symbol.iterator] !== 'function'
  ) {
    throw invalidArgument('values', 'an array or an iterable (push takes a single value)', values)
  }
  return undefined
}
