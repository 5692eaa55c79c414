// The two ways from the reader to the hasher. Each gives `{ reader, hasher }` for runPair.

import { MessageChannel } from 'node:worker_threads'
import { createRing } from 'crosscore'

/**
 * Of 128 KiB to 8 MiB, 128 KiB was clearly slower, 256 KiB a little, and more than 1 MiB not faster. It holds fifteen
 * of the largest messages, and more than a hundred of the mean.
 */
const RING_BYTES = 2 ** 20

/** Messages that may be under way. With 64 the reader runs dry now and then; with 1,024 nothing is won. */
const WINDOW = 256

/** @param chunks what openSource takes @param received shared memory for the progress */
export function throughRing(chunks, received) {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: RING_BYTES })
  return {
    reader: { url: new URL('reader.js', import.meta.url), workerData: { ...chunks, token: producer.move() } },
    hasher: { url: new URL('hasher.js', import.meta.url), workerData: { received, token: consumer.move() } },
  }
}

/** @param chunks what openSource takes @param received shared memory for the progress */
export function throughPostMessage(chunks, received) {
  const { port1, port2 } = new MessageChannel()
  const window = { acknowledged: new SharedArrayBuffer(4), window: WINDOW }
  return {
    reader: {
      url: new URL('post-message/reader.js', import.meta.url),
      workerData: { ...chunks, ...window, port: port1 },
      transferList: [port1],
    },
    hasher: {
      url: new URL('post-message/hasher.js', import.meta.url),
      workerData: { received, ...window, port: port2 },
      transferList: [port2],
    },
  }
}
