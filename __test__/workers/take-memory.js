// A process whose worker takes a ring's memory out of its ArrayBuffer, as a byte stream does with
// what is put into it, sends it to the main thread and ends. The main thread then uses it.

import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

if (isMainThread) {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: process.argv[2] })
  const buffer = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject))
  await worker.terminate()
  const bytes = new Uint8Array(buffer)
  for (let i = 0; i < bytes.length; i += 512) bytes[i] ^= 255
  console.log(`${bytes.length} bytes are there`)
} else {
  const { createRing } = await import('crosscore')
  const { producer } = createRing({ of: 'u8', capacity: 2 ** 22, memory: workerData })
  const stream = new ReadableStream({ type: 'bytes', start: (controller) => controller.enqueue(producer.reserve(2 ** 22)) })
  const { value } = await stream.getReader().read()
  parentPort.postMessage(value.buffer, [value.buffer])
}
