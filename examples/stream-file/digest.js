// What a hasher does with the messages, whichever way they came.

import { createHash } from 'node:crypto'

/** Counts and hashes; `received` is shared memory through which the main thread sees how far it is, in KiB. */
export function makeDigest(received) {
  const progress = new Int32Array(received)
  const hash = createHash('sha256')
  let bytes = 0
  let messages = 0
  return {
    /** Takes one message, which may be overwritten as soon as this returns. */
    update(message) {
      hash.update(message)
      bytes += message.length
      messages++
      Atomics.store(progress, 0, Math.floor(bytes / 1024))
    },
    /** What there is to say at the end; `ended` is taken here, after the last byte was hashed. */
    finish() {
      const sha256 = hash.digest('hex')
      return { bytes, messages, sha256, ended: process.hrtime.bigint() }
    },
  }
}
