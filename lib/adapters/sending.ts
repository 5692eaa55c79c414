// Pushing all of something, and waiting on the event loop whenever the ring is full.

import type { Element, ElementKind, NumericArray, Producer } from '../../index.js'
import { consumerGone, writeError } from './closing.js'

/** Of a message, beside its bytes. */
const HEADER = 8

/**
 * The longest piece into which a stream of bytes is cut: a quarter of the ring, so that the reader has something to do
 * while the next one is written.
 */
export function longestPiece(capacity: number): number {
  return Math.min(capacity - HEADER, Math.max(HEADER, (capacity >>> 2) - HEADER))
}

/** `chunks` cut into pieces of at most `longest` bytes, without the empty ones: in a stream of bytes they say nothing. */
export function cut(chunks: readonly Uint8Array[], longest: number): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += longest) {
      pieces.push(chunk.length <= longest ? chunk : chunk.subarray(start, start + longest))
    }
  }
  return pieces
}

/** Pushes all of `values`, each time as many as there is room for, published once. Rejects when the consumer is gone. */
export async function sendAll<K extends ElementKind>(
  producer: Producer<K>,
  values: readonly Element<K>[],
): Promise<void> {
  try {
    let wanted = 0
    for (let sent = 0; ; ) {
      const went = producer.pushMany((sent === 0 ? values : values.slice(sent)) as NumericArray<K> | Element<K>[])
      sent += went
      if (sent >= values.length) return
      wanted = moreRoom(went === 0 ? wanted : 0, roomFor(values, sent, producer.capacity), producer)
      if (!(await producer.ready(wanted))) throw consumerGone()
    }
  } catch (error) {
    throw writeError(producer, error)
  }
}

/**
 * The room to wait for next. A message that has no size before it is encoded may find too little room when `before` had
 * come; then twice as much is waited for, and never more than the ring can have.
 */
export function moreRoom<K extends ElementKind>(before: number, wanted: number, { capacity }: Producer<K>): number {
  return Math.min(Math.max(wanted, 2 * before), Math.max(1, capacity - HEADER))
}

/** What to wait for: a quarter of the ring where there is as much to send, so that nobody wakes for each element. */
function roomFor(values: readonly unknown[], from: number, capacity: number): number {
  const quarter = Math.max(1, capacity >>> 2)
  if (!isMessage(values[from])) return Math.min(values.length - from, quarter)
  let bytes = sizeOf(values[from])
  for (let i = from + 1; i < values.length && bytes < quarter; i++) {
    const more = bytes + HEADER + sizeOf(values[i])
    if (more > quarter - HEADER) break
    bytes = more
  }
  return bytes
}

function isMessage(value: unknown): value is Uint8Array | string {
  return typeof value === 'string' || value instanceof Uint8Array
}

/** The room that an element takes: the bytes of a message, at least, or one slot. */
export function sizeOf(value: unknown): number {
  return isMessage(value) ? value.length : 1
}
