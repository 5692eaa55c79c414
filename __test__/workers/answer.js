// Sends back each number that comes, by awaited waits; tells how often a timer fired meanwhile.

import { parentPort, workerData } from 'node:worker_threads'
import { Consumer, Producer } from 'crosscore'

const consumer = Consumer.from(workerData.tokens.consumer)
const producer = Producer.from(workerData.tokens.producer)
let rounds = 0
let timers = 0
const timer = setInterval(() => timers++, 1)
while (await consumer.ready()) {
  await producer.ready()
  producer.push(consumer.pop())
  rounds++
}
clearInterval(timer)
parentPort.postMessage({ rounds, timers })
