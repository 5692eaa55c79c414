// Small plain values, written shortly: for rings of 'value', and for rpc.
//
// They are mostly a few numbers, strings and plain objects. Node's serializer makes three objects and a buffer for each: an
// object of seven fields takes 2.2 µs to write and 2.1 µs to read by it, with the ring, and 0.8 and 1.0 µs so. What is not
// small and plain, it leaves to the serializer: bigints, dates, typed arrays, class instances, proxies, holes, and an object
// that is there twice, since a copy of it would be two. Getters that were read by then are read again.

import { types } from 'node:util'
import { isArray } from '../environment/intrinsics.js'

const UNDEFINED = 0
const NULL = 1
const FALSE = 2
const TRUE = 3
const INTEGER = 4
const DOUBLE = 5
/** A length and as many bytes, one a character. */
const LATIN1 = 6
/** A length in bytes and UTF-16. */
const UTF16 = 7
const ARRAY = 8
const OBJECT = 9

/** The largest value in bytes. */
const ROOM = 4096
/** The most objects and arrays in a value. */
const MOST_OBJECTS = 32
/** Strings up to this length are looked at character by character. */
const SHORT = 64

const bytes = new Uint8Array(ROOM)
const numbers = new DataView(bytes.buffer)
const text = Buffer.from(bytes.buffer)
const seen: object[] = []
let at = 0
/** A getter of a value that is being written may write another value. */
let busy = false

// As they are when the package is loaded: a program may replace them.
const { isProxy } = types
const { defineProperty, getPrototypeOf, keys: keysOf } = Object
const { from: bufferOver } = Buffer
const { fromCharCode } = String
const ByteView = Uint8Array

/** The value's bytes, which are good until the next call; `undefined` if it is not small and plain. */
export function encodePlain(value: unknown): Uint8Array | undefined {
  if (busy) return undefined
  busy = true
  at = 0
  try {
    return write(value) ? new ByteView(bytes.buffer, 0, at) : undefined
  } finally {
    busy = false
    seen.length = 0
  }
}

function write(value: unknown): boolean {
  // What the longest of the fixed forms takes; strings look for themselves.
  if (at > ROOM - 16) return false
  switch (typeof value) {
    case 'undefined':
      bytes[at++] = UNDEFINED
      return true
    case 'boolean':
      bytes[at++] = value ? TRUE : FALSE
      return true
    case 'number':
      if (value === (value | 0) && (value !== 0 || 1 / value > 0)) {
        bytes[at] = INTEGER
        numbers.setInt32(at + 1, value, true)
        at += 5
      } else {
        bytes[at] = DOUBLE
        numbers.setFloat64(at + 1, value, true)
        at += 9
      }
      return true
    case 'string':
      return writeString(value)
    case 'object':
      if (value !== null) return writeObject(value)
      bytes[at++] = NULL
      return true
    default:
      return false
  }
}

function writeString(value: string): boolean {
  const { length } = value
  if (at + 5 + 2 * length > ROOM) return false
  const start = at + 5
  if (length <= SHORT) {
    let i = 0
    for (; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code > 255) break
      bytes[start + i] = code
    }
    if (i === length) {
      bytes[at] = LATIN1
      numbers.setUint32(at + 1, length, true)
      at = start + length
      return true
    }
  }
  bytes[at] = UTF16
  numbers.setUint32(at + 1, 2 * length, true)
  text.write(value, start, 'utf16le')
  at = start + 2 * length
  return true
}

function writeObject(value: object): boolean {
  if (seen.length === MOST_OBJECTS || seen.includes(value)) return false
  seen.push(value)
  const list = isArray(value)
  // A proxy's traps are not to be called: the serializer says what is wrong with it.
  if (isProxy(value) || getPrototypeOf(value) !== (list ? Array.prototype : Object.prototype)) return false
  const keys = keysOf(value)
  // Holes, and what an array carries beside its elements, which comes behind them.
  if (list && (keys.length !== value.length || (keys.length > 0 && keys[keys.length - 1] !== `${keys.length - 1}`))) return false
  bytes[at] = list ? ARRAY : OBJECT
  numbers.setUint32(at + 1, keys.length, true)
  at += 5
  if (list) {
    for (let i = 0; i < keys.length; i++) if (!write(value[i])) return false
    return true
  }
  for (const key of keys) if (!writeString(key) || !write((value as Record<string, unknown>)[key])) return false
  return true
}

/** Whether `encodePlain` wrote this. The serializer's own begins with 255. */
export function isPlain(message: Uint8Array): boolean {
  return message.length > 0 && message[0]! <= OBJECT
}

/** What `encodePlain` wrote. Throws a RangeError for what it cannot have written. */
export function decodePlain(message: Uint8Array): unknown {
  const reader = new Reader(message)
  const value = reader.read()
  if (!reader.ended) throw new RangeError('the message is longer than its value')
  return value
}

/** Short strings that were read before, by their bytes: names of fields and the like come again and again. */
const known: (string | undefined)[] = Array.from({ length: 1024 })

/** Eight bytes as a number. */
const double = new Float64Array(1)
const doubleBytes = new Uint8Array(double.buffer)

class Reader {
  readonly #bytes: Uint8Array
  readonly #length: number
  #at = 0

  constructor(message: Uint8Array) {
    this.#bytes = message
    this.#length = message.length
  }

  get ended(): boolean {
    return this.#at === this.#length
  }

  read(): unknown {
    switch (this.#bytes[this.#at++]) {
      case UNDEFINED:
        return undefined
      case NULL:
        return null
      case FALSE:
        return false
      case TRUE:
        return true
      case INTEGER:
        return this.#integer()
      case DOUBLE: {
        const start = this.#advance(8)
        for (let i = 0; i < 8; i++) doubleBytes[i] = this.#bytes[start + i]!
        return double[0]!
      }
      case LATIN1:
        return this.#latin1()
      case UTF16: {
        const length = this.#count()
        const start = this.#advance(length)
        return this.#text('utf16le', start, start + length)
      }
      case ARRAY: {
        const values: unknown[] = []
        for (let left = this.#count(); left > 0; left--) values.push(this.read())
        return values
      }
      case OBJECT: {
        const object: Record<string, unknown> = {}
        for (let left = this.#count(); left > 0; left--) {
          const key = this.read() as string
          const value = this.read()
          // The one name that assigning would take for something else.
          if (key === '__proto__') defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
          else object[key] = value
        }
        return object
      }
      default:
        throw new RangeError('the message has no such value')
    }
  }

  #latin1(): string {
    const length = this.#count()
    const start = this.#advance(length)
    const message = this.#bytes
    if (length > SHORT) return this.#text('latin1', start, start + length)
    let hash = length
    for (let i = start; i < start + length; i++) hash = (hash * 31 + message[i]!) & (known.length - 1)
    const before = known[hash]
    if (before !== undefined && before.length === length) {
      let i = 0
      while (i < length && before.charCodeAt(i) === message[start + i]) i++
      if (i === length) return before
    }
    let made = ''
    if (length > 16) made = this.#text('latin1', start, start + length)
    else for (let i = start; i < start + length; i++) made += fromCharCode(message[i]!)
    known[hash] = made
    return made
  }

  #text(encoding: 'latin1' | 'utf16le', start: number, end: number): string {
    const { buffer, byteOffset } = this.#bytes
    return bufferOver(buffer, byteOffset, this.#length).toString(encoding, start, end)
  }

  /** A length or count, of which each one takes a byte at least. */
  #count(): number {
    const count = this.#integer() >>> 0
    if (count > this.#length - this.#at) throw new RangeError('the message is shorter than its value')
    return count
  }

  #integer(): number {
    const start = this.#advance(4)
    const message = this.#bytes
    return message[start]! | (message[start + 1]! << 8) | (message[start + 2]! << 16) | (message[start + 3]! << 24)
  }

  #advance(size: number): number {
    const start = this.#at
    if (start + size > this.#length) throw new RangeError('the message is shorter than its value')
    this.#at = start + size
    return start
  }
}
