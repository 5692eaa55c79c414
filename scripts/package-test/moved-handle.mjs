// A handle that goes to a worker and comes back, and what a moved one says.
import assert from 'node:assert'
import { once } from 'node:events'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { Consumer, createRing, CrosscoreError } from 'crosscore'

if (isMainThread) {
  const { producer, consumer } = createRing({ of: 'u32', capacity: 64 })
  const worker = new Worker(new URL(import.meta.url))
  for (let n = 0; n < 10; n++) producer.push(n)
  worker.postMessage(consumer.move())
  assert.throws(
    () => consumer.pop(),
    (error) => error instanceof CrosscoreError && error.code === 'ERR_CROSSCORE_MOVED',
  )
  const [token] = await once(worker, 'message')
  const back = Consumer.from(token)
  assert.deepEqual(back.popMany(10), [5, 6, 7, 8, 9])
  assert.throws(() => Consumer.from(token), { code: 'ERR_CROSSCORE_TOKEN' })
  producer.close()
  assert.equal(await back.ready(), false)
  console.log('moved')
} else {
  parentPort.once('message', (token) => {
    const consumer = Consumer.from(token)
    assert.deepEqual(consumer.popMany(5), [0, 1, 2, 3, 4])
    parentPort.postMessage(consumer.move())
  })
}
