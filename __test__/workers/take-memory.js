// A process whose worker takes a ring's memory out of its ArrayBuffer, as a byte stream does with
// what is put into it, sends it to the main thread and ends: at once, or when nothing is left of the
// ring in it. The main thread then uses the memory.

import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { collectUntil } from '../collection.js'

/** Takes the memory, and leaves nothing behind but the promise. */
async function take(memory) {
  const { createRing } = await import('crosscore')
  const { producer } = createRing({ of: 'u8', capacity: 2 ** 22, memory })
  const stream = new ReadableStream({ type: 'bytes', start: (controller) => controller.enqueue(producer.reserve(2 ** 22)) })
  const { value } = await stream.getReader().read()
  parentPort.postMessage(value.buffer, [value.buffer])
}

if (isMainThread) {
  const [memory, when] = process.argv.slice(2)
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { memory, when } })
  const buffer = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject))
  if (when === 'at once') await worker.terminate()
  else await new Promise((resolve) => worker.on('exit', resolve))
  const bytes = new Uint8Array(buffer)
  for (let i = 0; i < bytes.length; i += 512) bytes[i] ^= 255
  console.log(`${bytes.length} bytes are there`)
} else {
  await take(workerData.memory)
  if (workerData.when !== 'at once') {
    // Nothing to wait for that could be asked: a few collections, and the turns in which finalizers run.
    let collections = 0
    await collectUntil(() => ++collections > 5)
  }
}
