// The worker that reads from the ring: it hashes each message where it lies.

import { workerData } from 'node:worker_threads'
import { Consumer } from 'crosscore'
import { makeDigest } from './digest.js'
import { readySteadyGo, report } from './signals.js'
import { data } from './waiting.js'

const consumer = Consumer.from(workerData.token)
const digest = makeDigest(workerData.received)

await readySteadyGo()
while (!consumer.done) {
  if (consumer.drain(digest.update) === 0) await data(consumer)
}
report(digest.finish())
