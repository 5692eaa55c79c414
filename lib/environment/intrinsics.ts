// The language as it was when the package was loaded.
//
// A program may replace any built-in later (test runners do), and its objects may lie about themselves. So what comes
// from a program is measured by the getters of the language, not by its own properties, and views are made by the
// constructors, never by `subarray` or `slice`, which ask the object for its species (INV-JS-9).

const { apply, getPrototypeOf, getOwnPropertyDescriptor } = Reflect
const { bind, call } = Function.prototype

/** A method as a function of its receiver, which works whatever becomes of `Function.prototype.call`. */
// V8 calls such a function as directly as the method itself: it knows what it is bound to.
export function uncurried<F>(method: unknown): F {
  return apply(bind, call, [method]) as F
}

/** A typed array over numbers or bigints. */
export type NumericView =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>

const TypedArrayPrototype = getPrototypeOf(Uint8Array.prototype) as object

function getter<T>(name: PropertyKey): (array: unknown) => T {
  return uncurried(getOwnPropertyDescriptor(TypedArrayPrototype, name)!.get)
}

/** How many elements a typed array has now. Throws a TypeError for anything else. */
export const lengthOf = getter<number>('length')
const tagOf = getter<string | undefined>(Symbol.toStringTag)
const bufferOf = getter<ArrayBuffer>('buffer')
const byteOffsetOf = getter<number>('byteOffset')

/** Copies all of `source` into `target`, from `offset` on. */
export const setElements: (target: NumericView, source: NumericView, offset: number) => void = uncurried(
  Uint8Array.prototype.set,
)
/** `TypedArray.prototype.copyWithin`. */
export const copyWithin: (view: NumericView, target: number, start: number, end: number) => void = uncurried(
  Uint8Array.prototype.copyWithin,
)
// Throws a TypeError on an array whose buffer was detached, or shrunk until the array is outside it.
const validate: (array: unknown, value: unknown) => number = uncurried(Uint8Array.prototype.indexOf)

const ByteView = Uint8Array
const WordView = Uint32Array
const Buffer = ArrayBuffer

/** All of a buffer as bytes. */
export function bytesOver(buffer: ArrayBuffer): Uint8Array<ArrayBuffer> {
  return new ByteView(buffer)
}

/** All of a buffer as words of 32 bits. */
export function wordsOver(buffer: ArrayBuffer): Uint32Array<ArrayBuffer> {
  return new WordView(buffer)
}

/** Zeroed memory. */
export function emptyBuffer(bytes: number): ArrayBuffer {
  return new Buffer(bytes)
}

/** Makes a typed array over a buffer, or over a part of it. */
export type ViewConstructor = {
  readonly name: string
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): NumericView
}

/** The elements of a typed array from `start` up to `end`, in place. The array is of the constructor's own kind. */
export function part(view: ViewConstructor, array: NumericView, start: number, end: number): NumericView {
  return new view(bufferOf(array), byteOffsetOf(array) + start * view.BYTES_PER_ELEMENT, end - start)
}

/** Which typed array it is, also one from another realm; undefined for anything else, proxies included. */
export function typedArrayName(value: unknown): string | undefined {
  return tagOf(value)
}

/** Whether a typed array still has its memory. Only one of length 0 can have lost it. */
export function isAttached(array: unknown): boolean {
  try {
    validate(array, 0)
    return true
  } catch {
    return false
  }
}

/** How many elements an array has. One that is a proxy may say anything. */
export function lengthOfList(list: readonly unknown[]): number {
  const { length } = list as { length: unknown }
  return typeof length === 'number' && length > 0 ? Math.min(Math.floor(length), Number.MAX_SAFE_INTEGER) : 0
}

/** Whether it is an array, also one from another realm or a proxy of one. */
export const isArray: (value: unknown) => value is readonly unknown[] = Array.isArray

/** Whether it is an object that can be iterated; a string is not meant. */
export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as Iterable<unknown>)[Symbol.iterator] === 'function'
}

/** Whether it is a typed array or a DataView. */
export const isView: (value: unknown) => value is ArrayBufferView = ArrayBuffer.isView

export const { stringify, parse } = JSON
