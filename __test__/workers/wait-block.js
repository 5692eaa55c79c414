// Blocks with a handle in one of the ways there are, and posts what came of it.

import { parentPort, workerData } from 'node:worker_threads'
import { Consumer, Producer } from 'crosscore'
import { element, elements, holds } from './wait-elements.js'

const { token, how } = workerData
const { of } = token
const handle = (token.crosscore === 'producer' ? Producer : Consumer).from(token)

/** All that can wait; each would wait for ever if the other side did nothing. */
const ways = {
  popSync: () => handle.popSync(),
  pushSync: () => handle.pushSync(element(of, 1)),
  pushManySync: () => handle.pushManySync(elements(of, 0, 1 + 2 * holds(handle, of))),
  ready: () => handle.ready(),
  iterate: async () => {
    for await (const value of handle) parentPort.postMessage({ value })
    return 'end'
  },
}
if (token.crosscore === 'producer') while (handle.push(element(of, 0)));
parentPort.postMessage('ready')
try {
  parentPort.postMessage({ result: await ways[how]() })
} catch (error) {
  parentPort.postMessage({ code: error.code })
}
