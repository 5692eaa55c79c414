// Handles that are collected, and a worker that is ended while it holds one.
import assert from 'node:assert'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Consumer, createRing, Producer } from 'crosscore'

const collect = globalThis.Bun ? () => globalThis.Bun.gc(true) : globalThis.gc

if (isMainThread) {
  for (let round = 0; round < 20; round++) {
    for (let n = 0; n < 50; n++) {
      const { producer, consumer } = createRing({ of: n % 2 ? 'bytes' : 'f64', capacity: 1024 })
      if (n % 2) producer.push(new Uint8Array(3))
      else producer.push(n)
      consumer.pop()
      if (n % 3 === 0) producer.close()
      if (n % 5 === 0) Consumer.from(consumer.move())
    }
    await sleep(1)
    collect()
  }
  console.log('collected')
  const { producer, consumer } = createRing({ of: 'u32', capacity: 64 })
  const worker = new Worker(new URL(import.meta.url), { workerData: producer.move() })
  await once(worker, 'message')
  assert.equal(await consumer.ready(), true)
  assert.deepEqual(consumer.popMany(10), [1, 2, 3])
  await worker.terminate()
  assert.equal(await Promise.race([consumer.ready(), sleep(5000, 'never', { ref: false })]), false)
  console.log('closed')
} else {
  globalThis.kept = Producer.from(workerData)
  globalThis.kept.pushMany([1, 2, 3])
  parentPort.postMessage('pushed')
  setInterval(() => {}, 1000)
}
