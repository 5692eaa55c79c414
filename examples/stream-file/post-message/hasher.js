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

await readySteadyGo()
await once(port, 'close')
report(digest.finish())
