// Claims a handle, does a little with it, keeps it, and ends as it is told.

import { parentPort, workerData } from 'node:worker_threads'
import { Consumer, Producer } from 'crosscore'

const { token, end } = workerData
if (token.crosscore === 'producer') {
  const producer = Producer.from(token)
  globalThis.kept = producer
  producer.push(1)
} else {
  const consumer = Consumer.from(token)
  globalThis.kept = consumer
  consumer.pop()
}
if (end === 'exit') process.exit(0)
if (end === 'throw') throw new Error('on purpose')
if (end === 'terminate') {
  parentPort.postMessage('ready')
  setInterval(() => {}, 1000)
}
