// How arguments, answers and errors lie in a message. The one place that knows the serializer.

import { deserialize, serialize } from 'node:v8'
import { CrosscoreError, invalidArgument } from '../environment/errors.js'
import { decodePlain, encodePlain, isPlain } from '../kinds/plain.js'

/** Whatever structured clone takes, but what would have to be transferred. The bytes are good until the next call. */
export function encode(value: unknown): Uint8Array {
  return encodePlain(value) ?? serialize(value)
}

/** `bytes` must be a copy: typed arrays in the value share its memory. */
export function decode(bytes: Uint8Array): unknown {
  return isPlain(bytes) ? decodePlain(bytes) : deserialize(bytes)
}

/** Constructors of errors that both sides know, by the name of the class. */
export type ErrorClasses = ReadonlyMap<string, new (...args: never[]) => Error>

const BUILT_IN: readonly (new (...args: never[]) => Error)[] = [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
]

/** The classes of errors that are told apart at the other side: JavaScript's own, ours, and the program's. */
export function errorClasses(own: readonly (new (...args: never[]) => Error)[] = []): ErrorClasses {
  if (!Array.isArray(own) || !own.every((each) => typeof each === 'function')) throw invalidArgument('options.errors', 'an array of classes', own)
  return new Map([...BUILT_IN, CrosscoreError as never, ...own].map((each) => [each.name, each]))
}

/** An error as plain data. */
interface EncodedError {
  /** Its class: the nearest that has a name in `classes`. */
  of: string
  name: string
  message: string
  stack: string | undefined
  /** Its own properties, `code` and `errno` among them, as far as they can be cloned. */
  more: Record<string, unknown>
  cause?: EncodedThrown
  errors?: EncodedThrown[]
}

/** What was thrown: an error, or whatever else a program throws. */
type EncodedThrown = { error: EncodedError } | { value: unknown }

/** Has slots of its own, and so must be made by its constructor. */
const DOM_EXCEPTION = 'DOMException'

/** What an error has in fields of its own, whether or not it is enumerable. */
const NAMED = new Set(['name', 'message', 'stack', 'cause', 'errors'])

/** A chain of causes may be a ring. */
const DEEPEST = 16

export function encodeThrown(thrown: unknown, classes: ErrorClasses): Uint8Array {
  return encode(describe(thrown, classes, 0))
}

export function decodeThrown(bytes: Uint8Array, classes: ErrorClasses): unknown {
  try {
    return rebuild(decode(bytes) as EncodedThrown, classes)
  } catch (error) {
    // Some of what can be serialized cannot be read back (errors whose causes form a ring).
    return error
  }
}

function describe(thrown: unknown, classes: ErrorClasses, depth: number): EncodedThrown {
  // What throws while it is looked at is told as it can be.
  try {
    if (!(thrown instanceof Error)) {
      return { value: cloneable(thrown) ? thrown : String(thrown) }
    }
    const { message, stack, cause, errors } = thrown as Error & { errors?: unknown }
    const more: Record<string, unknown> = {}
    for (const [key, value] of Object.entries(thrown)) if (!NAMED.has(key) && cloneable(value)) more[key] = value
    const of = thrown instanceof DOMException ? DOM_EXCEPTION : classOf(thrown, classes)
    const error: EncodedError = { of, name: thrown.name, message, stack, more }
    if (depth < DEEPEST) {
      if (cause !== undefined) error.cause = describe(cause, classes, depth + 1)
      if (Array.isArray(errors)) error.errors = errors.map((each) => describe(each, classes, depth + 1))
    }
    return { error }
  } catch {
    return { value: 'something was thrown that cannot be shown' }
  }
}

function classOf(error: object, classes: ErrorClasses): string {
  for (let proto = Object.getPrototypeOf(error); proto !== null; proto = Object.getPrototypeOf(proto)) {
    const name = proto.constructor?.name
    if (typeof name === 'string' && classes.get(name)?.prototype === proto) return name
  }
  return 'Error'
}

function cloneable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function' && typeof value !== 'symbol'
  try {
    encode(value)
    return true
  } catch {
    return false
  }
}

function rebuild(thrown: EncodedThrown, classes: ErrorClasses): unknown {
  if (!('error' in thrown)) return thrown.value
  const { of, name, message, stack, more, cause, errors } = thrown.error
  if (of === DOM_EXCEPTION) {
    const because = cause === undefined ? {} : { cause: rebuild(cause, classes) }
    return Object.assign(new DOMException(message, { name, ...because } as never), { stack })
  }
  // Not by the constructor, whose arguments nobody here knows.
  const Class = classes.get(of) ?? Error
  const error = new Error(message)
  if (Class !== Error) Object.setPrototypeOf(error, Class.prototype as object)
  const put = (key: string, value: unknown, enumerable = false): void => {
    Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true })
  }
  for (const [key, value] of Object.entries(more)) put(key, value, true)
  if (error.name !== name) put('name', name)
  if (stack !== undefined) put('stack', stack)
  if (cause !== undefined) put('cause', rebuild(cause, classes))
  if (errors !== undefined) put('errors', errors.map((each) => rebuild(each, classes)))
  return error
}
