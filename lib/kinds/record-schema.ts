// What a record is made of, where each field lies, and the text that stands for it in a token.
//
// A record lies as C lays out a struct, and Rust under #[repr(C)]: fields in the order of the schema, each at the next
// multiple of its alignment, the whole filled up to a multiple of the largest alignment. Numbers are little-endian, as on
// every platform that Node runs on.

import { inspect } from 'node:util'
import { CrosscoreError, invalidArgument, shown } from '../environment/errors.js'

/** Kinds of single numbers, with their size in bytes, which is their alignment too. */
const SIZES = new Map([
  ['u8', 1],
  ['i8', 1],
  ['u16', 2],
  ['i16', 2],
  ['u32', 4],
  ['i32', 4],
  ['f32', 4],
  ['f64', 8],
  ['u64', 8],
  ['i64', 8],
] as const)

export type ScalarKind = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64' | 'u64' | 'i64'

/** A field's place. The offset counts from the start of the record, or of the nested record, that has the field. */
export interface PlacedField {
  readonly name: string
  readonly type: FieldType
  /** In bytes. */
  readonly offset: number
}

/** What a field is, as the layout sees it. Sizes and alignments are bytes. */
export type FieldType =
  | { readonly is: 'scalar'; readonly kind: ScalarKind; readonly size: number; readonly align: number }
  | { readonly is: 'bytes'; readonly length: number; readonly size: number; readonly align: 1 }
  | { readonly is: 'numbers'; readonly kind: ScalarKind; readonly length: number; readonly size: number; readonly align: number }
  | { readonly is: 'records'; readonly schema: RecordSchema; readonly length: number; readonly size: number; readonly align: number }
  | { readonly is: 'record'; readonly schema: RecordSchema; readonly size: number; readonly align: number }

/** The largest record, in bytes. */
export const LARGEST_RECORD = 2 ** 20
const MOST_FIELDS = 1024
/** Records are nested so deep at most. */
const DEEPEST = 8

const MADE_HERE = Symbol('made here')

/**
 * The text of a schema or a field, by a name that every copy of the package knows: a program may have more than one, and
 * what another one made has another class.
 */
const TEXT: unique symbol = Symbol.for('crosscore.schema')

/** `bytes(n)` inside a schema. */
export class BytesField<N extends number = number> {
  // By which TypeScript tells it from a string, which has a length as well.
  readonly of = 'bytes'
  readonly length: N

  constructor(length: N) {
    checkLength('bytes', length)
    this.length = length
    Object.freeze(this)
  }

  get [TEXT](): string {
    return `bytes(${this.length})`
  }
}

/** `array(of, n)` inside a schema. */
export class ArrayField<F = unknown, N extends number = number> {
  readonly of: F
  readonly length: N

  constructor(of: F, length: N) {
    checkLength('array', length)
    const element = isScalar(of) ? of : RecordSchema.from(of)
    if (element === undefined) throw invalidArgument('an element of an array', `${SCALARS} or record({ … })`, of)
    this.of = element as F
    this.length = length
    Object.freeze(this)
  }

  get [TEXT](): string {
    return `array(${String(this.of)},${this.length})`
  }
}

/** The schema of a record. It is what `of` takes, and can be a field of another schema. */
export class RecordSchema<S = unknown> {
  /** Of one record, in bytes. */
  readonly size: number
  /** In bytes, a power of two up to 8. */
  readonly align: number
  readonly fields: readonly PlacedField[]
  readonly #text: string
  /** For its type alone. */
  declare readonly schema?: S

  constructor(fields: readonly (readonly [string, unknown])[], key: typeof MADE_HERE) {
    if (key !== MADE_HERE) throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', 'record(fields) makes schemas')
    const placed: PlacedField[] = []
    let end = 0
    let align = 1
    for (const [name, field] of fields) {
      const type = fieldType(name, field)
      const offset = Math.ceil(end / type.align) * type.align
      end = offset + type.size
      if (end > LARGEST_RECORD) throw tooLong(end)
      align = Math.max(align, type.align)
      placed.push(Object.freeze({ name, type, offset }))
    }
    this.size = Math.ceil(end / align) * align
    this.align = align
    this.fields = Object.freeze(placed)
    this.#text = print(placed)
    if (depthOf(this) > DEEPEST) throw invalidArgument('fields', `records nested at most ${DEEPEST} deep`, this.#text)
    Object.freeze(this)
  }

  /** The schema as text: the same for two schemas if and only if their records are the same. */
  toString(): string {
    return this.#text
  }

  get [TEXT](): string {
    return this.#text
  }

  [inspect.custom](): string {
    return `record(${this.#text}) of ${this.size} bytes`
  }

  static is(value: unknown): value is RecordSchema {
    return typeof value === 'object' && value !== null && #text in value
  }

  /** `value` as a schema, made anew if another copy of the package has made it; undefined if it is none. */
  static from(value: unknown): RecordSchema | undefined {
    if (RecordSchema.is(value)) return value
    const text = textOf(value)
    if (text === undefined || !text.startsWith('{')) return undefined
    let schema = others.get(value as object)
    if (schema === undefined) others.set(value as object, (schema = parseSchema(text)))
    return schema
  }
}

/** Schemas of other copies of the package. */
const others = new WeakMap<object, RecordSchema>()

/** What another copy of the package says of a schema or a field. */
function textOf(value: unknown): string | undefined {
  const text = typeof value === 'object' && value !== null ? (value as { [TEXT]?: unknown })[TEXT] : undefined
  return typeof text === 'string' ? text : undefined
}

const SCALARS = [...SIZES.keys()].join(', ')

function isScalar(field: unknown): field is ScalarKind {
  return typeof field === 'string' && SIZES.has(field as ScalarKind)
}

function tooLong(size: number): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_TOO_LARGE', `a record of ${size} bytes or more is too large: the largest is ${LARGEST_RECORD}`)
}

function checkLength(what: string, length: unknown): void {
  if (!Number.isInteger(length) || (length as number) < 1 || (length as number) > LARGEST_RECORD) {
    throw invalidArgument(`the length of ${what}`, `an integer from 1 to ${LARGEST_RECORD}`, length)
  }
}

function fieldType(name: string, field: unknown): FieldType {
  if (isScalar(field)) {
    const size = SIZES.get(field)!
    return { is: 'scalar', kind: field, size, align: size }
  }
  if (field instanceof BytesField) return { is: 'bytes', length: field.length, size: field.length, align: 1 }
  if (RecordSchema.is(field)) return { is: 'record', schema: field, size: field.size, align: field.align }
  if (field instanceof ArrayField) {
    const { of, length } = field as ArrayField<ScalarKind | RecordSchema>
    if (isScalar(of)) {
      const size = SIZES.get(of)!
      return { is: 'numbers', kind: of, length, size: size * length, align: size }
    }
    return { is: 'records', schema: of, length, size: of.size * length, align: of.align }
  }
  const text = textOf(field)
  if (text !== undefined) {
    const { fields } = parseSchema(`{"field":${text}}`)
    if (fields.length === 1) return fields[0]!.type
  }
  throw invalidArgument(`the field ${shown(name)}`, `${SCALARS}, bytes(n), array(of, n) or record({ … })`, field)
}

function depthOf(schema: RecordSchema): number {
  let deepest = 0
  for (const { type } of schema.fields) {
    if (type.is === 'record' || type.is === 'records') deepest = Math.max(deepest, depthOf(type.schema))
  }
  return deepest + 1
}

/** Makes a schema of an object whose keys are the fields, in their order. */
export function recordSchema<F>(fields: F): RecordSchema<F> {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields) || RecordSchema.is(fields)) {
    throw invalidArgument('fields', 'an object such as { price: "f64", quantity: "u32" }', fields)
  }
  const names = Object.keys(fields)
  if (names.length === 0 || names.length > MOST_FIELDS) {
    throw invalidArgument('fields', `an object of 1 to ${MOST_FIELDS} fields`, fields)
  }
  const entries = names.map((name): [string, unknown] => {
    // As keys of an object such names come before all others, whatever the program wrote.
    if (/^(0|[1-9][0-9]*)$/.test(name)) {
      throw invalidArgument(`the field ${shown(name)}`, 'named otherwise: JavaScript moves names that are numbers to the front', name)
    }
    if (name === '' || name === '__proto__' || name.length > 255) {
      throw invalidArgument('the name of a field', '1 to 255 characters, and not __proto__', name)
    }
    return [name, (fields as Record<string, unknown>)[name]]
  })
  return new RecordSchema<F>(entries, MADE_HERE)
}

/** Makes a field of so many bytes. */
export function bytesField<N extends number>(length: N): BytesField<N> {
  return new BytesField(length)
}

/** Makes a field of so many numbers or records. */
export function arrayField<F>(of: F, length: number): ArrayField<F> {
  return new ArrayField(of, length)
}

// ---- the text ------------------------------------------------------------------------------------

function print(fields: readonly PlacedField[]): string {
  return `{${fields.map(({ name, type }) => `${JSON.stringify(name)}:${printType(type)}`).join(',')}}`
}

function printType(type: FieldType): string {
  switch (type.is) {
    case 'scalar':
      return type.kind
    case 'bytes':
      return `bytes(${type.length})`
    case 'numbers':
      return `array(${type.kind},${type.length})`
    case 'records':
      return `array(${type.schema},${type.length})`
    case 'record':
      return type.schema.toString()
  }
}

/** The schema that `toString` has printed. Throws for any other text. */
export function parseSchema(text: string): RecordSchema {
  let at = 0
  const schema = readRecord(1)
  if (at !== text.length) fail()
  return schema

  function fail(): never {
    throw new CrosscoreError('ERR_CROSSCORE_TOKEN', `no schema of a record, at character ${at}: ${shown(text)}`)
  }

  function expect(token: string): void {
    if (!text.startsWith(token, at)) fail()
    at += token.length
  }

  function match(pattern: RegExp): string {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) fail()
    at += found[0].length
    return found[0]
  }

  function readRecord(depth: number): RecordSchema {
    if (depth > DEEPEST) fail()
    const entries: [string, unknown][] = []
    expect('{')
    for (;;) {
      const name = readName()
      expect(':')
      entries.push([name, readField(depth)])
      if (text[at] !== ',' || entries.length === MOST_FIELDS) break
      at++
    }
    expect('}')
    return new RecordSchema(entries, MADE_HERE)
  }

  function readName(): string {
    const start = at
    try {
      return JSON.parse(match(/"(?:[^"\\]|\\.)*"/y)) as string
    } catch {
      at = start
      fail()
    }
  }

  /** What an array can be of. */
  function readElement(depth: number): unknown {
    return text[at] === '{' ? readRecord(depth + 1) : match(/[a-z]+[0-9]*/y)
  }

  function readField(depth: number): unknown {
    const word = readElement(depth)
    if (word !== 'bytes' && word !== 'array') return word
    expect('(')
    const of = word === 'array' ? readElement(depth) : undefined
    if (word === 'array') expect(',')
    const length = Number(match(/[0-9]+/y))
    expect(')')
    return word === 'array' ? new ArrayField(of, length) : new BytesField(length)
  }
}

/** Says in what two schemas differ first; undefined if they do not. */
export function schemaDifference(given: RecordSchema, ring: RecordSchema, path = ''): string | undefined {
  for (let i = 0; i < Math.max(given.fields.length, ring.fields.length); i++) {
    const one = given.fields[i]
    const other = ring.fields[i]
    if (one === undefined) return `the ring has a field ${path}${other!.name} more`
    if (other === undefined) return `the ring has no field ${path}${one.name}`
    if (one.name !== other.name) return `field ${i + 1} is ${path}${one.name} here and ${path}${other.name} in the ring`
    if (one.type.is === 'record' && other.type.is === 'record') {
      const inner = schemaDifference(one.type.schema, other.type.schema, `${path}${one.name}.`)
      if (inner !== undefined) return inner
    } else if (printType(one.type) !== printType(other.type)) {
      return `${path}${one.name} is ${printType(one.type)} here and ${printType(other.type)} in the ring`
    }
  }
  return undefined
}
