// The file as a series of chunks. Both readers take it from here: same sizes, same reads.

import { closeSync, openSync, readSync } from 'node:fs'
import { chunkSizes } from './chunk-sizes.js'

/**
 * Opens `file` to be read once, from its start to byte `end`.
 *
 * `spoil` flips one bit of the last byte on its way, to show that the check at the end sees it.
 */
export function openSource({ file, bytes: end, spoil }) {
  const fd = openSync(file, 'r')
  const nextSize = chunkSizes()
  let position = 0
  return {
    /** The size of the next chunk; 0 at the end. */
    nextSize() {
      return Math.min(nextSize(), end - position)
    },
    /** Reads into `view` and tells how much: less than its length only where the file was cut short. */
    readInto(view) {
      let length = 0
      while (length < view.length) {
        const count = readSync(fd, view, length, view.length - length, position)
        if (count === 0) break
        length += count
        position += count
      }
      if (spoil && position === end && length > 0) view[length - 1] ^= 1
      return length
    },
    close() {
      closeSync(fd)
    },
  }
}
