// Never claims the token that it was given.

import { parentPort, workerData } from 'node:worker_threads'
// Loaded, so that the thread has something to unload.
await import('crosscore')

parentPort.postMessage('begun')
if (workerData.death === 'exit') process.exit(3)
if (workerData.death === 'throw') throw new Error('doom')
if (workerData.death === 'terminate') for (;;);
