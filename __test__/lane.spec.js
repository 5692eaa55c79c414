// The lane of the hot crossings, and what the express one does with numbers that no program should have.

import test from 'ava'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import vm from 'node:vm'
import { createRing, lane } from 'crosscore'
import { expressHits, FAST_LOOK, FAST_PUBLISH, FAST_PUSH_BYTES, FAST_PUSH_STRING } from '../lib/native/addon.js'
import { isNode, onNode } from './runtime.js'
import { start } from './workers/start.js'

/** Closed and done. */
const ENDED = 3
const isOff = process.env.CROSSCORE_EXPRESS === '0'
const express = lane.name === 'express'
const onExpress = express ? test : test.skip

/** Where it has been tested, by express.rs. */
const tested = isNode && ['linux', 'darwin'].includes(process.platform) && ['x64', 'arm64'].includes(process.arch) && [20, 22, 24, 25, 26].includes(parseInt(process.versions.node))

/** Calls until V8 has compiled it and the fast call is taken, which a busy machine may keep waiting. */
function until(call, holds, seconds = 30) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    for (let i = 0; i < 10_000; i++) call(i)
    if (holds()) return true
  }
  return false
}

test('the lane says what it is and why', (t) => {
  t.true(Object.keys(lane).join() === 'name,reason')
  if (isOff) t.deepEqual(lane, { name: 'node-api', reason: 'switched off by CROSSCORE_EXPRESS=0' })
  else if (tested) t.is(lane.name, 'express', lane.reason)
  else t.is(lane.name, 'node-api')
  if (express) t.regex(lane.reason, /^V8 \d+\.\d+/)
})

// INV-NODE-8: V8 takes what it was given for a function of its own.
onExpress('it is taken by pushes and pops once they are compiled', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 1024 })
  const before = expressHits()
  let wrong = 0
  const taken = until(
    (i) => {
      producer.push(i)
      if (consumer.pop() !== i) wrong++
    },
    () => expressHits() - before > 20_000,
  )
  t.true(taken)
  t.is(wrong, 0)
})

// INV-NODE-7: whatever number it gets, it answers as a handle that has ended would, and touches none.
onExpress('numbers that are made up, of handles that have ended or moved, are answered as an ended handle', (t) => {
  const rings = Array.from({ length: 3 }, () => createRing({ of: 'f64', capacity: 64 }))
  rings[0].producer.push(1)
  rings[1].producer.close()
  rings[1].consumer.close()
  rings[2].producer.move()
  rings[2].consumer.move()
  // Slots of no thread, generations to come, numbers that are none.
  const numbers = [0, -0, -1, 0.5, NaN, Infinity, -Infinity, 2 ** 53 - 1, 2 ** 53, 2 ** 63, -(2 ** 53), 1e308, 5e-324]
  // Without a generation, or with one that this process has not come to.
  for (let bit = 0; bit < 53; bit++) if (bit < 32 || bit > 42) numbers.push(2 ** bit, 2 ** bit + 2 ** 20, 2 ** bit - 1 + 0.5)
  for (let generation = 1000; generation < 2 ** 21; generation += 9973) numbers.push(generation * 2 ** 32 + (generation & 255))
  const publishes = new Set()
  const looks = new Set()
  const taken = until(
    (i) => {
      const number = numbers[i % numbers.length]
      publishes.add(FAST_PUBLISH(number, i))
      looks.add(FAST_LOOK(number))
    },
    () => publishes.size > 1 && looks.size > 1,
  )
  t.true(taken)
  t.deepEqual(publishes, new Set([undefined, ENDED]))
  t.deepEqual(looks, new Set([undefined, -1]))
  t.is(rings[0].consumer.pop(), 1)
  t.false(rings[0].producer.closed)
})

// INV-NODE-7, INV-NODE-14, INV-NODE-15
onExpress('what is no number goes the other way or throws, and the code goes on', (t) => {
  const values = [undefined, null, true, '1', {}, [], 5n, Symbol('s'), { valueOf: () => 7 }, () => {}, new Proxy({}, {}), new Uint8Array(8), new DataView(new ArrayBuffer(8))]
  let odd = 0
  for (let i = 0; i < 200_000; i++) {
    const value = i % 97 === 0 ? values[(i / 97) % values.length] : i
    try {
      const answer = FAST_LOOK(value)
      if (answer !== undefined && answer !== -1) odd++
      const flags = FAST_PUBLISH(value, value)
      if (flags !== undefined && flags !== ENDED) odd++
      // No handle has that number, whatever the value.
      const size = FAST_PUSH_STRING(i, value)
      if (size !== undefined && size !== 0) odd++
      const taken = FAST_PUSH_BYTES(i, value)
      if (taken !== undefined && taken !== 0) odd++
      FAST_LOOK()
      FAST_PUBLISH(i)
      FAST_PUSH_STRING(i)
      FAST_PUSH_BYTES(i)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
  t.is(odd, 0)
})

onExpress('strings and bytes have functions of their own on each V8 that was tested', (t) => {
  for (const [push, message] of [
    [FAST_PUSH_STRING, 'some text'],
    [FAST_PUSH_BYTES, new Uint8Array(64)],
  ]) {
    const answers = new Set()
    // Source of its own for each, for V8 makes a fast call where it has met one callee only. No handle has that number.
    const call = new Function('push', 'answers', 'message', `return () => answers.add(push(0, message)) // ${typeof message}`)
    t.true(until(call(push, answers, message), () => answers.size > 1))
    t.deepEqual(answers, new Set([undefined, 0]))
  }
})

onExpress('a handle is used by its own thread only', async (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 64 })
  producer.push(1)
  // The numbers of all slots that this process can have used by now.
  const numbers = []
  for (let index = 0; index < 64; index++) for (let generation = 1; generation < 4; generation++) numbers.push(generation * 2 ** 32 + index)
  const { answers, wrong } = await start('lane.js', { numbers, rounds: 2000 }).result
  t.deepEqual(new Set([undefined, ENDED, -1]), new Set([undefined, ENDED, -1, ...answers]))
  t.is(wrong, 0)
  t.is(consumer.pop(), 1)
  t.false(producer.closed)
})

onExpress('another context may push and pop', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 1024 })
  const context = vm.createContext({ producer, consumer })
  const loop = vm.runInContext('(n) => { let wrong = 0; for (let i = 0; i < n; i++) { producer.push(i); if (consumer.pop() !== i) wrong++ } return wrong }', context)
  const before = expressHits()
  let wrong = 0
  t.true(
    until(
      () => (wrong += loop(10)),
      () => expressHits() > before + 10_000,
    ),
  )
  t.is(wrong, 0)
})

test('a worker has a lane of its own', async (t) => {
  const { lane: its, wrong } = await start('lane.js', {}, { env: { ...process.env, CROSSCORE_EXPRESS: '0' } }).result
  t.deepEqual(its, { name: 'node-api', reason: 'switched off by CROSSCORE_EXPRESS=0' })
  t.is(wrong, 0)
})

const flags = ['--jitless', '--no-opt', '--no-turbo-fast-api-calls', '--stress-compaction', '--prof', '--cpu-prof', '--heap-prof', '--always-sparkplug', '--predictable', '--single-threaded']
for (const flag of flags) {
  onNode(`with ${flag} the same comes out`, async (t) => {
    const program = `
      import { createRing } from 'crosscore'
      const rings = ['f64', 'string', 'bytes'].map((of) => createRing({ of, capacity: 4096 }))
      const same = [Object.is, Object.is, (a, b) => Buffer.compare(a, b) === 0]
      const memory = Uint8Array.from({ length: 512 }, (_, i) => i)
      let wrong = 0
      const pass = (which, value) => {
        const { producer, consumer } = rings[which]
        if (!producer.push(value) || !same[which](consumer.pop(), value)) wrong++
      }
      for (let i = 0; i < 100_000; i++) pass(0, i)
      // In two pieces, of one byte a character and of two, and with half a pair.
      for (let i = 0; i < 40_000; i++) pass(1, 'number ' + i + ['', ' and more of it', ' größer', ' 漢字', ' \\ud800'][i % 5])
      for (let i = 0; i < 40_000; i++) pass(2, memory.subarray(i & 0xf8, (i & 0xf8) + (i % 200)))
      console.log(wrong)`
    const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-lane-'))
    try {
      const options = /^--(cpu|heap)-prof$/.test(flag) ? [`${flag}-dir`, folder] : flag === '--prof' ? [`--logfile=${folder}/v8.log`] : []
      const { stdout } = await promisify(execFile)(process.execPath, [flag, ...options, '--input-type=module', '-e', program], { cwd: new URL('..', import.meta.url) })
      t.is(stdout.trim(), '0')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}
