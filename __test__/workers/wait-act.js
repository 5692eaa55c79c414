// Claims a handle, says so, waits a little or for a word, and does one thing with it.

import { once } from 'node:events'
import { setTimeout as later } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { Consumer, Producer } from 'crosscore'
import { element, elements } from './wait-elements.js'

/** `delay` in ms, or 'told'; `stay`: the thread does not end by itself. */
const { token, act, delay = 30, stay = false } = workerData
const handle = (token.crosscore === 'producer' ? Producer : Consumer).from(token)
const { of } = token

const acts = {
  push: () => handle.push(element(of, 7)),
  pushTwo: () => handle.pushMany(elements(of, 7, 2)),
  popOne: () => handle.popMany(1),
  popAll: () => handle.popMany(1e6),
  close: () => handle.close(),
  dispose: () => handle[Symbol.dispose](),
  exit: () => process.exit(0),
  throw: () => {
    throw new Error('on purpose')
  },
  // The worker ends because it has nothing left to do.
  nothing: () => {},
  // Until somebody terminates it.
  hang: () => {
    for (;;);
  },
}
parentPort.postMessage('ready')
await (delay === 'told' ? once(parentPort, 'message') : later(delay))
acts[act]()
if (stay) await once(parentPort, 'message')
