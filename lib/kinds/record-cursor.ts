// A record where it lies: an object with a getter and a setter for each field, over the ring's memory.
//
// The accessors are closures over one Place, whose shape is the same for every schema, so that V8 sees one kind of object
// in each of them however many schemas there are. No code is made from strings: this runs under
// --disallow-code-generation-from-strings.

import { inspect, types } from 'node:util'
import { busy, invalidArgument } from '../environment/errors.js'
import { lengthOf, type NumericView } from '../environment/intrinsics.js'
import { LARGEST_RECORD, type PlacedField, type RecordSchema, type ScalarKind } from './record-schema.js'

/** No offset of a field reaches from here into memory. A small integer, so that V8 keeps the field one. */
export const NOWHERE = -2 * LARGEST_RECORD

// As they are when the package is loaded.
const [U8, I8, U16, I16, U32, I32, F32, F64, U64, I64] = [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array,
]
const { asIntN, asUintN } = BigInt
const { isUint8Array } = types

/** The memory as every kind of number, and the byte at which the record lies that is being looked at. */
export class Place {
  at: number = NOWHERE
  readonly u8: Uint8Array<ArrayBuffer>
  readonly i8: Int8Array<ArrayBuffer>
  readonly u16: Uint16Array<ArrayBuffer>
  readonly i16: Int16Array<ArrayBuffer>
  readonly u32: Uint32Array<ArrayBuffer>
  readonly i32: Int32Array<ArrayBuffer>
  readonly f32: Float32Array<ArrayBuffer>
  readonly f64: Float64Array<ArrayBuffer>
  readonly u64: BigUint64Array<ArrayBuffer>
  readonly i64: BigInt64Array<ArrayBuffer>

  constructor(memory: ArrayBuffer) {
    this.u8 = new U8(memory)
    this.i8 = new I8(memory)
    this.u16 = new U16(memory)
    this.i16 = new I16(memory)
    this.u32 = new U32(memory)
    this.i32 = new I32(memory)
    this.f32 = new F32(memory)
    this.f64 = new F64(memory)
    this.u64 = new U64(memory)
    this.i64 = new I64(memory)
  }

  /** Another place over the same memory. */
  another(): Place {
    return new Place(this.u8.buffer)
  }

  /** From here on the cursor refuses: the slots belong to the other side. */
  leave(): void {
    this.at = NOWHERE
  }
}

export type Scalar = number | bigint

/** How one number of a record is read and written. */
export interface ScalarAccess {
  readonly get: () => Scalar
  readonly set: (value: Scalar) => void
  /** Copies the number from `count` records, the first at byte `at`, each `stride` bytes after the one before it. */
  readonly column: (at: number, stride: number, count: number, into?: NumericView) => NumericView
}

function gone(): Error {
  return busy('this cursor is on no record: it ended with commit, abort, release, or the callback that it was given to')
}

const ALLOWED: Readonly<Record<ScalarKind, string>> = {
  u8: 'an integer from 0 to 255',
  i8: 'an integer from -128 to 127',
  u16: 'an integer from 0 to 65535',
  i16: 'an integer from -32768 to 32767',
  u32: 'an integer from 0 to 4294967295',
  i32: 'an integer from -2147483648 to 2147483647',
  f32: 'a number',
  f64: 'a number',
  u64: 'a bigint from 0 to 2^64 - 1',
  i64: 'a bigint from -2^63 to 2^63 - 1',
}

/**
 * The accessors of a number at `o` bytes from `place.at`, which is so far below 0 where there is no record that the sum
 * is too. Written out for each kind: one function that served two kinds of typed arrays would be slow for both. Each is
 * one function, since V8 takes only so much bytecode into its caller: six setters of two functions did not fit.
 */
function scalarAccess(kind: ScalarKind, place: Place, o: number, name: string): ScalarAccess {
  const { u8, i8, u16, i16, u32, i32, f32, f64, u64, i64 } = place
  const refuse: (value: unknown) => never = (value) => {
    throw place.at < 0 ? gone() : invalidArgument(name, `${ALLOWED[kind]} (the field is '${kind}')`, value)
  }
  switch (kind) {
    case 'u8':
      return {
        get() {
          const i = place.at + o
          if (i < 0) throw gone()
          return u8[i]!
        },
        set(v) {
          const i = place.at + o
          if (i < 0 || typeof v !== 'number' || (v & 0xff) !== v) refuse(v)
          u8[i] = v
        },
        column(at, stride, count, into = new U8(count)) {
          for (let i = 0, p = at + o; i < count; i++, p += stride) into[i] = u8[p]!
          return into
        },
      }
    case 'i8':
      return {
        get() {
          const i = place.at + o
          if (i < 0) throw gone()
          return i8[i]!
        },
        set(v) {
          const i = place.at + o
          if (i < 0 || typeof v !== 'number' || (v << 24) >> 24 !== v) refuse(v)
          i8[i] = v
        },
        column(at, stride, count, into = new I8(count)) {
          for (let i = 0, p = at + o; i < count; i++, p += stride) into[i] = i8[p]!
          return into
        },
      }
    case 'u16':
      return {
        get() {
          const i = place.at + o
          if (i < 0) throw gone()
          return u16[i >>> 1]!
        },
        set(v) {
          const i = place.at + o
          if (i < 0 || typeof v !== 'number' || (v & 0xffff) !== v) refuse(v)
          u16[i >>> 1] = v
        },
        column(at, stride, count, into = new U16(count)) {
          for (let i = 0, p = at + o; i < count; i++, p += stride) into[i] = u16[p >>> 1]!
          return into
        },
      }
    case 'i16':
      return {
        get() {
          const i = place.at + o
          if (i < 0) throw gone()
          return i16[i >>> 1]!
        },
        set(v) {
          const i = place.at + o
          if (i < 0 || typeof v !== 'number' || (v << 16) >> 16 !== v) refuse(v)
          i16[i >>> 1] = v
        },
        column(at, stride, count, into = new I16(count)) {
          for (let i = 0, p = at + o; i < count; i++, p += stride) into[i] = i16[p >>> 1]!
          return into
        },
      }
    case 'u32':
      return {
        get() {
          const i = place.at + o
          if (i < 0) throw gone()
          return u32[i >>> 2]!
        },
        set(v) {
          const i = place.at + o
          if (i < 0 || typeof v !== 'number' || v >>> 0 !== v) refuse(v)
          u32[i >>> 2] = v
        },
        column(at, stride, count, into = new U32(count)) {
          for (let i = 0, p = at + o; i < count; i++, p += stride) into[i] = u32[p >>> 2]!
          return into
        },
      }
    case 'i32':
      return {
        get() {
          const i = place.at + o
          if (i < 0) throw gone()
          return i32[i >>> 2]!
        },
        set(v) {
          const i = place.at + o
          if (i < 0 || typeof v !== 'number' || (v | 0) !== v) refuse(v)
          i32[i >>> 2] = v
        },
        column(at, stride, count, into = new I32(count)) {
          for (let i = 0, p = at + o; i < count; i++, p += stride) into[i] = i32[p >>> 2]!
          return into
        },
      }
    case 'f32':
      return {
        get() {
          const i = place.at + o
          if (i < 0) throw gone()
          return f32[i >>> 2]!
        },
        set(v) {
          const i = place.at + o
          if (i < 0 || typeof v !== 'number') refuse(v)
          f32[i >>> 2] = v
        },
        column(at, stride, count, into = new F32(count)) {
          for (let i = 0, p = at + o; i < count; i++, p += stride) into[i] = f32[p >>> 2]!
          return into
        },
      }
    case 'f64':
      return {
        get() {
          const i = place.at + o
          if (i < 0) throw gone()
          return f64[i >>> 3]!
        },
        set(v) {
          const i = place.at + o
          if (i < 0 || typeof v !== 'number') refuse(v)
          f64[i >>> 3] = v
        },
        column(at, stride, count, into = new F64(count)) {
          for (let i = 0, p = at + o; i < count; i++, p += stride) into[i] = f64[p >>> 3]!
          return into
        },
      }
    case 'u64':
      return {
        get() {
          const i = place.at + o
          if (i < 0) throw gone()
          return u64[i >>> 3]!
        },
        set(v) {
          const i = place.at + o
          if (i < 0 || typeof v !== 'bigint' || asUintN(64, v) !== v) refuse(v)
          u64[i >>> 3] = v
        },
        column(at, stride, count, into = new U64(count)) {
          for (let i = 0, p = at + o; i < count; i++, p += stride) into[i] = u64[p >>> 3]!
          return into
        },
      }
    case 'i64':
      return {
        get() {
          const i = place.at + o
          if (i < 0) throw gone()
          return i64[i >>> 3]!
        },
        set(v) {
          const i = place.at + o
          if (i < 0 || typeof v !== 'bigint' || asIntN(64, v) !== v) refuse(v)
          i64[i >>> 3] = v
        },
        column(at, stride, count, into = new I64(count)) {
          for (let i = 0, p = at + o; i < count; i++, p += stride) into[i] = i64[p >>> 3]!
          return into
        },
      }
  }
}

/** A field `bytes(n)` where it lies. */
export class BytesCursor {
  readonly #place: Place
  readonly #offset: number
  readonly #name: string
  readonly length: number

  constructor(place: Place, offset: number, length: number, name: string) {
    this.#place = place
    this.#offset = offset
    this.#name = name
    this.length = length
  }

  #start(): number {
    if (this.#place.at < 0) throw gone()
    return this.#place.at + this.#offset
  }

  /** The byte at `index`; undefined outside of the field. */
  at(index: number): number | undefined {
    const start = this.#start()
    return index >= 0 && index < this.length ? this.#place.u8[start + index] : undefined
  }

  /** Writes `bytes` from the start of the field on, and zeros behind them. */
  set(bytes: Uint8Array): void {
    const start = this.#start()
    const length = isUint8Array(bytes) ? lengthOf(bytes) : Infinity
    if (length > this.length) throw invalidArgument(this.#name, `a Uint8Array of at most ${this.length} bytes`, bytes)
    const { u8 } = this.#place
    for (let i = 0; i < length; i++) u8[start + i] = bytes[i]!
    for (let i = length; i < this.length; i++) u8[start + i] = 0
  }

  /** A copy of the whole field. */
  copy(): Uint8Array<ArrayBuffer> {
    const start = this.#start()
    const { u8 } = this.#place
    const copy = new U8(this.length)
    for (let i = 0; i < this.length; i++) copy[i] = u8[start + i]!
    return copy
  }
}

/** A field `array(of, n)` of numbers, where it lies. */
export class NumbersCursor {
  readonly #place: Place
  readonly #elements: readonly ScalarAccess[]
  readonly #stride: number
  readonly #name: string
  readonly length: number

  constructor(place: Place, offset: number, kind: ScalarKind, stride: number, length: number, name: string) {
    this.#place = place
    this.#stride = stride
    this.#name = name
    this.length = length
    this.#elements = Array.from({ length }, (_, i) => scalarAccess(kind, place, offset + i * stride, `${name}[${i}]`))
  }

  /** The number at `index`; undefined outside of the field. */
  at(index: number): Scalar | undefined {
    return this.#elements[index]?.get()
  }

  /** Writes one number. */
  setAt(index: number, value: Scalar): void {
    const element = this.#elements[index]
    if (element === undefined) throw invalidArgument(`an index of ${this.#name}`, `an integer from 0 to ${this.length - 1}`, index)
    element.set(value)
  }

  /** Writes all of them. */
  set(values: ArrayLike<Scalar>): void {
    if (this.#place.at < 0) throw gone()
    checkLike(values, this.length, this.#name)
    for (let i = 0; i < this.length; i++) this.#elements[i]!.set(values[i]!)
  }

  /** All of them, in a typed array of their own. */
  copy(): NumericView {
    if (this.#place.at < 0) throw gone()
    return this.#elements[0]!.column(this.#place.at, this.#stride, this.length)
  }
}

function checkLike(values: ArrayLike<unknown>, length: number, name: string): void {
  if (typeof values !== 'object' || values === null || values.length !== length) {
    throw invalidArgument(name, `an array of ${length}`, values)
  }
}

/** A field `array(of, n)` of records, where it lies. */
export class RecordsCursor {
  readonly #place: Place
  readonly #inner: Place
  readonly #access: RecordAccess
  readonly #offset: number
  readonly #stride: number
  readonly #name: string
  readonly length: number

  constructor(place: Place, offset: number, schema: RecordSchema, length: number, name: string) {
    this.#place = place
    this.#offset = offset
    this.#stride = schema.size
    this.#name = name
    this.length = length
    this.#inner = place.another()
    this.#access = recordAccess(schema, this.#inner, 0, `${name}[].`)
  }

  #go(index: number): void {
    if (this.#place.at < 0) throw gone()
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw invalidArgument(`an index of ${this.#name}`, `an integer from 0 to ${this.length - 1}`, index)
    }
    this.#inner.at = this.#place.at + this.#offset + index * this.#stride
    this.#access.leave?.()
  }

  /** One cursor for all of them, on the record at `index` until the next call or the end of the outer record. */
  at(index: number): object {
    this.#go(index)
    return this.#access.cursor
  }

  /** Writes all of them. */
  set(values: ArrayLike<unknown>): void {
    checkLike(values, this.length, this.#name)
    for (let i = 0; i < this.length; i++) {
      const value = values[i]
      this.#go(i)
      this.#access.write(value)
    }
  }

  /** All of them, as objects. */
  copy(): object[] {
    const values: object[] = []
    for (let i = 0; i < this.length; i++) {
      this.#go(i)
      values.push(this.#access.read())
    }
    return values
  }

  /** The outer record is left. */
  leave(): void {
    this.#inner.leave()
    this.#access.leave?.()
  }
}

/** All ways to a record at a Place. */
export interface RecordAccess {
  /** An accessor for each field. */
  readonly cursor: object
  /** Writes every field from an object, and so calls its getters, if it has any. */
  readonly write: (value: unknown) => void
  /** Every field, as an object of its own. */
  readonly read: () => object
  /** The numbers of a field over many records. */
  readonly columns: ReadonlyMap<string, ScalarAccess['column']>
  /** Cursors of records inside are on none any more: the outer one has moved, or has ended. Undefined where there are none. */
  readonly leave: (() => void) | undefined
}

interface FieldAccess {
  readonly name: string
  /** What the cursor shows. */
  readonly get: () => unknown
  readonly set: (value: never) => void
  /** A copy of it. */
  readonly read: () => unknown
  readonly leave?: (() => void) | undefined
}

/** The ways to a record of that schema at `base` bytes from the place. `path` leads the names in messages. */
export function recordAccess(schema: RecordSchema, place: Place, base = 0, path = ''): RecordAccess {
  const columns = new Map<string, ScalarAccess['column']>()
  const fields = schema.fields.map((field) => fieldAccess(field, place, base, path, columns))
  const inner = fields.filter(({ leave }) => leave !== undefined)
  const template = {}
  const accessors = {}
  for (const { name, get, set } of fields) {
    Object.defineProperty(template, name, { value: undefined, writable: true, enumerable: true, configurable: true })
    Object.defineProperty(accessors, name, { get, set, enumerable: true })
  }
  const fill = readerOf(fields)
  const take = writerOf(fields)
  const read = (): object => {
    const value: Record<string, unknown> = { ...template }
    fill(value)
    return value
  }
  // Apart, for the sake of the bytecode that V8 takes into a push.
  const refuse: (value: unknown) => never = (value) => {
    throw invalidArgument(path === '' ? 'value' : path.slice(0, -1), `an object with the fields of ${schema}`, value)
  }
  Object.defineProperty(accessors, inspect.custom, { value: () => (place.at < 0 ? 'a cursor on no record' : read()) })
  return {
    // On a prototype, since V8 finds accessors of an object's own by a search each time.
    cursor: Object.preventExtensions(Object.create(accessors) as object),
    columns,
    read,
    write(value) {
      if (typeof value !== 'object' || value === null) refuse(value)
      take(value as Record<string, never>)
    },
    leave:
      inner.length === 0
        ? undefined
        : () => {
            for (let i = 0; i < inner.length; i++) inner[i]!.leave!()
          },
  }
}

// A loop over fields has one place in the code for all of them, where V8 gives up telling names and functions apart: 76 ns
// for six numbers. Here each of the first fields has a place of its own, and the others go on in the same way.

const IN_A_ROW = 8

type Names = readonly (string | undefined)[]

/** Writes all fields from an object, in order. */
function writerOf(fields: readonly FieldAccess[]): (value: Record<string, never>) => void {
  const [a, b, c, d, e, f, g, h]: Names = fields.map(({ name }) => name)
  const [setA, setB, setC, setD, setE, setF, setG, setH] = fields.map(({ set }) => set)
  const others = fields.length > IN_A_ROW ? writerOf(fields.slice(IN_A_ROW)) : undefined
  return (value) => {
    setA!(value[a!]!)
    if (b === undefined) return
    setB!(value[b]!)
    if (c === undefined) return
    setC!(value[c]!)
    if (d === undefined) return
    setD!(value[d]!)
    if (e === undefined) return
    setE!(value[e]!)
    if (f === undefined) return
    setF!(value[f]!)
    if (g === undefined) return
    setG!(value[g]!)
    if (h === undefined) return
    setH!(value[h]!)
    if (others !== undefined) others(value)
  }
}

/** Reads all fields into an object that has them. */
function readerOf(fields: readonly FieldAccess[]): (value: Record<string, unknown>) => void {
  const [a, b, c, d, e, f, g, h]: Names = fields.map(({ name }) => name)
  const [getA, getB, getC, getD, getE, getF, getG, getH] = fields.map(({ read }) => read)
  const others = fields.length > IN_A_ROW ? readerOf(fields.slice(IN_A_ROW)) : undefined
  return (value) => {
    value[a!] = getA!()
    if (b === undefined) return
    value[b] = getB!()
    if (c === undefined) return
    value[c] = getC!()
    if (d === undefined) return
    value[d] = getD!()
    if (e === undefined) return
    value[e] = getE!()
    if (f === undefined) return
    value[f] = getF!()
    if (g === undefined) return
    value[g] = getG!()
    if (h === undefined) return
    value[h] = getH!()
    if (others !== undefined) others(value)
  }
}

function fieldAccess(
  { name, type, offset }: PlacedField,
  place: Place,
  base: number,
  path: string,
  columns: Map<string, ScalarAccess['column']>,
): FieldAccess {
  const o = base + offset
  const full = path + name
  if (type.is === 'scalar') {
    const { get, set, column } = scalarAccess(type.kind, place, o, full)
    columns.set(name, column)
    return { name, get, set, read: get }
  }
  if (type.is === 'record') {
    const { cursor, write, read, leave } = recordAccess(type.schema, place, o, `${full}.`)
    return { name, get: () => cursor, set: write, read, leave }
  }
  if (type.is === 'records') {
    const records = new RecordsCursor(place, o, type.schema, type.length, full)
    return { name, get: () => records, set: (value) => records.set(value), read: () => records.copy(), leave: () => records.leave() }
  }
  const values =
    type.is === 'bytes'
      ? new BytesCursor(place, o, type.length, full)
      : new NumbersCursor(place, o, type.kind, type.size / type.length, type.length, full)
  return { name, get: () => values, set: (value) => values.set(value), read: () => values.copy() }
}
