// The errors of the package, and the sentences that are used more than once.

import { inspect } from 'node:util'
import type { CrosscoreErrorCode } from '../../index.js'
import { announce } from './diagnostics.js'

const PREFIX = 'ERR_CROSSCORE_'
const { captureStackTrace } = Error

/** An error with a code. */
export class CrosscoreError extends Error {
  declare readonly name: 'CrosscoreError'
  readonly code: CrosscoreErrorCode

  constructor(code: CrosscoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
    // A structured clone keeps the message and the stack of an error, and neither its class nor its code. So the stack
    // begins with both, as the errors of Node do.
    Object.defineProperty(this, 'name', { value: `CrosscoreError [${code}]`, configurable: true })
    captureStackTrace(this, CrosscoreError)
    void this.stack
    delete (this as { name?: string }).name
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

/** What peek had shown is not there to be released. */
export function peekIsVoid(n: unknown): CrosscoreError {
  return new CrosscoreError(
    'ERR_CROSSCORE_INVALID_ARG',
    `n must be an integer from 0 to 0; got ${shown(n)}: what peek() showed was read by another call since, so peek() again`,
  )
}

/** A typed array that is empty because its memory was taken away, not because it is empty. */
export function detached(what: string): CrosscoreError {
  return new CrosscoreError(
    'ERR_CROSSCORE_INVALID_ARG',
    `${what} must have its memory; its buffer was detached (transferred), or resized so that the array is outside it`,
  )
}

export function tooLarge(what: string, size: number, largest: number): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_TOO_LARGE', `${what} of ${size} does not fit: the largest is ${largest}`)
}

export function busy(why: string): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_BUSY', why)
}

/** Whether it is an error of `busy`. */
export function isBusy(error: unknown): boolean {
  return error instanceof CrosscoreError && error.code === 'ERR_CROSSCORE_BUSY'
}

export function closed(why: string, cause?: Error): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_CLOSED', why, cause === undefined ? undefined : { cause })
}

/** The ring's memory holds what the protocol does not allow. */
export function corrupt(
  what: string,
  why = "something wrote into the ring's memory through a view that it no longer owned",
): CrosscoreError {
  const error = new CrosscoreError('ERR_CROSSCORE_CORRUPT', `${what}: ${why}`)
  announce('corrupt', () => ({ error }))
  return error
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

/** An object of options, or an error that shows what one looks like. */
export function checkOptionsObject(options: unknown, example: string): Record<string, unknown> {
  if (options === undefined) return {}
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', `an object such as ${example}`, options)
  return options as Record<string, unknown>
}

/** An error of the addon as an error of the package: the code travels in the message. */
export function fromNative(error: unknown): unknown {
  if (error instanceof Error && error.message.startsWith(PREFIX)) {
    const colon = error.message.indexOf(': ')
    return new CrosscoreError(error.message.slice(0, colon) as CrosscoreErrorCode, error.message.slice(colon + 2))
  }
  return error
}
