// Leaves three elements pending and a reservation open, and ends as it is told.

import { parentPort, workerData } from 'node:worker_threads'
import { Producer } from 'crosscore'

const { token, value, end } = workerData
const producer = Producer.from(token)
for (let i = 0; i < 3; i++) producer.push(value)
producer.reserve(1).fill(9)
// In the same turn, whose end would publish.
if (end === 'exit') process.exit(0)
if (end === 'throw') throw new Error('on purpose')
if (end === 'terminate') {
  parentPort.postMessage('ready')
  for (;;);
}
