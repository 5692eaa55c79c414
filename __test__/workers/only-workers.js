// A process whose main thread never loads the package: a worker makes a ring, moves both halves and ends;
// a second one, for which the addon is loaded again, takes them.

import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const inWorker = (data) =>
  new Promise((resolve, reject) => {
    let answer
    new Worker(fileURLToPath(import.meta.url), { workerData: data })
      .on('message', (message) => (answer = message))
      .on('error', reject)
      .on('exit', () => resolve(answer))
  })

if (isMainThread) {
  for (let i = 0; i < 5; i++) {
    const tokens = await inWorker({ memory: i % 2 === 0 ? 'mirrored' : 'heap' })
    console.log(await inWorker({ tokens }))
  }
} else {
  const { Consumer, createRing, Producer } = await import('crosscore')
  if (workerData.tokens === undefined) {
    const { producer, consumer } = createRing({ of: 'f64', capacity: 8, memory: workerData.memory })
    producer.push(1.5)
    parentPort.postMessage({ producer: producer.move(), consumer: consumer.move() })
  } else {
    const producer = Producer.from(workerData.tokens.producer)
    const consumer = Consumer.from(workerData.tokens.consumer)
    producer.push(2.5)
    parentPort.postMessage(consumer.popMany(9).join(' '))
  }
}
