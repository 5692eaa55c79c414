// The declarations by themselves: no DOM, no @types/node, nothing skipped.

import { Consumer, createRing, Producer, type AbortSignalLike, type WorkerLike } from 'crosscore'

const { producer, consumer } = createRing({ of: 'f64', capacity: 8, memory: undefined, publish: undefined })
producer.push(1) satisfies boolean
consumer.pop() satisfies number | undefined

declare const signal: AbortSignalLike
declare const worker: WorkerLike
const waits: Promise<boolean>[] = [producer.ready(1, { signal }), producer.flushed({ signal: undefined }), consumer.ready(3, { signal })]
producer.pushSync(1, { timeout: undefined })
Producer.from(producer.move({ to: worker }))
Consumer.from(consumer.move({ to: undefined }))

{
  using scoped = createRing({ of: 'bytes', capacity: 8 }).consumer
  scoped.pop() satisfies Uint8Array | undefined
}
export const all = Promise.all(waits)
