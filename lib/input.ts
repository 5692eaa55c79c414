// Arrays that a caller hands in, checked before they are believed.

import { types } from 'node:util'
import { CrosscoreError, invalidArgument } from './errors.js'
import type { NumericView } from './kinds.js'

// Throws a TypeError on an array whose buffer was detached, or shrunk until the array is outside it.
const validate: (this: NumericView, value: never) => number = Uint8Array.prototype.indexOf as never

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get as (
  this: unknown,
) => string | undefined

/**
 * Throws if `array` is empty because its buffer was taken away rather than because it is empty.
 * Only an array of length 0 can be that.
 */
export function checkAttached(what: string, array: NumericView): void {
  try {
    validate.call(array, 0 as never)
  } catch {
    throw new CrosscoreError(
      'ERR_CROSSCORE_INVALID_ARG',
      `${what} must have its memory; its buffer was detached (transferred) or resized so that the array is outside it`,
    )
  }
}

/** Which typed array it is, also one from another realm, where instanceof says no; undefined for anything else, proxies included. */
export function typedArrayName(value: unknown): string | undefined {
  return tagOf.call(value)
}

/** The length of bytes, quickly. 0 says nothing: look closer. */
export function lengthOfBytes(value: unknown): number {
  if (!(value instanceof Uint8Array)) return 0
  try {
    return value.length
  } catch {
    // A proxy, or an object that only inherits from Uint8Array.
    return 0
  }
}

/** Throws unless `value` is bytes. */
export function checkBytes(what: string, value: unknown): asserts value is Uint8Array {
  // Also one from another realm, where instanceof says no.
  if (!types.isUint8Array(value)) throw invalidArgument(what, 'a Uint8Array', value)
}
