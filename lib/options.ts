// The options of createRing, checked.

import type { ElementKind } from '../index.js'
import { checkInteger, invalidArgument } from './errors.js'
import { HEADER } from './framing.js'
import { KIND_NAMES, numericKind } from './kinds.js'

/** The largest ring in bytes. Twice as much is mapped, and V8 on Node 20 holds ArrayBuffers of less than 2^32 bytes. */
export const LARGEST_RING = 2 ** 30

/** When pushes become visible: at once, at the end of the turn, after how many. */
export type Publish = 'each' | 'tick' | number

/** What travels with a token. */
export interface Description {
  readonly of: ElementKind
  readonly publish: Publish
}

export interface CheckedOptions extends Description {
  /** In bytes, not yet rounded. */
  readonly bytes: number
  readonly memory: 'auto' | 'mirrored' | 'heap'
}

const MEMORIES = new Set<unknown>(['auto', 'mirrored', 'heap'])

export function checkOptions(options: unknown): CheckedOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('options', 'an object such as { of: "f64", capacity: 1024 }', options)
  }
  const { of, capacity, memory = 'auto', publish = 'each' } = options as Record<string, unknown>
  if (typeof of !== 'string' || !KIND_NAMES.includes(of)) {
    throw invalidArgument('options.of', `one of ${KIND_NAMES.join(', ')}`, of)
  }
  if (!MEMORIES.has(memory)) throw invalidArgument('options.memory', 'auto, mirrored or heap', memory)
  const kind = numericKind(of as ElementKind)
  const size = kind === undefined ? 1 : 2 ** kind.shift
  checkInteger(`options.capacity (in ${kind === undefined ? 'bytes' : 'elements'})`, capacity, 1, LARGEST_RING / size)
  if (publish !== 'each' && publish !== 'tick') {
    if (typeof publish !== 'number') throw invalidArgument('options.publish', `'each', 'tick' or a number of pushes`, publish)
    checkInteger('options.publish', publish, 1, 2 ** 31 - 1)
  }
  return {
    of: of as ElementKind,
    // The smallest ring of messages holds one of 8 bytes.
    bytes: kind === undefined ? Math.max(capacity, 2 * HEADER) : capacity * size,
    memory: memory as CheckedOptions['memory'],
    publish: publish as Publish,
  }
}

/** Pushes until they are published. */
export function publishEvery(publish: Publish): number {
  return publish === 'each' ? 1 : publish === 'tick' ? Infinity : publish
}
