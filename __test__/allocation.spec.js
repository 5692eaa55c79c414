// Numbers go through the ring without anything on V8's heap, shown by the growth of the heap while nothing is collected
// (workers/allocate.js). docs/PERFORMANCE.md has the figures.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'

// Not concurrently: on a busy machine the last tier comes late, and the ones before it box numbers in the loops themselves.
const flags = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256', '--no-concurrent-recompilation']
const fixture = fileURLToPath(new URL('workers/allocate.js', import.meta.url))
const bytes = JSON.parse(execFileSync(process.execPath, [...flags, fixture], { encoding: 'utf8' }))

/** What one or two objects in a whole round of the measurement come to. */
const NOTHING = 0.1

/** A number that is no small integer, outside a register: V8's HeapNumber. */
const BOX = 16

/** A typed array over memory that is there already, as `subarray` makes one. */
const VIEW = 128

for (const kind of ['f64, each', 'f64, every 32', 'f64 integers', 'i32']) {
  for (const call of ['push', 'drain', 'visit', 'pushMany, 256 each']) {
    test(`${call} of ${kind} allocates nothing`, (t) => {
      // What is pushed at a stop goes the long way, where V8 makes it an object until it has compiled that for good.
      const most = call === 'push' && kind === 'f64, every 32' ? BOX / 32 + NOTHING : NOTHING
      t.true(Math.abs(bytes[kind][call]) < most, `${bytes[kind][call]} bytes for each element`)
    })
  }

  test(`popMany of ${kind} allocates a view for each call and nothing for an element`, (t) => {
    t.true(bytes[kind]['popMany, 256 each'] < VIEW / 256 + NOTHING)
  })

  test(`reserve of ${kind} allocates the view that it returns`, (t) => {
    t.true(bytes[kind]['reserve and commit, 1 each'] < VIEW + NOTHING)
  })

  test(`what allocates an object for each element of ${kind} is seen to`, (t) => {
    t.true(bytes[kind]['an object for each push'] > BOX)
  })
}

for (const kind of ['f64 integers', 'i32']) {
  test(`pop of ${kind} allocates nothing`, (t) => {
    t.true(Math.abs(bytes[kind].pop) < NOTHING, `${bytes[kind].pop} bytes for each element`)
  })
}

// What is a number or undefined has no register of its own, inlined or not.
test('pop of a number that is no small integer allocates its box and no more', (t) => {
  t.true(bytes['f64, each'].pop < BOX + NOTHING)
  t.true(bytes['f64, every 32'].pop < BOX + NOTHING)
})

test('nor does drain where it is called with many callbacks', (t) => {
  t.true(bytes['drain with many callbacks'] < BOX + NOTHING)
})

for (const call of ['reserve and write, 1 each', 'reserve and write, 64 each', 'drain', 'visit', 'peek and release', 'push']) {
  test(`${call} of records allocates nothing`, (t) => {
    t.true(Math.abs(bytes.records[call]) < NOTHING, `${bytes.records[call]} bytes for each record`)
  })
}

test('an object for each record is seen', (t) => {
  t.true(bytes.records['an object for each record'] > BOX)
})

/** A string of 64 one-byte characters on V8's heap: a map, a hash, a length and the characters. */
const STRING = 80

/** A string that is part of another one: a map, a hash, a length, the other one and where it begins. */
const PIECE = 32

test('push of a string allocates nothing', (t) => {
  t.true(Math.abs(bytes.strings.push) < NOTHING, `${bytes.strings.push} bytes for each string`)
})

// Who has to wait pushes again and again, and V8's threads that collect would take the processor from the consumer.
test('nor does one that finds no room', (t) => {
  const { 'push into a full ring': refused } = bytes.strings
  t.true(Math.abs(refused) < NOTHING, `${refused} bytes for each string`)
})

test('pop of a string allocates the string and no more', (t) => {
  t.true(bytes.strings.pop < STRING + NOTHING, `${bytes.strings.pop} bytes for each string`)
})

test('drain of strings allocates the text that they lie in, and a piece of it for each', (t) => {
  // With the headers between them, 72 bytes a string; and 2 for what is made once for a run.
  t.true(bytes.strings.drain < 72 + PIECE + 2, `${bytes.strings.drain} bytes for each string`)
})

/** What is decoded at once: lib/kinds/string-consumer.ts. */
const RUN = 16384

test('a drained string that is kept keeps its run alive and no more, and a popped one itself', (t) => {
  const { 'kept, drained': drained, 'kept, popped': popped } = bytes
  t.true(drained[1000] > RUN / 2 && drained[1000] < RUN + 2048, `${drained[1000]} bytes`)
  t.true(popped[1000] < 2048, `${popped[1000]} bytes`)
})
