// Pushing all of something, and blocking whenever the ring is full.

import type { Port } from './port.js'
import { blockSlice } from './waiting.js'

/** An array or typed array, of which parts can be had. */
type Indexed<T> = Iterable<T> & {
  readonly length: number
  slice(start: number, end: number): Indexed<T>
  subarray?(start: number, end: number): Indexed<T>
}

/**
 * Pushes what `values` holds until it is all in the ring or the time is over; tells how many went in.
 *
 * `room` tells how many bytes are to be free before it is worth trying again: for the rest of an array
 * from an index on, or for what an iterator has left (`undefined`).
 */
export function pushAll<T>(
  port: Port,
  values: Iterable<T>,
  deadline: number,
  pushMany: (some: Iterable<T>) => number,
  room: (next: number | undefined) => number,
): number {
  if (!isIndexed(values)) {
    // What pushMany refuses, it refuses before anything was waited for.
    const iterates = typeof values === 'object' && values !== null && typeof values[Symbol.iterator] === 'function'
    if (!iterates) return pushMany(values)
    return pushIterator(port, values[Symbol.iterator](), deadline, pushMany, room)
  }
  let count = 0
  for (;;) {
    // No more than can fit, so that the rest of a long array is not copied or checked again and again.
    const end = Math.min(values.length, count + port.capacity)
    const part = values.subarray === undefined ? values.slice(count, end) : values.subarray(count, end)
    count += pushMany(part)
    if (count >= values.length) return count
    if (!blockSlice(port, room(count), deadline)) return count
  }
}

function isIndexed<T>(values: Iterable<T>): values is Indexed<T> {
  return Array.isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView))
}

function pushIterator<T>(
  port: Port,
  iterator: Iterator<T>,
  deadline: number,
  pushMany: (some: Iterable<T>) => number,
  room: (next: undefined) => number,
): number {
  let done = false
  // One object for all calls, which says when the source has ended rather than the room.
  const rest: IterableIterator<T> = {
    next() {
      const result = iterator.next()
      if (result.done === true) done = true
      return result
    },
    [Symbol.iterator]() {
      return rest
    },
  }
  let count = 0
  for (;;) {
    count += pushMany(rest)
    if (done || !blockSlice(port, room(undefined), deadline)) return count
  }
}
