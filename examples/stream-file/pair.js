// Two workers, started together and timed from the first read to the last byte hashed.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/**
 * Runs a reader and a hasher, each given as `{ url, workerData, transferList }`, and gives what both report.
 * Throws what either throws; then neither is left running.
 */
export async function runPair(reader, hasher) {
  const workers = [reader, hasher].map(
    ({ url, workerData, transferList }) => new Worker(url, { workerData, transferList }),
  )
  // From the start, so that no report is missed.
  const reports = workers.map(reportOf)
  const all = Promise.all(reports)
  all.catch(() => {})
  try {
    await Promise.race([Promise.all(workers.map((worker) => once(worker, 'message'))), all])
    const before = process.cpuUsage()
    for (const worker of workers) worker.postMessage('go')
    const [{ started }, { ended, ...digest }] = await all
    const { user, system } = process.cpuUsage(before)
    return { ...digest, seconds: Number(ended - started) / 1e9, cpuSeconds: (user + system) / 1e6 }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function reportOf(worker) {
  return new Promise((resolve, reject) => {
    worker.on('message', ({ result }) => result && resolve(result))
    worker.on('error', reject)
    worker.on('exit', () => reject(new Error('a worker ended without a report')))
  })
}
