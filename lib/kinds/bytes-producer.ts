// The producer of messages: bytes of any length.

import type { Bytes } from '../../index.js'
import { checkInteger, detached, invalidArgument, tooLarge } from '../environment/errors.js'
import * as intrinsics from '../environment/intrinsics.js'
import type { NumericView } from '../environment/intrinsics.js'
import { Port } from '../handle/port.js'
import { nothingReserved, ProducerShell, RESERVED } from '../handle/producer.js'
import { findRoom, refreshWriter, refuse } from './framed.js'
import { pushMessageList, pushMessagesFrom } from './push-messages.js'
import * as framed from '../layout/framed.js'
import { FramedWriter } from '../layout/framed.js'
import type { NativeHandle } from '../native/addon.js'
import * as crossing from '../native/crossing.js'
import type { Kind } from './kind.js'

// V8 folds a constant of this module into hot code, and loads one of another module each time, with checks.
const { roomFor, sizeOf } = framed
const { pushBytes } = crossing
const { isArray, isAttached, isIterable, isView, lengthOf, lengthOfList, setElements, typedArrayName } = intrinsics
const ByteView = Uint8Array

/**
 * Each message is copied into the ring at once. While a reservation is open the count of free bytes is put aside and 0,
 * so that push need not ask. It keeps INV-JS-7.
 */
export class BytesProducer extends ProducerShell<'bytes'> {
  readonly #port: Port
  readonly #writer: FramedWriter
  /** Bytes of the open reservation, or -1. */
  #reserved = -1
  /** The count of free bytes while a reservation is open. */
  #aside = 0

  constructor(native: NativeHandle, kind: Kind<'bytes'>) {
    const port = new Port(native, 'producer', kind)
    super(port)
    const writer = new FramedWriter(native, port.buffer)
    this.#port = port
    this.#writer = writer
    const write = (message: Uint8Array, at: number): boolean => this.#write(message, at)
    ProducerShell.join(this, {
      known: () => writer.free,
      look: () => refreshWriter(writer, port),
      short: () => writer.short,
      room: (n) => roomFor(writer, n, 'a message'),
      reserved: () => (this.#reserved < 0 ? 0 : sizeOf(this.#reserved)),
      retire: () => this.#retire(),
      measure,
      pushRun: (messages, from) => {
        const list = messages as readonly Uint8Array[]
        const length = lengthOfList(list)
        for (let i = from; i < length; i++) this.#check(list[i], i)
        return pushMessageList(port, writer, list, from, length, write)
      },
      pushFrom: (iterator, at) => pushMessagesFrom(port, writer, iterator as Iterator<Uint8Array>, at, write),
      wanted: () => writer.short,
    })
  }

  push(message: Uint8Array): boolean {
    const writer = this.#writer
    // 0 while a reservation is open.
    if (writer.free !== 0) {
      const size = pushBytes(writer.native.number, message)
      if (size !== undefined && size !== 0) {
        if (writer.sent(size) !== 0) refuse(writer, this.#port)
        return true
      }
    }
    const length = this.#place(message, 'message', -1)
    if (length < 0) return this.#port.full()
    if (writer.send(length) !== 0) refuse(writer, this.#port)
    return true
  }

  reserve(n: number): Bytes | null {
    this.#port.checkIdle()
    const writer = this.#writer
    checkInteger('n', n, 0, 2 ** 31 - 1)
    if (n > writer.longest) throw tooLarge('a message', n, writer.longest)
    const size = sizeOf(n)
    if (writer.free < size && this.#look(size) < size) return null
    this.#port.checkMemory()
    writer.native.shown()
    const view = new ByteView(this.#port.buffer, writer.payload, n)
    this.#reserved = n
    this.#port.busy = RESERVED
    this.#aside = writer.free
    writer.free = 0
    return view
  }

  commit(n: number = this.#reserved): void {
    this.#checkReserved()
    checkInteger('n', n, 0, this.#reserved)
    this.#restore()
    if (this.#writer.isNew) this.#enter()
    if (this.#writer.send(n) !== 0) refuse(this.#writer, this.#port)
    ProducerShell.resume(this)
  }

  abort(): void {
    this.#checkReserved()
    this.#restore()
    ProducerShell.resume(this)
  }

  /** Throws unless `message` is bytes that can fit into the ring. */
  #check(message: unknown, at: number): void {
    // Also one from another realm, where instanceof says no.
    if (typedArrayName(message) !== 'Uint8Array') throw invalidArgument(nameAt(at), 'a Uint8Array', message)
    const length = lengthOf(message)
    if (length > this.#writer.longest) throw tooLarge(nameAt(at), length, this.#writer.longest)
    if (length === 0 && !isAttached(message)) throw detached(nameAt(at))
  }

  /** Writes a message; false if there is no room for it. `at` is its place in a list. */
  #write(message: Uint8Array, at: number): boolean {
    const length = this.#place(message, 'messages', at)
    if (length < 0) return false
    this.#writer.finish(length)
    return true
  }

  /** Copies a message to where the next one goes; its length, or -1 if there is no room for it. */
  #place(message: Uint8Array, what: 'message' | 'messages', at: number): number {
    const writer = this.#writer
    let length = lengthOfBytes(message)
    if (length === 0) {
      this.#check(message, what === 'message' ? -1 : at)
      length = lengthOf(message)
    }
    // Before the sum below, which is right for lengths under 2^31 only.
    if (length > writer.longest) this.#check(message, at)
    const size = sizeOf(length)
    if (writer.free < size && this.#look(size) < size) return -1
    if (writer.isNew) this.#enter()
    if (writer.bytes.length === 0) this.#port.checkMemory()
    setElements(writer.bytes, message as NumericView, writer.payload)
    return length
  }

  /** The first message of a turn that is not published at once: asks whether there is still somebody to read it. */
  #enter(): void {
    if (this.#writer.enter() !== 0) refuse(this.#writer, this.#port)
  }

  /** The free bytes, of which fewer than `wanted` were known. */
  #look(wanted: number): number {
    this.#port.checkIdle()
    return findRoom(this.#writer, this.#port, wanted)
  }

  #checkReserved(): void {
    this.#port.checkOpen()
    if (this.#reserved < 0) throw nothingReserved()
  }

  /** The reservation is over. */
  #restore(): void {
    this.#port.busy = ''
    this.#reserved = -1
    this.#writer.free = this.#aside
  }

  #retire(): void {
    this.#writer.free = 0
    this.#reserved = -1
  }
}

/** What a message is called in an error: its place in a list, or -1. */
function nameAt(at: number): string {
  return at < 0 ? 'message' : `messages[${at}]`
}

/** Longer than any ring. */
const MOST = 2 ** 31

/** The length of bytes, quickly. 0 says nothing: look closer. */
function lengthOfBytes(value: unknown): number {
  if (!(value instanceof ByteView)) return 0
  try {
    // V8 learns from the first what the array is, and makes the second, which no array can fake, a plain load. Then a small
    // integer is made of it, which V8 would go on with as a double.
    const length = value.length === 0 ? 0 : lengthOf(value)
    return length < MOST ? length | 0 : 0
  } catch {
    // A proxy, or an object that only inherits from Uint8Array.
    return 0
  }
}

function measure(messages: unknown): number | undefined {
  if (!isIterable(messages)) throw invalidArgument('messages', 'an array or an iterable of Uint8Array', messages)
  if (isView(messages)) {
    throw invalidArgument('messages', 'an array or an iterable of Uint8Array (push takes a single one)', messages)
  }
  return isArray(messages) ? lengthOfList(messages) : undefined
}
