// Runs one end of a stream in this thread and posts what it tells.

import { parentPort, workerData } from 'node:worker_threads'
import { Consumer, Producer } from 'crosscore'
import { readMessages, writeMessages } from './messages.js'
import { readNumbers, writeNumbers } from './numbers.js'

const { token, count, batch } = workerData
const messages = token.of === 'bytes'
if (token.crosscore === 'producer') {
  const producer = Producer.from(token)
  parentPort.postMessage(messages ? writeMessages(producer, count) : writeNumbers(producer, count, batch))
} else {
  const consumer = Consumer.from(token)
  parentPort.postMessage(messages ? readMessages(consumer) : readNumbers(consumer, batch))
}
