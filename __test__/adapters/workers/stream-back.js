// Sends back every byte that comes.

import { pipeline } from 'node:stream/promises'
import { workerData } from 'node:worker_threads'
import { Consumer, Producer } from 'crosscore'
import { toReadable, toWritable } from '../../../lib/adapters/node-streams.js'

await pipeline(toReadable(Consumer.from(workerData.input)), toWritable(Producer.from(workerData.output)))
