// What a stream of bytes does about the memory of its chunks, which lies outside of V8's heap and comes back when V8 collects.
//
// **A little garbage on purpose.** The few hundred bytes by which the heap knows a chunk hardly fill the young generation. V8
// up to 12 (Node 20, 22) has a young collection for the sake of the memory outside. From 13 on (Node 24) it counts it towards
// the next full one: of a stream in blocks of 64 KiB it has a full one for each 27 MiB, which takes more time than the copies.
// A young one, which comes when young objects fill their space, frees the chunks as well. So each chunk is given a quarter of
// its length in young objects, the one that is written and the one that is read.
//
// **A large buffer that nobody uses.** A collection frees hundreds of chunks at once, and glibc gives what is free at the end
// of its heap back to the system if it is more than its trim threshold, 128 KiB at first. The next chunks then take a page
// fault for each 4 KiB. glibc raises that threshold by itself, to twice the largest block that a program has freed, up to 64 MiB
// (mallopt(3), M_MMAP_THRESHOLD). So one is made, which takes address space and no memory, and left to the collector.
// docs/PERFORMANCE.md, `file-pipeline`, has what both are worth.

import { Buffer } from 'node:buffer'

const NEEDS_YOUNG = Number.parseInt(process.versions.v8, 10) >= 13
/** Bytes of a chunk for each element of an array, which takes 8: a quarter. */
const SHARE = 32
/** V8 puts what is longer than 128 KiB among large objects, which fill no young space. */
const MOST = 8192

/** Of what a collection frees of two threads, most; glibc takes no notice of blocks of more than 32 MiB. */
const LARGE = 16 << 20

/** Where the last of them is, so that V8 makes it at all. */
const young: { last: unknown[] } = { last: [] }
let hasPrepared = process.platform !== 'linux'

/** Before the first stream of bytes of a thread. */
export function prepareForChunks(): void {
  if (hasPrepared) return
  hasPrepared = true
  Buffer.allocUnsafeSlow(LARGE)
}

/** Fills young space for a chunk of so many bytes, where that helps. */
export function fillYoung(bytes: number): void {
  if (!NEEDS_YOUNG) return
  // oxlint-disable-next-line unicorn/no-new-array -- Array.from would fill it element by element
  young.last = new Array(Math.min(Math.floor(bytes / SHARE), MOST))
}
