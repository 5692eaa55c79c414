// The table of kinds: a row for each, and all that is asked of it.
//
// Everything that depends on the kind of a ring asks here: options, tokens, classes, element sizes. To add one is to
// write its file and its row.

import type { ElementKind, NamedKind, ProducerToken } from '../../index.js'
import { bytes } from './bytes.js'
import { codecKind, isCodec, json, value } from './encoded.js'
import type { Kind } from './kind.js'
import { numeric } from './numeric.js'
import { recordKind, recordOf, RECORD } from './record.js'
import { parseSchema, RecordSchema } from './record-schema.js'
import { string } from './string.js'

/** TypeScript sees to it that no kind of `NamedKind` is without a row, and that a row makes handles of its kind. */
const table: { readonly [K in NamedKind]: Kind<K> } = {
  u8: numeric('u8', 1, Uint8Array, 'an integer from 0 to 255'),
  i8: numeric('i8', 2, Int8Array, 'an integer from -128 to 127'),
  u16: numeric('u16', 3, Uint16Array, 'an integer from 0 to 65535'),
  i16: numeric('i16', 4, Int16Array, 'an integer from -32768 to 32767'),
  u32: numeric('u32', 5, Uint32Array, 'an integer from 0 to 4294967295'),
  i32: numeric('i32', 6, Int32Array, 'an integer from -2147483648 to 2147483647'),
  f32: numeric('f32', 7, Float32Array, 'a number'),
  f64: numeric('f64', 8, Float64Array, 'a number'),
  i64: numeric('i64', 9, BigInt64Array, 'a bigint from -2^63 to 2^63 - 1'),
  u64: numeric('u64', 10, BigUint64Array, 'a bigint from 0 to 2^64 - 1'),
  bytes,
  string,
  json,
  value,
}

const kinds: readonly Kind[] = Object.values(table) as Kind[]

/** The names of all kinds. */
export const kindNames: readonly string[] = kinds.map(({ id }) => id)

/** The kind that `createRing` is told; undefined if there is none. */
export function kindOf<K extends ElementKind>(of: K): Kind<K> | undefined
export function kindOf(of: unknown): Kind | undefined {
  if (typeof of === 'string') return kinds.find((kind) => kind.of === of)
  const schema = RecordSchema.from(of)
  if (schema !== undefined) return recordKind(schema) as Kind
  return isCodec(of) ? (codecKind(of) as Kind) : undefined
}

/** The kind that a token names; undefined if there is none. */
export function kindNamed<K extends ElementKind>(of: ProducerToken<K>['of']): Kind<K> | undefined
export function kindNamed(of: unknown): Kind | undefined
export function kindNamed(of: unknown): Kind | undefined {
  const schema = recordOf(of)
  return schema === undefined ? kinds.find((kind) => kind.of === of) : (recordKind(schema) as Kind)
}

/** The kind that the addon knows by this code and schema. */
export function kindCoded(code: number, schema: string): Kind | undefined {
  if (code === RECORD) return recordKind(parseSchema(schema)) as Kind
  return kinds.find((kind) => kind.code === code && kind.schema === schema)
}
