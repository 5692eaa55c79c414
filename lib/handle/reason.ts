// Why a side closed, on its way to the other one: an Error's name, message, code and cause as text.

import { types } from 'node:util'
import { invalidArgument } from '../environment/errors.js'
import { parse, stringify } from '../environment/intrinsics.js'

interface Written {
  readonly name: string
  readonly message: string
  readonly code?: string | number
  readonly cause?: Written
}

/** Causes of causes that travel. */
const DEEPEST = 4

/** What `close` takes. */
export function writeReason(reason: unknown): string {
  if (!isError(reason)) throw invalidArgument('reason', 'an Error', reason)
  return stringify(written(reason, DEEPEST))
}

export function readReason(text: string): Error {
  return restored(parse(text) as Written)
}

function isError(value: unknown): value is Error {
  // Also one from another realm, and a DOMException.
  return types.isNativeError(value) || value instanceof Error
}

function written(error: Error, depth: number): Written {
  const { name, message, code, cause } = error as Error & { code?: unknown }
  return {
    // Without a prototype, so that no `toJSON` of Object.prototype is asked.
    __proto__: null,
    name: String(name),
    message: String(message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : undefined),
    ...(isError(cause) && depth > 1 ? { cause: written(cause, depth - 1) } : undefined),
  } as Written
}

function restored({ name, message, code, cause }: Written): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: restored(cause) })
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true })
  if (code !== undefined) Object.assign(error, { code })
  return error
}
