// node scripts/express-probe.mjs ADDON [--off] [--workers] [--time] [--profile] [--debug]: what the express lane does in this Node, with these options. Prints one line of
// JSON; fails where a call has another result than it must have, whichever way it went, and where the lane is not
// taken (with --off: where it is). `scripts/test-express.mjs` runs it.

import assert from 'node:assert/strict'
import { Session } from 'node:inspector'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const addon = isMainThread ? process.argv[2] : workerData.addon
const { expressLane, expressLaneHits, bareCrossing } = createRequire(import.meta.url)(addon)
const lane = expressLane()

// One of each constant in this module, as lib/ has them: V8 knows the callee where the call is compiled.
const { nothing, count, add, sum, length } = lane
const crossing = bareCrossing()

/** What `sum` computes. */
function checksum(start, text) {
  let value = start | 0
  for (let i = 0; i < text.length; i++) value = (Math.imul(value, 31) + text.charCodeAt(i)) | 0
  return value & 0x7fff_ffff
}

/** What the fast function says of a string, or undefined if it was not taken or could not read it. */
function summed(start, text) {
  const answer = sum(start, text)
  return answer === -1 ? undefined : answer
}

/** Until every call of a round is a fast one, or for as long as it takes to know that none will be. */
function warm(call, seconds = 10) {
  // V8's compiler runs on threads of its own, which a busy machine may keep waiting.
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const before = expressLaneHits()
    call(20_000)
    if ((expressLaneHits() - before) >>> 0 >= 20_000) return true
  }
  return false
}

// Calls of their own, which V8 compiles for whatever comes.
const counted = (value) => count(value)
const added = (a, b, c) => add(a, b, c)
const summedFrom0 = (value) => summed(0, value)

/** What `count` makes of a number. */
const saturated = (n) => (Number.isNaN(n) ? 0 : Math.min(Math.max(Math.trunc(n), -(2 ** 31)), 2 ** 31 - 1)) + 0
/** A string in two parts. */
const cons = (n) => 'abcdefgh'.repeat(n) + String(n)

/** What a call gives, or undefined where it throws what a conversion may throw. */
const call = (f, ...args) => {
  try {
    return f(...args)
  } catch (error) {
    // A conversion may refuse, as it does for any number that a function of Web IDL wants.
    assert(error instanceof TypeError || error.message === 'no', String(error))
    return undefined
  }
}

/** Calls `f` with what a program may come up with. Each answer is undefined, the right number, or an exception. */
function hostile() {
  const numbers = [0, -0, 1, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53, -(2 ** 53), 2 ** 63, 1e308, 5e-324]
  for (let i = 0; i < 53; i++) numbers.push(2 ** i - 1, -(2 ** i) + 0.5)
  const others = [undefined, null, true, 'text', '1', {}, [], () => {}, { valueOf: () => 7 }, { valueOf() { throw new Error('no') } }, 5n, Symbol('s'), new Proxy({}, {}), new Number(3)]
  for (let round = 0; round < 400; round++) {
    for (const n of numbers) {
      const got = call(counted, n)
      assert(got === undefined || got === saturated(n), `count(${n}) is ${got}`)
    }
    // Mostly numbers, or V8 would never compile the calls for what comes in between.
    const other = others[round % others.length]
    const got = call(counted, other)
    assert(got === undefined || typeof got === 'number')
    const text = call(summedFrom0, other)
    assert(text === undefined || text === checksum(0, String(other)))
    call(summedFrom0)
    call(add, round)
    call(added, round, 1, 2)
    call(added, other, other, other)
    call(count)
    call(nothing.bind(other), round)
  }
  assert.throws(() => new count(1), TypeError)
  assert.equal(Reflect.apply(count, null, ['x']) ?? undefined, undefined)
}

/** Strings of every kind that V8 has; returns how many went the fast way. */
function texts(seconds) {
  const made = ['', 'a', 'flat and one byte'.slice(0), 'Grüße', '漢字', '\ud800', '\0', 'x'.repeat(100_000), Symbol.iterator.description, String(12345)]
  const outer = JSON.parse(JSON.stringify('0123456789'.repeat(20)))
  made.push(outer.substring(5, 100), cons(9), cons(40))
  let taken = 0
  const end = performance.now() + seconds * 1000
  for (let round = 0; round < 3000 || (taken < 1000 && performance.now() < end); round++) {
    const text = round % 3 === 0 ? cons(round & 31) : made[round % made.length]
    const got = summed(round, text)
    if (got === undefined) continue
    assert.equal(got, checksum(round, text), `sum of ${JSON.stringify(text.slice(0, 20))}`)
    taken++
  }
  return taken
}

/** Short-lived garbage between a string's making and its call, so that it moves as often as V8 likes. */
function collected(rounds) {
  let keep = []
  for (let round = 0; round < rounds; round++) {
    const text = `${round}:${'x'.repeat(round & 63)}`
    keep.push(Array.from({ length: round & 255 }, () => text))
    if (keep.length > 50) keep = []
    const got = summed(1, text)
    if (got !== undefined) assert.equal(got, checksum(1, text))
  }
}

const flat = Array.from({ length: 64 }, (_, i) => Buffer.from(`{"level":30,"msg":"hello ${i}"}`.padEnd(64, 'x')).toString('latin1'))

const loops = {
  'express, nothing'(n) { for (let i = 0; i < n; i++) nothing(i) },
  'express, count'(n) { for (let i = 0; i < n; i++) count(i) },
  'express, add'(n) { for (let i = 0; i < n; i++) add(i, 1) },
  'express, length'(n) { for (let i = 0; i < n; i++) length(0, flat[i & 63]) },
  'express, sum'(n) { for (let i = 0; i < n; i++) sum(0, flat[i & 63]) },
  'Node-API'(n) { for (let i = 0; i < n; i++) crossing() },
}

function nanoseconds() {
  const best = Object.fromEntries(Object.keys(loops).map((name) => [name, Infinity]))
  for (let round = 0; round < 15; round++) {
    for (const [name, loop] of Object.entries(loops)) {
      const from = process.hrtime.bigint()
      loop(300_000)
      best[name] = Math.min(best[name], Number(process.hrtime.bigint() - from) / 300_000)
    }
  }
  return Object.fromEntries(Object.entries(best).map(([name, ns]) => [name, +ns.toFixed(1)]))
}

/** The same functions called from another context of this environment. */
function otherContext() {
  const context = vm.createContext({ count, sum })
  const loop = vm.runInContext(`(n) => { let wrong = 0; for (let i = 0; i < n; i++) { const r = count(i); if (r !== undefined && r !== i) wrong++; const s = sum(0, 'a'); if (s !== undefined && s !== 97) wrong++ } return wrong }`, context)
  for (let round = 0; round < 20; round++) assert.equal(loop(20_000), 0)
}

async function workers(total, atOnce) {
  let hits = 0
  let started = 0
  let mode = 0
  const one = () =>
    new Promise((resolve, reject) => {
      // Every third one is ended in the middle of its calls.
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { addon, mode: mode++ % 3 } })
      worker.on('message', (message) => {
        hits += message.hits
        if (message.endless) setTimeout(() => worker.terminate(), 5)
      })
      worker.on('error', reject)
      worker.on('exit', resolve)
    })
  const next = async () => {
    while (started < total) {
      started++
      await one()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, next))
  return hits
}

/** A debugger in another thread pauses this one in the middle of its calls, looks at where it stands, and lets it go on. */
async function debugged(pauses) {
  const seen = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { addon, pauses, seen } })
  const over = new Promise((resolve, reject) => worker.on('error', reject).on('exit', resolve))
  let calls = 0
  // It connects from its own thread, and everything else comes to this one in the middle of the loop.
  await new Promise((resolve) => worker.once('message', resolve))
  while (Atomics.load(seen, 0) < pauses) {
    for (let i = 0; i < 20_000; i++) {
      const got = count(i)
      assert(got === undefined || got === i)
      calls++
    }
  }
  await over
  return calls
}

/** The debugger. */
async function debug({ pauses, seen }) {
  const session = new Session()
  session.connectToMainThread()
  // What comes from the other thread keeps nothing alive.
  const alive = setInterval(() => {}, 1000)
  const post = (method, params) =>
    new Promise((resolve, reject) => session.post(method, params, (error, result) => (error ? reject(error) : resolve(result))))
  await post('Debugger.enable')
  parentPort.postMessage('connected')
  for (let i = 0; i < pauses; i++) {
    const paused = new Promise((resolve) => session.once('Debugger.paused', resolve))
    session.post('Debugger.pause')
    const { params } = await paused
    assert(params.callFrames.length > 0)
    session.post('Debugger.resume')
    // Some more calls, in which the code is optimised again.
    await new Promise((resolve) => setTimeout(resolve, 5))
    Atomics.add(seen, 0, 1)
  }
  session.disconnect()
  clearInterval(alive)
}

if (isMainThread) {
  if (process.argv.includes('--profile')) {
    const session = new Session()
    session.connect()
    session.post('Profiler.enable')
    session.post('Profiler.start')
  }
  const result = { node: process.version, v8: process.versions.v8, lane: lane.name, reason: lane.reason }
  if (lane.name === 'express') {
    const off = process.argv.includes('--off')
    const taken = () => ['count', 'add', 'sum'].filter((name) => warm(loops[`express, ${name}`], off ? 0.5 : 10)).join()
    assert.equal(taken(), off ? '' : 'count,add,sum', 'the fast calls that are taken')
    hostile()
    result.texts = texts(off ? 0.1 : 10)
    assert.equal(result.texts > 0, !off)
    // Whatever happened in between, it comes back.
    collected(30_000)
    if (process.argv.includes('--debug')) result.paused = await debugged(100)
    otherContext()
    if (process.argv.includes('--workers')) result.workers = await workers(1000, 4)
    assert.equal(taken(), off ? '' : 'count,add,sum', 'the fast calls that are taken in the end')
    result.hits = expressLaneHits()
    assert(off ? result.hits === 0 : result.hits > 0)
    if (process.argv.includes('--time')) result.ns = nanoseconds()
  }
  console.log(JSON.stringify(result))
} else if (workerData.pauses !== undefined) {
  await debug(workerData)
} else {
  const before = expressLaneHits()
  loops['express, count'](workerData.mode === 0 ? 1000 : 60_000)
  texts(0.01)
  parentPort.postMessage({ hits: expressLaneHits() - before, endless: workerData.mode === 2 })
  if (workerData.mode === 2) for (;;) loops['express, sum'](10_000)
}
