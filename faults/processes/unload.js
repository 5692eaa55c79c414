// A process whose main thread never loads the addon: Node unloads it with the last worker that uses it.
// Called with a seed and a round.

import { Worker } from 'node:worker_threads'

const [seed, round] = process.argv.slice(2).map(Number)

/** A worker that makes a ring with a partner of its own, and is done, or is killed. */
async function generation(number) {
  const worker = new Worker(new URL('generation.js', import.meta.url), { workerData: { seed, round, number } })
  const result = await new Promise((resolve, reject) => {
    worker.on('message', resolve)
    worker.on('error', reject)
    worker.on('exit', resolve)
  })
  if (result !== 'right') throw new Error(`generation ${number}: ${result}`)
  await worker.terminate()
}

for (let number = 0; number < 3; number++) await generation(number)
// Nothing of the addon is to be called in a moment when its image is gone: a turn or two of doing nothing.
await new Promise((resolve) => setTimeout(resolve, 20))
