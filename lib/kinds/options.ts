// The options of createRing, checked.

import type { ElementKind, RingOptions } from '../../index.js'
import { checkInteger, invalidArgument } from '../environment/errors.js'
import type { MemoryChoice } from '../native/addon.js'
import type { Kind } from './kind.js'
import { kindOf, kindNames } from './table.js'

/** The largest ring in bytes. Twice as much is mapped, and V8 on Node 20 holds ArrayBuffers of less than 2^32 bytes. */
const LARGEST_RING = 2 ** 30

/** Pushes until they are published, when the end of the turn publishes them: more than any ring holds. */
const END_OF_TURN = 2 ** 32 - 1

const MEMORIES = ['auto', 'mirrored', 'heap']

export interface CheckedOptions<K extends ElementKind> {
  readonly kind: Kind<K>
  /** In bytes, not yet rounded. */
  readonly bytes: number
  readonly memory: MemoryChoice
  readonly publishEvery: number
  readonly drops: boolean
}

export function checkOptions<K extends ElementKind>(options: RingOptions<K>): CheckedOptions<K> {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('options', 'an object such as { of: "f64", capacity: 1024 }', options)
  }
  const { of, capacity, memory = 'auto', publish = 'each', onFull = 'refuse' } = options
  const kind = checkKind(of)
  kind.checkRuntime?.()
  const choice = MEMORIES.indexOf(memory)
  if (choice < 0) throw invalidArgument('options.memory', 'auto, mirrored or heap', memory)
  if (onFull !== 'refuse' && onFull !== 'drop') throw invalidArgument('options.onFull', 'refuse or drop', onFull)
  const { elementSize, framed, least } = kind
  checkInteger(`options.capacity (in ${framed ? 'bytes' : 'elements'})`, capacity, 1, Math.floor(LARGEST_RING / elementSize))
  return {
    kind,
    bytes: Math.max(capacity * elementSize, least),
    memory: choice as MemoryChoice,
    publishEvery: publishEvery(publish),
    drops: onFull === 'drop',
  }
}

/** The kind that `of` says. */
export function checkKind<K extends ElementKind>(of: K): Kind<K> {
  const kind: Kind<K> | undefined = kindOf(of)
  if (kind === undefined) throw invalidArgument('options.of', `one of ${kindNames.join(', ')}, or record({ … })`, of)
  return kind
}

function publishEvery(publish: unknown): number {
  if (publish === 'each') return 1
  if (publish === 'tick') return END_OF_TURN
  if (typeof publish !== 'number') throw invalidArgument('options.publish', `'each', 'tick' or a number of pushes`, publish)
  checkInteger('options.publish', publish, 1, 2 ** 31 - 1)
  return publish
}
