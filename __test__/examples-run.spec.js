// Every program in examples/ runs, ends by itself and finds its own results right.

import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const folder = fileURLToPath(new URL('../examples', import.meta.url))

const says = {
  'audio/main.js': /^375 blocks in 1 s, \d+ xruns, 0 wrong samples/,
  'codecs.js': /^msgpackr: 20000 orders arrived, all as they were\nprotobufjs: 20000 orders arrived, all as they were$/,
  'frames/main.js': /^\d+ frames seen, \d+ dropped, 0 torn$/,
  'log-shipping.js': /^100000 lines shipped, all in order$/,
  'market-data/main.js': /^p50 +[\d.]+ µs {2}#+\n(?:p.* µs {2}#+\n){5}200000 trades, position -?[\d.]+: right$/,
  'ndjson/main.js': /^2000 of 100000 lines chosen: right$/,
  'pino-transport/main.js': /^end: 20000 lines of 20000, in order\nexit: 20000 .* in order\nthrow: 20000 .* in order\n.* counted as lost\nright$/,
  'pipeline.js': /: right$/,
  'rpc/main.js': /^1000 documents, 1005 different words\n.*: 0, 7, 14, 21, 28 \.\.\.\nRangeError ERR_DUPLICATE: .*\nrebuild: AbortError\n.*: 1\nsleep: TimeoutError\n.*: ERR_CROSSCORE_CLOSED$/,
  'worker-pool/main.js': /^5000 jobs answered, 1 worker crashed, \d+ jobs given again, 0 answered twice: right$/,
}

/** What they are called with. */
const args = { 'audio/main.js': ['1'] }

test('each example has an answer to be compared with', (t) => {
  const programs = readdirSync(folder, { withFileTypes: true }).map((entry) => (entry.isDirectory() ? `${entry.name}/main.js` : entry.name))
  // These have specs of their own.
  const elsewhere = new Set(['native-source/main.js', 'stream-file/main.js'])
  t.deepEqual(programs.filter((name) => !elsewhere.has(name)).sort(), Object.keys(says).sort())
})

for (const [name, answer] of Object.entries(says)) {
  test(name, async (t) => {
    const child = spawn(process.execPath, [path.join(folder, name), ...(args[name] ?? [])], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    const code = await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject))
    t.is(code, 0, output)
    t.regex(output.trim(), answer)
  })
}
