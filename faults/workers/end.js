// One end of a stream in a thread, which dies if it is told to.

import { parentPort, workerData } from 'node:worker_threads'
import { Consumer, Producer } from 'crosscore'
import { Ledger } from '../ledger.js'
import { endOf } from '../traffic.js'

const { side, token, plan, shared, death } = workerData
const handle = (side === 'producer' ? Producer : Consumer).from(token)
parentPort.postMessage('begun')

const dies = {
  throw() {
    throw new Error('doom')
  },
  exit() {
    process.exit(3)
  },
  close() {
    handle.close()
    parentPort.postMessage({ end: 'closed it' })
    process.exit(0)
  },
}
const die = dies[death]
const at = performance.now() + plan.delay
const options = die && {
  // Some look at the clock, some only every few steps: it is to happen anywhere.
  doom: () => {
    if (performance.now() >= at) die()
  },
  timeout: 2,
}
const way = side === 'producer' ? plan.writing : plan.reading
parentPort.postMessage(await endOf(side, handle, plan, new Ledger(shared), options).run(way))
