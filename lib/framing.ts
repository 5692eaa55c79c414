// How a message lies in the ring. A reader checks it against its counts: INV-JS-5.

/** A header of 8 bytes comes first, of which the first four are the length; messages take a multiple of 8, so that each header and each payload is aligned for any typed array. */
export const HEADER = 8

/** What a message of `length` bytes takes. For lengths under 2^31 - 8. */
export function sizeOf(length: number): number {
  // HEADER and what fills up the last word, written out: an exported constant is loaded where it is used.
  return (length + 15) & ~7
}
