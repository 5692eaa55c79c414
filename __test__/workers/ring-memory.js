// The memory of rings of strings, which no public call shows: this watches how the package makes its Buffers. To be imported
// before the package is.

import { Buffer } from 'node:buffer'

const seen = []
const { from } = Buffer
Buffer.from = function (value, ...rest) {
  if (value instanceof ArrayBuffer) seen.push(value)
  return from.call(Buffer, value, ...rest)
}

/** The memory of the handle that was made last. */
export const lastMemory = () => seen.at(-1)

/** xorshift32, so that a seed can be tried again: a whole number below `n`. */
export function randomFrom(seed) {
  let state = seed
  return (n) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % n
  }
}

/** Overwrites random stretches, bytes and words, the words with lengths that look possible and ones that do not. */
export function scribble(memory, random) {
  const bytes = new Uint8Array(memory)
  const words = new Uint32Array(memory)
  for (let i = random(2); i > 0; i--) bytes.fill(random(256), random(bytes.length), random(bytes.length))
  for (let i = random(16); i > 0; i--) bytes[random(bytes.length)] = random(256)
  for (let i = random(8); i > 0; i--) words[random(words.length)] = [random(memory.byteLength), 0xffffffff, 0x7fffffff, 0, 1, 2, 3][random(7)]
}
