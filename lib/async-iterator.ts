// for await over a consumer, by hand: an async generator costs more than twice as much per element.

import type { Port } from './port.js'
import { nextTurn, turnIsDue } from './turn.js'

interface Source<T> {
  pop(): T | undefined
  ready(): Promise<boolean>
}

/** A batch counts as so many elements. */
export const BATCH_WORK = 64

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/**
 * Ends when the source will never have anything again, or was closed here. Leaving the loop early leaves
 * the source as it is: a later loop goes on with the next element. `work` is how many elements one step
 * counts as.
 */
export function iterate<T>(source: Source<T>, port: Port, work = 1): AsyncIterableIterator<T> {
  let left = false
  const take = (): IteratorResult<T> | undefined => {
    const value = source.pop()
    return value === undefined ? undefined : { done: false, value }
  }
  const wait = async (): Promise<IteratorResult<T>> => {
    for (;;) {
      if (!(await source.ready()) || left || port.isClosed) return DONE
      const result = take()
      if (result !== undefined) return result
    }
  }
  const step = (): IteratorResult<T> | Promise<IteratorResult<T>> => (left || port.isClosed ? DONE : (take() ?? wait()))
  return {
    async next() {
      return turnIsDue(work) ? nextTurn(undefined).then(step) : step()
    },
    async return() {
      left = true
      return DONE
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
