// A process whose workers take the memory of rings out of its ArrayBuffers, send it here and end; the memory goes on
// being used, while others make rings of the same sizes and write all over them. Memory that was freed too early would
// be somebody else's. Called with a seed and a round.

import assert from 'node:assert/strict'
import { setTimeout as later } from 'node:timers/promises'
import { createRing } from 'crosscore'
import { planOf } from '../plan.js'
import { Random } from '../random.js'
import { Thread } from '../threads.js'

const GENERATIONS = 3
const RINGS = 12
const WAYS = ['stream', 'transfer']
/** What the others write. */
const OURS = 0xff

const [seed, round] = process.argv.slice(2).map(Number)
const plan = planOf(seed, round)
const random = new Random(plan.words)
/** What malloc keeps, what it gives back to the system at once, and what was mapped. */
const rings = Array.from({ length: RINGS }, () => ({
  of: 'u8',
  capacity: 2 ** random.of([random.between(5, 10), random.between(16, 18)]),
  memory: random.of(['mirrored', 'heap']),
}))

/** The memory that one worker has taken, each with the byte that it is full of. */
async function generation(number) {
  const tasks = rings.map((options, i) => ({ options, way: random.of(WAYS), byte: number * RINGS + i + 1 }))
  const death = random.of(['terminate', 'throw', 'exit', 'nothing', 'collect'])
  const thread = new Thread('take.js', { tasks, death })
  assert.ok(await thread.begun, thread.error)
  if (death === 'terminate') {
    await later(plan.delay)
    await thread.terminate()
  } else {
    await thread.end('thread that has taken memory')
  }
  return thread.result.map((buffer, i) => ({ bytes: new Uint8Array(buffer, 0, buffer.byteLength / 2), byte: tasks[i].byte }))
}

const taken = []
for (let number = 0; number < GENERATIONS; number++) {
  taken.push(...(await generation(number)))
  // A thread's malloc has what its threads have freed, the system what was mapped: the next worker and these rings get it.
  const others = rings.map((options) => createRing(options).producer)
  const views = others.map((producer) => producer.reserve(producer.capacity).fill(OURS))
  globalThis.gc()
  for (const { bytes, byte } of taken) {
    assert.ok(bytes.every((each) => each === byte), `memory that is full of ${byte} holds ${bytes.find((each) => each !== byte)} too`)
    bytes.fill(byte)
  }
  for (const view of views) assert.ok(view.every((each) => each === OURS), 'memory that was taken is a new ring too')
}
