// One generation of threads that have the addon loaded, for unload.js.

import { parentPort, Worker, workerData } from 'node:worker_threads'
import { createRing } from 'crosscore'
import { Ledger } from '../ledger.js'
import { planOf } from '../plan.js'
import { endOf } from '../traffic.js'

const { seed, round, number } = workerData
const plan = { ...planOf(seed, round), slow: 'neither' }
const { producer, consumer } = createRing(plan.ring)
const ledger = new Ledger()
// The first ends its partner, the second closes, the third leaves everything to the end of the thread.
const partner = new Worker(new URL('../workers/end.js', import.meta.url), {
  workerData: { side: 'producer', token: producer.move(), plan, shared: ledger.shared, death: number === 1 ? 'close' : 'none' },
})
const exited = new Promise((resolve) => partner.on('exit', resolve))
const reader = endOf('consumer', consumer, plan, ledger)
if (number === 0) partner.once('message', () => setTimeout(() => partner.terminate(), 5))
await reader.run(plan.mainReading, number === 2 ? 100 : Infinity)
await exited
// A pending wait and a token in the hands of nobody, when the thread ends.
const left = createRing(plan.ring)
left.consumer.ready()
left.producer.move()
parentPort.postMessage('right')
