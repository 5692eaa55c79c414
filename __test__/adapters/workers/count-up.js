// Pushes numbers, one more each time.

import { workerData } from 'node:worker_threads'
import { Producer } from 'crosscore'

const { token, from, count } = workerData
const producer = Producer.from(token)
for (let n = 0; n < count; n++) producer.pushSync(from + n)
