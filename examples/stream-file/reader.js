// The worker that writes into the ring: it reads the file straight into the slots that it has reserved.

import { workerData } from 'node:worker_threads'
import { Producer } from 'crosscore'
import { openSource } from './file-source.js'
import { readySteadyGo, report } from './signals.js'
import { room } from './waiting.js'

const producer = Producer.from(workerData.token)
const source = openSource(workerData)

await readySteadyGo()
const started = process.hrtime.bigint()
for (let size = source.nextSize(); size > 0; size = source.nextSize()) {
  let slots
  while ((slots = producer.reserve(size)) === null) await room(producer, size)
  const length = source.readInto(slots)
  producer.commit(length)
  if (length < size) break
}
producer.close()

source.close()
report({ started })
