// Waits with a handle in one way until the other side is gone.

import { parentPort, workerData } from 'node:worker_threads'
import { Consumer, Producer } from 'crosscore'
import { Ledger } from '../ledger.js'
import { endOf } from '../traffic.js'

const { side, token, plan, shared } = workerData
const handle = (side === 'producer' ? Producer : Consumer).from(token)
parentPort.postMessage('begun')
const way = side === 'producer' ? plan.writing : plan.reading
parentPort.postMessage(await endOf(side, handle, { ...plan, slow: 'neither' }, new Ledger(shared)).run(way))
