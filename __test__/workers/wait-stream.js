// One end of a stream whose elements are numbered, in one of the ways of waiting; posts how many there were.

import { parentPort, workerData } from 'node:worker_threads'
import { Consumer, Producer } from 'crosscore'
import { element, numberOf } from './wait-elements.js'
import { receive, send } from './wait-styles.js'

const { token, style, count } = workerData
if (token.crosscore === 'producer') {
  const producer = Producer.from(token)
  for (let i = 0; i < count; i++) await send[style](producer, element(token.of, i))
  producer.close()
  parentPort.postMessage(count)
} else {
  const consumer = Consumer.from(token)
  let i = 0
  for (;;) {
    const value = await receive[style](consumer)
    if (value === undefined) break
    if (numberOf(value) !== i) throw new Error(`${numberOf(value)} came instead of ${i}`)
    i++
  }
  parentPort.postMessage(i)
}
