// Claims a producer, pushes one value and says how it went.

import { parentPort, workerData } from 'node:worker_threads'
import { Producer } from 'crosscore'

const { token, value } = workerData
try {
  Producer.from(token).push(value)
  parentPort.postMessage('claimed')
} catch (error) {
  parentPort.postMessage(error.code)
}
