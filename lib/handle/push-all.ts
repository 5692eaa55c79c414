// Pushing all of something, and blocking whenever the ring is full.

import { putBack, takeNext } from './leftover.js'
import type { Port } from './port.js'
import { blockSlice } from './waiting.js'

/** How a producer takes several. Counts are of elements. */
export interface Pusher {
  /**
   * The length of an array or typed array that can be pushed; undefined for another iterable. Throws for anything
   * else.
   */
  measure(values: unknown): number | undefined
  /** As many from index `from` on as there is room for. */
  pushRun(values: unknown, from: number): number
  /** Until the iterator ends or there is no room. `at` is how many came from it before. */
  pushFrom(iterator: Iterator<unknown>, at: number): number
  /** Bytes that are to be free before it is worth trying again, when `left` elements are left. */
  wanted(left: number): number
}

/** Pushes as many as there is room for. */
export function pushSome(pusher: Pusher, values: unknown): number {
  return pusher.measure(values) === undefined
    ? pusher.pushFrom((values as Iterable<unknown>)[Symbol.iterator](), 0)
    : pusher.pushRun(values, 0)
}

/** Pushes as many as there is room for and drops the others, those of an iterable one by one. */
export function pushOrDrop(port: Port, pusher: Pusher, values: unknown): number {
  if (pusher.measure(values) !== undefined) {
    const count = pusher.pushRun(values, 0)
    // Asked again: a getter of an array may have changed its length.
    const left = pusher.measure(values)! - count
    if (left > 0) port.native.drop(left)
    return count
  }
  const iterator = (values as Iterable<unknown>)[Symbol.iterator]()
  const count = pusher.pushFrom(iterator, 0)
  while (!takeNext(iterator).done) {
    // The iterator is code of the program: what it has pushed meanwhile comes before the gap.
    port.checkOpen()
    port.native.drop(1)
  }
  return count
}

/** Pushes what `values` holds until it is all in the ring or the time is over; how many went in. */
export function pushAll(port: Port, pusher: Pusher, values: unknown, deadline: number): number {
  let length = pusher.measure(values)
  const iterator = length === undefined ? (values as Iterable<unknown>)[Symbol.iterator]() : undefined
  let count = 0
  for (;;) {
    count += iterator === undefined ? pusher.pushRun(values, count) : pusher.pushFrom(iterator, count)
    if (iterator === undefined) {
      // A getter of an array may have shortened it: nobody is to wait for what is not there.
      length = pusher.measure(values)
      if (count >= length!) return count
    } else {
      // Whether it was the source that ended or the room; nobody is to wait for room for nothing.
      const next = takeNext(iterator)
      if (next.done) return count
      putBack(iterator, next.value)
    }
    if (!blockSlice(port, pusher.wanted(iterator === undefined ? length! - count : 1), deadline)) return count
  }
}
