// The kinds of elements that have a fixed size: what TypeScript calls them and how they are stored.

import type { BigIntKind, ElementKind, NumberKind } from '../index.js'

/** A typed array over numbers or bigints. */
export type NumericView =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array

/** What all typed arrays have in common, to be called on any of them. */
export interface NumericMethods {
  set(this: NumericView, source: NumericView, offset?: number): void
  subarray(this: NumericView, start: number, end: number): NumericView
}

type NumericViewConstructor = {
  readonly BYTES_PER_ELEMENT: number
  readonly name: string
  new (buffer: ArrayBuffer): NumericView
}

/** One kind. */
export interface NumericKind {
  readonly name: NumberKind | BigIntKind
  readonly view: NumericViewConstructor
  /** log2 of the size of an element in bytes. */
  readonly shift: number
  /** The elements are bigints. */
  readonly big: boolean
  /** A value that changes when it is stored is an error. For floats it is rounding. */
  readonly exact: boolean
  /** What is allowed, for messages. */
  readonly allowed: string
}

function kind(name: NumberKind | BigIntKind, view: NumericViewConstructor, allowed: string): NumericKind {
  return {
    name,
    view,
    shift: Math.log2(view.BYTES_PER_ELEMENT),
    big: name.endsWith('64') && name !== 'f64',
    exact: !name.startsWith('f'),
    allowed,
  }
}

const KINDS = new Map<string, NumericKind>(
  [
    kind('u8', Uint8Array, 'an integer from 0 to 255'),
    kind('i8', Int8Array, 'an integer from -128 to 127'),
    kind('u16', Uint16Array, 'an integer from 0 to 65535'),
    kind('i16', Int16Array, 'an integer from -32768 to 32767'),
    kind('u32', Uint32Array, 'an integer from 0 to 4294967295'),
    kind('i32', Int32Array, 'an integer from -2147483648 to 2147483647'),
    kind('f32', Float32Array, 'a number'),
    kind('f64', Float64Array, 'a number'),
    kind('i64', BigInt64Array, 'a bigint from -2^63 to 2^63 - 1'),
    kind('u64', BigUint64Array, 'a bigint from 0 to 2^64 - 1'),
  ].map((each) => [each.name, each]),
)

/** All that `createRing` takes as `of`. */
export const KIND_NAMES: readonly string[] = [...KINDS.keys(), 'bytes']

/** The kind of that name, or undefined for `bytes`. */
export function numericKind(name: ElementKind): NumericKind | undefined {
  return KINDS.get(name)
}
