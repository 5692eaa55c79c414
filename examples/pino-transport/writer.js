// Writes what comes, and gives back what it has written.

import { closeSync, openSync, writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { Consumer } from 'crosscore'

const consumer = Consumer.from(workerData.token)
const file = openSync(workerData.file, 'a')
let blocks = 0
while (await consumer.ready()) {
  if (blocks++ === workerData.crashAfter) throw new Error('this writer crashes on purpose')
  const block = consumer.peek()
  for (let start = 0; start < block.length; ) start += writeSync(file, block, start)
  consumer.release()
}
closeSync(file)
