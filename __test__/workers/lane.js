// Says which lane it has, and how other threads' numbers are answered.

import { parentPort, workerData } from 'node:worker_threads'
import { createRing, lane } from 'crosscore'
import { FAST_LOOK, FAST_PUBLISH } from '../../lib/native/addon.js'

const { numbers = [], rounds = 0 } = workerData ?? {}
const answers = new Set()
for (let round = 0; round < rounds; round++) {
  for (const number of numbers) {
    answers.add(FAST_PUBLISH(number, 8))
    answers.add(FAST_LOOK(number))
  }
}
const { producer, consumer } = createRing({ of: 'f64', capacity: 64 })
let wrong = 0
for (let i = 0; i < 20_000; i++) {
  producer.push(i)
  if (consumer.pop() !== i) wrong++
}
parentPort.postMessage({ lane, answers: [...answers], wrong })
