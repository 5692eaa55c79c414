// Parses lines and sends back those with an error, as lines.

import { pipeline } from 'node:stream/promises'
import { workerData } from 'node:worker_threads'
import { Duplex } from 'crosscore'

const endpoint = Duplex.from(workerData)
await pipeline(
  endpoint.consumer.toReadable({ encoding: 'utf8' }),
  async function* (text) {
    let rest = ''
    for await (const chunk of text) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()
      let chosen = ''
      for (const line of lines) if (JSON.parse(line).status >= 500) chosen += `${line}\n`
      if (chosen !== '') yield chosen
    }
  },
  endpoint.producer.toWritable(),
)
