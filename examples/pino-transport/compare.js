// This destination against pino's own transport and thread-stream: node examples/pino-transport/compare.js
//
// A program logs 200,000 lines by pino and as many that are ready made, a hundred a turn of the event loop, and ends when
// they are in the file. Each destination runs in a process of its own, several times in turn; the median is printed.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { once } from 'node:events'
import pino from 'pino'
import ThreadStream from 'thread-stream'
import { ringDestination } from './destination.js'

const LINES = 200_000
/** Through pino, and as many that are ready made. */
const LOGGED = 2 * LINES
const RUNS = 5

const destinations = {
  async ring(file) {
    const destination = ringDestination({ file })
    return { destination, end: () => destination.end() }
  },
  async 'pino.transport'(file) {
    const destination = pino.transport({ target: 'pino/file', options: { destination: file } })
    await once(destination, 'ready')
    return { destination, end: () => closed(destination) }
  },
  async 'thread-stream'(file) {
    const filename = fileURLToPath(new URL('./thread-stream-writer.js', import.meta.url))
    const destination = new ThreadStream({ filename, workerData: { file } })
    await once(destination, 'ready')
    return { destination, end: () => closed(destination) }
  },
}

async function closed(stream) {
  stream.end()
  await once(stream, 'close')
}

if (process.argv[2] === undefined) compare()
else await measure(process.argv[2], process.argv[3])

async function measure(name, file) {
  // Their workers do not keep the process alive, not even while they start.
  const alive = setInterval(() => {}, 60_000)
  const { destination, end } = await destinations[name](file)
  const log = pino({ base: undefined }, destination)
  const run = async (from, to, one = (n) => log.info({ n, user: 'somebody' }, 'request completed')) => {
    let busy = 0
    for (let n = from; n < to; ) {
      const before = performance.now()
      for (const stop = Math.min(n + 100, to); n < stop; n++) one(n)
      busy += performance.now() - before
      await new Promise((resolve) => setImmediate(resolve))
    }
    return busy
  }
  // Warm, as a program is that has run for a while.
  await run(0, LINES / 10)
  const before = performance.now()
  const loop = performance.eventLoopUtilization()
  const busy = await run(LINES / 10, LINES + LINES / 10)
  // What pino makes of its arguments takes most of the time; this is the destination alone.
  const line = '{"level":30,"time":1795651234567,"n":123456,"user":"somebody","msg":"request completed"}\n'
  const alone = await run(0, LINES, () => destination.write(line))
  await end()
  const seconds = (performance.now() - before) / 1000
  clearInterval(alive)
  const { active } = performance.eventLoopUtilization(loop)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').length
  if (lines !== LOGGED + LINES / 10) throw new Error(`${name}: ${lines} lines are in the file`)
  console.log(JSON.stringify({ linesPerSecond: LOGGED / seconds, logging: (busy / LINES) * 1e6, alone: (alone / LINES) * 1e6, active: (active / LOGGED) * 1e6 }))
}

function compare() {
  const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-pino-'))
  const found = Object.fromEntries(Object.keys(destinations).map((name) => [name, []]))
  for (let run = 0; run < RUNS; run++) {
    for (const name of Object.keys(destinations)) {
      const file = path.join(folder, `${name}-${run}`)
      found[name].push(JSON.parse(execFileSync(process.execPath, [fileURLToPath(import.meta.url), name, file], { encoding: 'utf8' })))
      rmSync(file)
    }
  }
  rmSync(folder, { recursive: true })
  const median = (name, field) => found[name].map((each) => each[field]).sort((a, b) => a - b)[RUNS >> 1]
  console.log('destination      lines/s  ns in log.info  ns in write alone   ns of the main thread')
  for (const name of Object.keys(destinations)) {
    const cells = ['linesPerSecond', 'logging', 'alone', 'active'].map((field) => median(name, field).toFixed(0))
    console.log(`${name.padEnd(15)} ${cells[0].padStart(8)}  ${cells[1].padStart(14)}  ${cells[2].padStart(17)}   ${cells[3].padStart(21)}`)
  }
}
