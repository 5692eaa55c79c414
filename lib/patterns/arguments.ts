// What programs give to the patterns, checked before anything is done with it.

import { invalidArgument } from '../environment/errors.js'
import { isIterable } from '../environment/intrinsics.js'

type Side = 'producer' | 'consumer'

/** What only a handle of that side does: it may be of another copy of the package. */
const DOES = { producer: 'push', consumer: 'pop' } as const

export function checkHandle(side: Side, handle: unknown): void {
  const does = typeof handle === 'object' && handle !== null && typeof (handle as Record<string, unknown>)[DOES[side]] === 'function'
  if (!does) throw invalidArgument(`each ${side}`, `a ${side} of a ring`, handle)
}

/** The handles that were given, each of them checked. */
export function handlesOf<H>(side: Side, given: Iterable<H>): H[] {
  if (!isIterable(given)) throw invalidArgument(`${side}s`, `an array of ${side}s`, given)
  const handles = [...given]
  for (const handle of handles) checkHandle(side, handle)
  return handles
}

export function checkListener(what: string, listener: unknown): void {
  if (listener !== undefined && typeof listener !== 'function') throw invalidArgument(what, 'a function', listener)
}
