// A process that ends with everything open: threads that run, block and wait, waits of its own, tokens
// that nobody claimed. Called with a seed and a round.

import { Worker } from 'node:worker_threads'
import { createRing } from 'crosscore'
import { streamOf } from '../elements.js'
import { Ledger } from '../ledger.js'
import { planOf } from '../plan.js'
import { Random } from '../random.js'

const [seed, round] = process.argv.slice(2).map(Number)
const plan = planOf(seed, round)
const random = new Random(plan.words)

function work(file, workerData) {
  const worker = new Worker(new URL(`../workers/${file}`, import.meta.url), { workerData })
  // Those whose other side was killed find it closed; nothing else may go wrong.
  worker.on('error', (error) => {
    console.error(error)
    process.exit(99)
  })
  return new Promise((resolve) => worker.once('message', resolve))
}

const begun = []
for (let i = random.between(1, 2); i > 0; i--) {
  const { producer, consumer } = createRing(plan.ring)
  const { shared } = new Ledger()
  const own = planOf(seed, round + 1000 * i)
  const styles = { writing: own.writing, reading: own.reading }
  begun.push(work('hold.js', { side: 'producer', token: producer.move(), plan: { ...plan, ...styles }, shared }))
  if (random.chance(0.7)) {
    begun.push(work('hold.js', { side: 'consumer', token: consumer.move(), plan: { ...plan, ...styles }, shared }))
  } else if (random.chance(0.5)) {
    consumer.move()
  } else {
    globalThis.kept = consumer
  }
}
const { producer, consumer } = createRing(plan.ring)
if (random.chance(0.5)) consumer.ready()
if (random.chance(0.5) && plan.ring.of !== 'string') producer.reserve(plan.ring.of === 'bytes' ? 0 : 1)
else producer.push(streamOf(plan).at(0))

if (random.chance(0.8)) await Promise.all(begun)
await new Promise((resolve) => setTimeout(resolve, plan.delay))
if (plan.death === 'throw') throw new Error('doom')
process.exit(42)
