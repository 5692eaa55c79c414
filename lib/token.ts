// Tokens: what stands for a handle while it travels.

import type { ElementKind } from '../index.js'
import { CrosscoreError, fromNative, shown } from './errors.js'
import { claim, type NativeHandle } from './native.js'

/** Plain data, so that it can be posted, put into `workerData` or cloned; good for one claim. */
export interface Token {
  readonly crosscore: 'producer' | 'consumer'
  readonly of: ElementKind
  readonly id: string
}

export function writeToken(side: Token['crosscore'], of: ElementKind, id: string): Token {
  return { crosscore: side, of, id }
}

/** Takes the handle that `token` stands for. */
export function claimToken(token: unknown, side: Token['crosscore']): NativeHandle {
  const { crosscore, id } = (typeof token === 'object' && token !== null ? token : {}) as Partial<Token>
  if (crosscore !== side || typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id)) {
    throw new CrosscoreError(
      'ERR_CROSSCORE_TOKEN',
      `a ${side}'s token, as its move() returned it, was expected; got ${shown(token)}`,
    )
  }
  try {
    return claim(id, side === 'producer')
  } catch (error) {
    throw fromNative(error)
  }
}
