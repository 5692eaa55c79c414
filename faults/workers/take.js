// Makes rings, fills them, takes their memory out of its ArrayBuffers and sends it to main. Then it dies.

import { setImmediate as turn } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { createRing } from 'crosscore'

const { tasks, death } = workerData

const take = {
  async stream(view) {
    const stream = new ReadableStream({ type: 'bytes', start: (controller) => controller.enqueue(view) })
    const { value } = await stream.getReader().read()
    return value.buffer
  },
  // Node 20 has no transfer() and lets it be posted as it is; where there is one, Node may refuse to post it.
  transfer: ({ buffer }) => buffer.transfer?.() ?? buffer,
}

const handles = []
const buffers = []
for (const { options, way, byte } of tasks) {
  const { producer, consumer } = createRing(options)
  handles.push(producer, consumer)
  buffers.push(await take[way](producer.reserve(producer.capacity).fill(byte)))
}
parentPort.postMessage(buffers, buffers)
parentPort.postMessage('begun')
if (death === 'collect') {
  for (const [i, handle] of handles.splice(0).entries()) if (i % 3 === 0) handle.close()
  for (let i = 0; i < 4; i++) {
    globalThis.gc()
    await turn()
  }
}
if (death === 'exit') process.exit(3)
if (death === 'throw') throw new Error('doom')
if (death === 'terminate') for (;;);
