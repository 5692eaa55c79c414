// Frames of 640 by 480 pixels, painted and looked at where they lie in the ring: node examples/frames/main.js
//
// No frame is copied: the camera paints into a reservation, the analyst reads through peek. A ring of 4 MiB holds
// 13 of them; when it is full the camera drops a frame, as cameras do, and says how many.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Consumer, createRing } from 'crosscore'

const PIXELS = 640 * 480
const FRAMES = 300

if (isMainThread) await film()
else await analyse()

async function film() {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 4 << 20 })
  const analyst = new Worker(new URL(import.meta.url), { workerData: consumer.move() })
  await once(analyst, 'message') // it is ready
  const answer = once(analyst, 'message')

  let dropped = 0
  for (let n = 0; n < FRAMES; n++) {
    const frame = producer.reserve(PIXELS)
    if (frame === null) dropped++
    else {
      frame.fill(n % 256)
      producer.commit()
    }
    await sleep(1)
  }
  producer.close()

  const [{ seen, torn }] = await answer
  console.log(`${seen} frames seen, ${dropped} dropped, ${torn} torn`)
  if (seen + dropped !== FRAMES || torn > 0) process.exitCode = 1
}

async function analyse() {
  const consumer = Consumer.from(workerData)
  parentPort.postMessage('ready')
  let seen = 0
  let torn = 0
  while (await consumer.ready()) {
    const frame = consumer.peek()
    let sum = 0
    for (let i = 0; i < frame.length; i++) sum += frame[i]
    // Every pixel of a frame has the same shade, so the mean is that of the first.
    if (sum !== frame[0] * PIXELS) torn++
    seen++
    // From here on the camera may paint over it.
    consumer.release()
  }
  parentPort.postMessage({ seen, torn })
}
