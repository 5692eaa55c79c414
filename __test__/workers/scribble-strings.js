// A producer of strings that scribbles over its ring while the consumer reads in another thread.

import { parentPort, workerData } from 'node:worker_threads'
import { lastMemory, randomFrom, scribble } from './ring-memory.js'

const { CrosscoreError, Producer } = await import('crosscore')
const { seed, token, rounds } = workerData
const random = randomFrom(seed)
const producer = Producer.from(token)
const memory = lastMemory()
const failures = []
for (let round = 0; round < rounds; round++) {
  try {
    for (let i = 0; i < 20; i++) producer.push(['x', 'é', '\ud800', '€'][random(4)].repeat(random(60)))
  } catch (error) {
    if (error instanceof CrosscoreError && error.code === 'ERR_CROSSCORE_CLOSED') break
    failures.push(error.stack)
    break
  }
  scribble(memory, random)
}
producer.close()
parentPort.postMessage(failures)
