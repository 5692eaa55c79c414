// A process whose workers make rings, drop them and have them collected, until they are terminated: some when Node
// is about to run finalizers, which it does all the same.

import { setTimeout as later } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'

if (isMainThread) {
  for (let i = 0; i < 60; i++) {
    const worker = new Worker(fileURLToPath(import.meta.url))
    await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject))
    await later(i % 8)
    await worker.terminate()
  }
  console.log('all have ended')
} else {
  const { createRing } = await import('crosscore')
  const { gc } = await import('../collection.js')
  const dropRings = () => {
    for (let i = 0; i < 30; i++) createRing({ of: 'f64', capacity: 64, memory: 'heap' })
  }
  const turn = () => {
    dropRings()
    gc()
    setImmediate(turn)
  }
  turn()
  parentPort.postMessage('begun')
}
