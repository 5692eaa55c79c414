// npm start [-- FILE] [--json] [--spoil]
//
// Streams a file through a ring from one worker to another, proves by SHA-256 that every byte arrived, and does the
// same through postMessage. README.md beside this file says what is measured and what is not.

import { readArguments, USAGE, UsageError } from './arguments.js'
import { compare, roundsFor } from './comparison.js'
import { makeProgress } from './progress.js'
import { FileError, readReference } from './reference.js'
import { table } from './table.js'

try {
  await run(readArguments(process.argv.slice(2)))
} catch (error) {
  if (error instanceof UsageError) fail(error.message, 2)
  else if (error instanceof FileError) fail(error.message, 1)
  // From a worker: the file went away, for example, or the disk failed.
  else fail(`the run broke off: ${error.message}`, 1)
}

async function run({ file, json, spoil, help }) {
  if (help) {
    console.log(`${USAGE}
  FILE     what to stream; the Node executable by default
  --json   one line of JSON instead of the table
  --spoil  flips one bit on its way through the ring, to show that the check sees it`)
    return
  }
  const reference = readReference(file)
  const progress =
    process.stderr.isTTY && !json
      ? makeProgress(process.stderr, reference.bytes, 2 * roundsFor(reference.bytes))
      : undefined
  let compared
  try {
    compared = await compare(file, reference, { spoil, watch: progress?.watch })
  } finally {
    progress?.clear()
  }
  const { bytes, sha256 } = reference
  const { messages, verified, failed, ring, postMessage, speedup, rounds } = compared
  const result = { file, bytes, messages, sha256, verified, ring, postMessage, speedup, rounds }
  console.log(json ? JSON.stringify(result) : table(result))
  if (!verified) fail(`not verified: what came by ${failed.join(' and by ')} is not what the file holds`, 1)
}

function fail(message, code) {
  console.error(`stream-file: ${message}`)
  process.exitCode = code
}
