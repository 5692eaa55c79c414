// Waits on its event loop for whatever comes, on many rings, for ever.

import { parentPort, workerData } from 'node:worker_threads'
import { Consumer } from 'crosscore'

for (const token of workerData.tokens) void wait(Consumer.from(token))
parentPort.postMessage('waiting')

async function wait(consumer) {
  while (await consumer.ready()) while (consumer.pop() !== undefined);
}
