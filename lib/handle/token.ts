// Tokens: what stands for a handle while it travels.

import type { WorkerLike } from '../../index.js'
import { CrosscoreError, fromNative, invalidArgument, shown } from '../environment/errors.js'
import { claim, isParked, type NativeHandle, origin, revoke } from '../native/addon.js'

export type Side = 'producer' | 'consumer'

/** Plain data, so that it can be posted, put into `workerData` or cloned; good for one claim. */
export interface Token {
  readonly crosscore: Side
  readonly of: string
  readonly id: string
  readonly origin: string
}

export function writeToken(side: Side, of: string, id: string): Token {
  return { crosscore: side, of, id, origin }
}

function refusal(message: string): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_TOKEN', message)
}

function isToken(token: unknown): token is Token {
  const { crosscore, id, origin: from } = (typeof token === 'object' && token !== null ? token : {}) as Partial<Token>
  return (
    (crosscore === 'producer' || crosscore === 'consumer') &&
    typeof id === 'string' &&
    typeof from === 'string' &&
    /^[0-9a-f]{32}$/.test(id)
  )
}

/** What else it may be that somebody took for a token. */
function hint(token: unknown): string {
  if (typeof token !== 'object' || token === null) return ''
  if ('move' in token) return ': this is a handle; post what its move() returns'
  // What a structured clone makes of a handle, and of anything else that has no properties of its own.
  if (Reflect.ownKeys(token).length === 0) return ': if a handle was posted, post what its move() returns instead'
  return ''
}

/** A ring's kind as the addon tells it. */
export interface Description {
  readonly code: number
  readonly schema: string
}

const DIFFERENT = /^ERR_CROSSCORE_TOKEN: of:(\d+):(.*)$/s

/**
 * Takes the handle that `token` stands for. `expected` is what its `of` says; `different` words the refusal of a token
 * whose `of` is not what the ring is of.
 */
export function claimToken(
  token: unknown,
  side: Side,
  expected: (of: unknown) => Description,
  different: (real: Description) => string,
): NativeHandle {
  if (!isToken(token) || token.crosscore !== side) {
    throw refusal(`a ${side}'s token, as its move() returned it, was expected; got ${shown(token)}${hint(token)}`)
  }
  const { id, of, origin: from } = token
  const { code, schema } = expected(of)
  try {
    return claim(id, from, side === 'producer', code, schema)
  } catch (error) {
    const [, realCode, realSchema] = (error instanceof Error && DIFFERENT.exec(error.message)) || []
    if (realCode !== undefined) throw refusal(different({ code: Number(realCode), schema: realSchema! }))
    throw fromNative(error)
  }
}

/** Closes the handle that a token stands for, unless it was claimed. */
export function revokeToken(token: unknown): boolean {
  if (!isToken(token)) throw refusal(`a token, as move() returned it, was expected; got ${shown(token)}${hint(token)}`)
  try {
    return revoke(token.id, token.origin)
  } catch (error) {
    throw fromNative(error)
  }
}

interface Moved {
  tokens: Token[]
  /** How many of them there are when those that were claimed are dropped. */
  most: number
}

/** Fewer claimed tokens than this are not looked for. */
const FEW = 64

/** Tokens that were moved to a worker: one listener for all of them. */
const movedTo = new WeakMap<WorkerLike, Moved>()

/** What `move` takes: the worker whose end revokes the token. */
export function workerOf(options: { to?: unknown }): WorkerLike | undefined {
  const { to } = options
  if (to === undefined) return undefined
  const { once, threadId } = (typeof to === 'object' && to !== null ? to : {}) as Partial<WorkerLike>
  if (typeof once !== 'function' || typeof threadId !== 'number') throw invalidArgument('options.to', 'a Worker', to)
  return to as WorkerLike
}

/** Revokes the token if the worker ends before it has claimed it. */
export function revokeAtEnd(worker: WorkerLike, token: Token): void {
  // A worker that has ended has no number.
  if (worker.threadId === -1) return void revokeToken(token)
  const there = movedTo.get(worker)
  if (there !== undefined) {
    there.tokens.push(token)
    if (there.tokens.length < there.most) return
    // A worker that lives long is moved handles without end.
    there.tokens = there.tokens.filter(({ id }) => isParked(id))
    there.most = Math.max(FEW, 2 * there.tokens.length)
    return
  }
  const moved: Moved = { tokens: [token], most: FEW }
  movedTo.set(worker, moved)
  worker.once('exit', () => {
    movedTo.delete(worker)
    for (const each of moved.tokens) revokeToken(each)
  })
}
