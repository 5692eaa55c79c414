// Makes the sound, as far ahead as the ring is long.

import { workerData } from 'node:worker_threads'
import { Producer } from 'crosscore'
import { BLOCK, sample } from './sound.js'

const producer = Producer.from(workerData.token)
for (let n = 0; n < workerData.blocks; n++) {
  let block
  while ((block = producer.reserve(2 * BLOCK)) === null) await producer.ready(2 * BLOCK)
  for (let i = 0; i < BLOCK; i++) {
    block[2 * i] = sample(n * BLOCK + i, 0)
    block[2 * i + 1] = sample(n * BLOCK + i, 1)
  }
  producer.commit()
}
producer.close()
