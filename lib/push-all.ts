// Pushing all of something, and blocking whenever the ring is full.

import { putBack, takeNext } from './leftover.js'
import type { Port } from './port.js'
import { blockSlice } from './waiting.js'

/** An array or typed array, of which parts can be had. */
type Indexed<T> = Iterable<T> & {
  readonly length: number
  slice(start: number, end: number): Indexed<T>
  subarray?(start: number, end: number): Indexed<T>
}

/** How a producer takes several; both tell how many went in. */
interface Pusher<T> {
  pushMany(some: Iterable<T>): number
  /** Until the iterator ends or there is no room. */
  pushFrom(iterator: Iterator<T>): number
  /**
   * How many bytes are to be free before it is worth trying again: for the rest of an array from an index
   * on, or for what an iterator has left (`undefined`).
   */
  room(next: number | undefined): number
}

/** Pushes what `values` holds until it is all in the ring or the time is over; tells how many went in. */
export function pushAll<T>(port: Port, values: Iterable<T>, deadline: number, pusher: Pusher<T>): number {
  if (!isIndexed(values)) {
    // What pushMany refuses, it refuses before anything was waited for.
    const iterates = typeof values === 'object' && values !== null && typeof values[Symbol.iterator] === 'function'
    if (!iterates) return pusher.pushMany(values)
    return pushIterator(port, values[Symbol.iterator](), deadline, pusher)
  }
  let count = 0
  for (;;) {
    // No more than can fit, so that the rest of a long array is not copied or checked again and again.
    const end = Math.min(values.length, count + port.capacity)
    const part = values.subarray === undefined ? values.slice(count, end) : values.subarray(count, end)
    count += pusher.pushMany(part)
    if (count >= values.length) return count
    if (!blockSlice(port, pusher.room(count), deadline)) return count
  }
}

function isIndexed<T>(values: Iterable<T>): values is Indexed<T> {
  return Array.isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView))
}

function pushIterator<T>(port: Port, iterator: Iterator<T>, deadline: number, pusher: Pusher<T>): number {
  let count = 0
  for (;;) {
    count += pusher.pushFrom(iterator)
    // Whether it was the source that ended or the room; nobody is to wait for room for nothing.
    const next = takeNext(iterator)
    if (next.done === true) return count
    putBack(iterator, next)
    if (!blockSlice(port, pusher.room(undefined), deadline)) return count
  }
}
