// The twin of ../reader.js: each chunk is read into a buffer of its own, which is transferred, so that nothing is copied.
// Of the ways to do this (transfer, transfer of uninitialised memory, clone) it was the fastest that was measured.

import { workerData } from 'node:worker_threads'
import { openSource } from '../file-source.js'
import { readySteadyGo, report } from '../signals.js'
import { makeWindow } from './window.js'

const { port, acknowledged, window } = workerData
const source = openSource(workerData)
const { admit } = makeWindow(acknowledged, window)

await readySteadyGo()
const started = process.hrtime.bigint()
for (let size = source.nextSize(); size > 0; size = source.nextSize()) {
  admit()
  const chunk = new Uint8Array(size)
  const length = source.readInto(chunk)
  port.postMessage(length < size ? chunk.subarray(0, length) : chunk, [chunk.buffer])
  if (length < size) break
}
// What was posted before is delivered first.
port.close()

source.close()
report({ started })
