// The twin of ../hasher.js.

import { once } from 'node:events'
import { workerData } from 'node:worker_threads'
import { makeDigest } from '../digest.js'
import { readySteadyGo, report } from '../signals.js'
import { makeAcknowledgement } from './window.js'

const { port, received, acknowledged, window } = workerData
const digest = makeDigest(received)
const { acknowledge } = makeAcknowledgement(acknowledged, window)
port.on('message', (message) => {
  digest.update(message)
  acknowledge()
})
// From the start: the reader may be let go first, and be through with a short file before this thread runs again.
const closed = once(port, 'close')

await readySteadyGo()
await closed
report(digest.finish())
