// A file of JSON lines, parsed by a worker: node examples/ndjson/main.js
//
// The file goes to the worker as a stream of bytes, and the lines that it chose come back as another: the thread that serves
// everybody else never parses one.

import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Worker } from 'node:worker_threads'
import { createDuplex } from 'crosscore'

const LINES = 100_000

const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-ndjson-'))
const from = path.join(folder, 'requests.ndjson')
const to = path.join(folder, 'errors.ndjson')

await pipeline(function* () {
  for (let n = 0; n < LINES; n++) {
    yield `${JSON.stringify({ n, url: `/ä/${n % 97}`, status: n % 50 === 0 ? 500 : 200, ms: (n * 7) % 1000 })}\n`
  }
}, createWriteStream(from))

const [here, there] = createDuplex({ of: 'bytes', capacity: 1 << 18 })
new Worker(new URL('./worker.js', import.meta.url), { workerData: there.move() }).on('error', console.error)
await Promise.all([
  pipeline(createReadStream(from), here.producer.toWritable()),
  pipeline(here.consumer.toReadable(), createWriteStream(to)),
])

const found = readFileSync(to, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line))
rmSync(folder, { recursive: true })
const right = found.length === LINES / 50 && found.every(({ n, url }, at) => n === 50 * at && url === `/ä/${n % 97}`)
console.log(`${found.length} of ${LINES} lines chosen: ${right ? 'right' : 'WRONG'}`)
if (!right) process.exitCode = 1
