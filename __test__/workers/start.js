// Starts one of the workers in this folder.

import { Worker } from 'node:worker_threads'

/**
 * The worker, and a promise of the last thing that it posts before it ends. The promise is rejected if
 * the worker fails; it is only made when it is asked for, for tests in which a worker should fail.
 */
export function start(file, workerData, options) {
  const worker = new Worker(new URL(file, import.meta.url), { workerData, ...options })
  return {
    worker,
    get result() {
      return new Promise((resolve, reject) => {
        let last
        worker.on('message', (message) => (last = message))
        worker.on('error', reject)
        worker.on('exit', () => resolve(last))
      })
    },
  }
}
