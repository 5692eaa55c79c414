// The errors of the package, and the sentences that are used more than once.

import { inspect } from 'node:util'
import type { CrosscoreErrorCode } from '../index.js'

const PREFIX = 'ERR_CROSSCORE_'

/** An error with a code. */
export class CrosscoreError extends Error {
  readonly code: CrosscoreErrorCode

  constructor(code: CrosscoreErrorCode, message: string) {
    super(message)
    this.code = code
  }

  static {
    // As a plain property of the prototype, like the name of every built-in error.
    Object.defineProperty(this.prototype, 'name', { value: 'CrosscoreError', writable: true, configurable: true })
  }
}

/** What was given, short enough for a message. */
export function shown(value: unknown): string {
  const text = described(value)
  const type = value === null || value === undefined ? '' : ` (${typeof value})`
  return (text.length > 80 ? `${text.slice(0, 77)}...` : text) + type
}

function described(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'string' && typeof value !== 'object' && typeof value !== 'function') return String(value)
  try {
    return inspect(value, { depth: 0, breakLength: Infinity, maxArrayLength: 3, maxStringLength: 40 })
  } catch {
    // The value has a say in how it is shown, and this one threw.
    return 'something that cannot be shown'
  }
}

export function invalidArgument(what: string, allowed: string, given: unknown): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', `${what} must be ${allowed}; got ${shown(given)}`)
}

export function tooLarge(what: string, size: number, largest: number): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_TOO_LARGE', `${what} of ${size} does not fit: the largest is ${largest}`)
}

export function corrupt(what: string): CrosscoreError {
  return new CrosscoreError(
    'ERR_CROSSCORE_CORRUPT',
    `${what}: something wrote into the ring's memory through a view that it no longer owned`,
  )
}

/** Throws if `value` is not an integer from `least` to `most`. */
export function checkInteger(what: string, value: unknown, least: number, most: number): asserts value is number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw invalidArgument(what, `an integer from ${least} to ${most}`, value)
  }
}

/** Throws unless `fn` can be called, up to `max` times. */
export function checkCallback(fn: unknown, max: number): void {
  if (typeof fn !== 'function') throw invalidArgument('fn', 'a function', fn)
  if (max !== Infinity) checkInteger('max', max, 0, Number.MAX_SAFE_INTEGER)
}

/** An error of the addon as an error of the package: the code travels in the message. */
export function fromNative(error: unknown): unknown {
  if (error instanceof Error && error.message.startsWith(PREFIX)) {
    const colon = error.message.indexOf(': ')
    return new CrosscoreError(error.message.slice(0, colon) as CrosscoreErrorCode, error.message.slice(colon + 2))
  }
  return error
}
