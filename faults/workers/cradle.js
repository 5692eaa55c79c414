// Makes rings, moves and claims handles, waits and drops them, as fast as it can, until it is terminated.

import { parentPort, workerData } from 'node:worker_threads'
import { Consumer, createRing, Producer } from 'crosscore'

const { plan, tokens } = workerData
parentPort.postMessage('begun')
if (tokens !== undefined) {
  // Then it is terminated somewhere in here, and main tries to claim what is left.
  for (const token of tokens) (token.crosscore === 'producer' ? Producer : Consumer).from(token)
  for (;;);
}
for (let i = 0; ; i++) {
  const { producer, consumer } = createRing({ ...plan.ring, capacity: 64 })
  consumer.ready().catch(() => {})
  producer.ready().catch(() => {})
  const other = Producer.from(producer.move())
  if (i % 3 === 0) other.close()
  if (i % 3 === 1) consumer.close()
  if (i % 16 === 0) await new Promise((resolve) => setImmediate(resolve))
}
