// Log lines from the thread that works to a thread that writes them: node examples/log-shipping.js
//
// `publish: 64` makes 64 lines visible with one publication. What is left over becomes visible at the end
// of the turn, so that a quiet program's last line does not wait for 63 more.

import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { finished } from 'node:stream/promises'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { Consumer, createRing } from 'crosscore'

const LINES = 100_000

if (isMainThread) await work()
else await ship()

async function work() {
  const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-log-'))
  const file = path.join(folder, 'app.log')
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 1 << 20, publish: 64 })
  const shipper = new Worker(new URL(import.meta.url), { workerData: { token: consumer.move(), file } })
  const shipped = new Promise((resolve, reject) => shipper.on('exit', resolve).on('error', reject))

  const encoder = new TextEncoder()
  for (let n = 0; n < LINES; n++) {
    const line = `{"level":30,"n":${n},"msg":"request completed"}\n`
    // No encoder writes more than three bytes for a character. A logger may also drop lines when there is no room.
    let slots
    while ((slots = producer.reserve(3 * line.length)) === null) await producer.ready(3 * line.length)
    producer.commit(encoder.encodeInto(line, slots).written)
  }
  producer.close()

  await shipped
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const inOrder = lines.length === LINES && lines.every((line, n) => JSON.parse(line).n === n)
  rmSync(folder, { recursive: true })
  console.log(`${lines.length} lines shipped, ${inOrder ? 'all in order' : 'NOT as they were written'}`)
  if (!inOrder) process.exitCode = 1
}

async function ship() {
  const consumer = Consumer.from(workerData.token)
  const file = createWriteStream(workerData.file)
  for await (const lines of consumer.batches(1024)) {
    // One write for all of them. They are copies, which the stream may keep.
    if (!file.write(Buffer.concat(lines))) await new Promise((resolve) => file.once('drain', resolve))
  }
  await finished(file.end())
}
