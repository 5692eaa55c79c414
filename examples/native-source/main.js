// Threads of Rust at one end of rings, JavaScript at the other: src/lib.rs has the Rust half.
//
//     node examples/native-source/main.js

import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { array, bytes, Consumer, native, Producer, record } from 'crosscore'
import { buildAddons, loadAddon } from './build.js'

const addon = loadAddon(buildAddons('native-source')[0])
const folder = mkdtempSync(path.join(tmpdir(), 'native-source-'))
try {
  await takeTicks(200_000)
  const file = path.join(folder, 'input')
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => `line ${i}: ${i ** 2}\n`).join(''))
  writeFileSync(file, content)
  await hashFile(file, content)
  await compressFile(file, content)
  await missingFile(path.join(folder, 'nothing'))
  refuseOtherRecord()
} finally {
  rmSync(folder, { recursive: true })
}

/** Records of Rust, read in place. */
async function takeTicks(count) {
  // As `record!` in src/lib.rs has it. The token says so too; this makes sure.
  const Tick = record({ seq: 'u64', ts: 'f64', px: 'f64', qty: 'u32', side: 'u8', venue: bytes(4) })
  const ticks = Consumer.from(addon.ticks(native, count, 0), { of: Tick })
  let seen = 0
  let turnover = 0
  while (await ticks.ready()) {
    ticks.drain((tick) => {
      if (tick.seq !== BigInt(seen)) throw new Error(`tick ${tick.seq} where ${seen} was expected`)
      seen++
      turnover += tick.px * tick.qty
    })
  }
  console.log(`${seen} ticks in order, turnover ${turnover.toFixed(0)}: ${seen === count ? 'right' : 'wrong'}`)
}

function digest(data) {
  return createHash('sha256').update(data).digest('hex')
}

/** A file that Rust reads, hashed as it comes. */
async function hashFile(file, content) {
  const chunks = Consumer.from(addon.readFile(native, file))
  const hash = createHash('sha256')
  for await (const chunk of chunks) hash.update(chunk)
  console.log(`a file of ${content.length} bytes read by Rust: ${hash.digest('hex') === digest(content) ? 'right' : 'wrong'}`)
}

/** A file that Rust reads goes to a thread of Rust that compresses. */
async function compressFile(file, content) {
  const target = `${file}.gz`
  const { producer: token, results } = addon.gzipFile(native, target)
  const source = Consumer.from(addon.readFile(native, file))
  const sink = Producer.from(token)
  for await (const chunk of source) {
    while (!sink.push(chunk)) await sink.ready(chunk.length)
  }
  sink.close()
  const result = Consumer.from(results)
  await result.ready()
  const count = Number(result.pop())
  const compressed = readFileSync(target)
  const right = count === content.length && digest(gunzipSync(compressed)) === digest(content) && compressed.length < count
  console.log(`${count} bytes compressed by Rust: ${right ? 'right' : 'wrong'}`)
}

/** An error of Rust's arrives as the reason of the end. */
async function missingFile(file) {
  const chunks = Consumer.from(addon.readFile(native, file))
  try {
    for await (const chunk of chunks) throw new Error(`${chunk.length} bytes of nothing`)
  } catch (error) {
    // An iteration that throws at the end does so with the reason.
    if (error !== chunks.reason) throw error
  }
  console.log(`a file that is not there: ${chunks.reason?.message}`)
}

/** A schema that is not the Rust struct's is refused, and the token stays good. */
function refuseOtherRecord() {
  const token = addon.ticks(native, 1, 0)
  const Other = record({ seq: 'u64', ts: 'f64', px: 'f32', levels: array('f64', 2) })
  try {
    Consumer.from(token, { of: Other })
  } catch ({ code, message }) {
    console.log(`${code}: ${message.split(': ').at(-1)}`)
  }
  Consumer.from(token).close()
}
