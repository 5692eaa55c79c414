// Job after job: sends back whatever comes, until no more does, and says so.

import { parentPort } from 'node:worker_threads'
import { Consumer, Producer } from 'crosscore'
import { receive, send, sends } from './wait-styles.js'

parentPort.on('message', async ({ tokens, style }) => {
  const consumer = Consumer.from(tokens.consumer)
  const producer = Producer.from(tokens.producer)
  for (;;) {
    const value = await receive[style](consumer)
    if (value === undefined) break
    await send[sends[style]](producer, value)
  }
  producer.close()
  parentPort.postMessage('done')
})
