// What an iterator gave when there was no room for it.
//
// It cannot go back into the iterator, so it is kept here, and comes first when the same iterator is pushed from again,
// by whatever call.

import { invalidArgument } from '../environment/errors.js'

type Next<T> = { readonly done: true } | { readonly done: false; readonly value: T }

const END = { done: true } as const

const left = new WeakMap<Iterator<unknown>, unknown[]>()

/** What was put back, or else what the iterator gives next. Its getters run here and nowhere else. */
export function takeNext<T>(iterator: Iterator<T>): Next<T> {
  const kept = left.get(iterator)
  if (kept !== undefined) {
    left.delete(iterator)
    return { done: false, value: kept[0] as T }
  }
  const result: unknown = iterator.next()
  if (typeof result !== 'object' || result === null) throw invalidArgument('what an iterator returns', 'an object', result)
  const next = result as IteratorResult<T, unknown>
  return next.done ? END : { done: false, value: next.value }
}

export function putBack<T>(iterator: Iterator<T>, value: T): void {
  left.set(iterator, [value])
}
