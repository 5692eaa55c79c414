// How a worker and the main thread start together: the worker says that it is ready, and waits to be let go.

import { once } from 'node:events'
import { parentPort } from 'node:worker_threads'

/** Everything before this is outside the time that is measured. */
export async function readySteadyGo() {
  parentPort.postMessage({ ready: true })
  await once(parentPort, 'message')
}

/** The last word of a worker to the main thread. */
export function report(result) {
  parentPort.postMessage({ result })
}
