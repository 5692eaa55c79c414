// for await over a consumer, by hand: an async generator costs more than twice as much per element.

import type { AbortSignalLike } from '../../index.js'
import { nextTurn, turnIsDue } from '../environment/turn.js'

interface Source<T> {
  /** What is next, if it is there. */
  take(): T | undefined
  /**
   * Whether there will be something; false at the end and after `endWait`. Throws at once if another wait is pending.
   */
  wait(): Promise<boolean>
  /** Ends a wait that is pending. */
  endWait(): void
  /** Whether the source was closed here. Throws if it was moved away. */
  isClosed(): boolean
  /** How many elements a step counts as. */
  readonly work: number
  readonly signal: AbortSignalLike | undefined
}

/** A batch counts as so many elements. */
export const BATCH_WORK = 64

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })
const ignore = (): void => {}

/**
 * Ends when the source will never have anything again, or was closed here. Leaving the loop early leaves the source as
 * it is: a later loop goes on with the next element. Calls of `next()` are answered in their order, and `return()` ends
 * those that are pending.
 */
export function iterate<T>(source: Source<T>): AsyncIterableIterator<T> {
  const { work, signal } = source
  let left = false
  /** The wait of this iterator is pending, rather than another one of the same handle. */
  let waits = false
  /** Calls that have to wait, and the last of them. */
  let calls = 0
  let last: Promise<unknown> | undefined
  const step = (): IteratorResult<T> | undefined => {
    if (left || source.isClosed()) return DONE
    if (signal?.aborted === true) return undefined
    const value = source.take()
    return value === undefined ? undefined : { done: false, value }
  }
  const slowly = async (before: Promise<unknown> | undefined, due: boolean): Promise<IteratorResult<T>> => {
    try {
      if (before !== undefined) await before
      if (due) await nextTurn(undefined)
      for (;;) {
        const result = step()
        if (result !== undefined) return result
        const more = source.wait()
        waits = true
        if (!(await more)) return DONE
        waits = false
      }
    } finally {
      waits = false
      calls--
      if (calls === 0) last = undefined
    }
  }
  return {
    async next() {
      const due = turnIsDue(work)
      if (last === undefined && !due) {
        const result = step()
        if (result !== undefined) return result
      }
      calls++
      const mine = slowly(last, due)
      if (calls > 0) last = mine.then(ignore, ignore)
      return mine
    },
    async return() {
      left = true
      if (waits) source.endWait()
      return DONE
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
