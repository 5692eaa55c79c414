// The producer of strings.

import { invalidArgument } from '../environment/errors.js'
import * as intrinsics from '../environment/intrinsics.js'
import { noSlots, Port } from '../handle/port.js'
import { ProducerShell } from '../handle/producer.js'
import { findRoom, refreshWriter, refuse } from './framed.js'
import { pushMessageList, pushMessagesFrom } from './push-messages.js'
import * as framed from '../layout/framed.js'
import { FramedWriter } from '../layout/framed.js'
import * as text from '../layout/text.js'
import type { NativeHandle } from '../native/addon.js'
import * as crossing from '../native/crossing.js'
import type { Kind } from './kind.js'

// V8 folds a constant of this module into hot code, and loads one of another module each time, with checks.
const { HEADER, sizeOf } = framed
const { pushString, writeString } = crossing
const { writeLongText, writeText } = text
const { isArray, isView, lengthOfList } = intrinsics

/** Strings are copied into the ring at once. */
export class StringProducer extends ProducerShell<'string'> {
  readonly #port: Port
  readonly #writer: FramedWriter
  readonly #view: Uint8Array

  constructor(native: NativeHandle, kind: Kind<'string'>) {
    const port = new Port(native, 'producer', kind)
    super(port)
    const writer = new FramedWriter(native, port.buffer)
    this.#port = port
    this.#writer = writer
    this.#view = text.textView(port.buffer)
    const write = (message: string, at: number): boolean => this.#write(message, at)
    ProducerShell.join(this, {
      known: () => writer.free,
      look: () => refreshWriter(writer, port),
      short: () => writer.short,
      room: (n) => framed.roomFor(writer, n, 'a string'),
      reserved: () => 0,
      retire: () => {
        writer.free = 0
      },
      measure,
      pushRun: (messages, from) => {
        const list = messages as readonly string[]
        const length = lengthOfList(list)
        for (let i = from; i < length; i++) check(list[i], i)
        return pushMessageList(port, writer, list, from, length, write)
      },
      pushFrom: (iterator, at) => pushMessagesFrom(port, writer, iterator as Iterator<string>, at, write),
      wanted: () => writer.short,
    })
  }

  push(message: string): boolean {
    const writer = this.#writer
    if (typeof message === 'string') {
      const size = pushString(writer.native.number, message)
      if (size !== undefined && size !== 0) {
        if (writer.sent(size) !== 0) refuse(writer, this.#port)
        return true
      }
    }
    const length = this.#place(message, -1)
    if (length < 0) return this.#port.full()
    if (writer.send(length) !== 0) refuse(writer, this.#port)
    return true
  }

  reserve(): null {
    throw noSlots('string', 'push strings')
  }

  commit(): void {
    throw noSlots('string', 'push strings')
  }

  abort(): void {
    throw noSlots('string', 'push strings')
  }

  /** Writes a string; false if there is no room for it. `at` is its place in a list. */
  #write(message: string, at: number): boolean {
    const writer = this.#writer
    if (typeof message === 'string') {
      const size = writeString(writer.native.number, message)
      if (size !== undefined && size !== 0) {
        writer.wrote(size)
        return true
      }
    }
    const length = this.#place(message, at)
    if (length < 0) return false
    writer.finish(length)
    return true
  }

  /** Copies a string to where the next one goes; its length, or -1 if there is no room for it. */
  #place(message: string, at: number): number {
    if (typeof message !== 'string') check(message, at)
    const writer = this.#writer
    // A unit takes a byte at least. Who pushes again and again into a full ring would else measure the string each time. One
    // that may be longer than the ring goes the long way, which says so.
    const least = sizeOf(message.length)
    if (writer.free < least && 3 * message.length <= writer.longest && this.#look(least) < least) return -1
    if (writer.bytes.length === 0) this.#port.checkMemory()
    let length = writeText(writer, this.#view, message, writer.free - HEADER)
    if (length < 0) {
      length = writeLongText(writer, this.#view, message, at < 0 ? 'a string' : `messages[${at}]`, (wanted) => this.#look(wanted))
      if (length < 0) return -1
    }
    if (writer.isNew && writer.enter() !== 0) refuse(writer, this.#port)
    return length
  }

  /** The free bytes, of which fewer than `wanted` were known. */
  #look(wanted: number): number {
    this.#port.checkIdle()
    return findRoom(this.#writer, this.#port, wanted)
  }
}

function check(message: unknown, at: number): void {
  if (typeof message !== 'string') throw invalidArgument(at < 0 ? 'message' : `messages[${at}]`, 'a string', message)
}

function measure(messages: unknown): number | undefined {
  if (isArray(messages)) return lengthOfList(messages)
  if (
    typeof messages !== 'object' ||
    messages === null ||
    isView(messages) ||
    typeof (messages as Iterable<unknown>)[Symbol.iterator] !== 'function'
  ) {
    throw invalidArgument('messages', 'an array or an iterable of strings (push takes a single one)', messages)
  }
  return undefined
}
