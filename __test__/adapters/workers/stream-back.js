// Sends back every byte that comes.

import { pipeline } from 'node:stream/promises'
import { workerData } from 'node:worker_threads'
import { Consumer, Producer } from 'crosscore'

await pipeline(Consumer.from(workerData.input).toReadable(), Producer.from(workerData.output).toWritable())
