// Why a stream of bytes makes a little garbage on purpose.
//
// A chunk's memory lies outside of V8's heap, and the few hundred bytes by which the heap knows it hardly fill the young
// generation. V8 up to 12 (Node 20, 22) has a young collection for the sake of such memory. From 13 on (Node 24) it counts it
// towards the next full one: of a stream in blocks of 64 KiB it has a full one for each 27 MiB, which takes more time than
// the copies. A young one, which comes when young objects fill their space, frees the chunks as well. So each chunk is
// given a quarter of its length in young objects, the one that is written and the one that is read.

import { versions } from 'node:process'

const IS_NEEDED = Number.parseInt(versions['v8'] ?? '', 10) >= 13
/** Bytes of a chunk for each element of an array, which takes 8: a quarter. */
const SHARE = 32
/** V8 puts what is longer than 128 KiB among large objects, which fill no young space. */
const MOST = 8192

/** Where the last of them is, so that V8 makes it at all. */
const young: { last: unknown[] } = { last: [] }

/** Fills young space for a chunk of so many bytes, where that helps. */
export function fillYoung(bytes: number): void {
  if (!IS_NEEDED) return
  // oxlint-disable-next-line unicorn/no-new-array -- Array.from would fill it element by element
  young.last = new Array(Math.min(Math.floor(bytes / SHARE), MOST))
}
