// Questions to another thread, as if they were calls: node examples/rpc/main.js

import { Worker } from 'node:worker_threads'
import { createDuplex, rpc } from 'crosscore'

const [here, there] = createDuplex({ of: 'bytes', capacity: 1 << 18 })
const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: there.move() })
// In TypeScript: rpc<Index>(here), with the interface of what the worker offers.
const { remote, with: call, close } = rpc(here)

// A call is a promise; a thousand of them share the way.
const texts = Array.from({ length: 1000 }, (_, n) => `document ${n} has ${n % 7 === 0 ? 'seven' : 'other'} words`)
const sizes = await Promise.all(texts.map((text, n) => remote.add(n, text)))
console.log(`${sizes.length} documents, ${await remote.words()} different words`)

// A stream of answers, left early: the generator in the worker ends too.
const hits = []
for await (const { id } of remote.search('seven')) {
  hits.push(id)
  if (hits.length === 5) break
}
console.log(`documents with "seven": ${hits.join(', ')} ...`)

// An error keeps its class and code.
await remote.add(5, 'again').catch((error) => console.log(`${error.constructor.name} ${error.code}: ${error.message}`))

// A signal among the arguments is a signal over there.
const controller = new AbortController()
const rebuilding = remote.rebuild(controller.signal)
setTimeout(() => controller.abort(), 20)
await rebuilding.catch((error) => console.log(`rebuild: ${error.name}`))
console.log(`rebuilds that were stopped: ${await remote.stopped()}`)

// A call that takes too long.
await call({ timeout: 20 }).sleep(10_000).catch((error) => console.log(`sleep: ${error.name}`))

// What waits for a thread that dies is rejected, not forgotten.
const waiting = remote.sleep(10_000).catch((error) => console.log(`after its end: ${error.code}`))
await worker.terminate()
await waiting
close()
