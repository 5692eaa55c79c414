// Pushes into many rings in turn, each push seen by a consumer that waits.

import { workerData } from 'node:worker_threads'
import { Producer } from 'crosscore'

const producers = workerData.tokens.map((token) => Producer.from(token))
for (let i = 0; i < workerData.count; i++) {
  for (const producer of producers) producer.pushSync(i)
}
for (const producer of producers) producer.close()
