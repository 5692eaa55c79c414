// Web streams over a ring: data, backpressure, ends and errors.

import test from 'ava'
import { randomBytes } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { createRing } from 'crosscore'

function streams({ of = 'bytes', capacity = 4096, memory = 'auto' } = {}, writing, reading) {
  const { producer, consumer } = createRing({ of, capacity, memory })
  return { producer, consumer, writable: producer.toWritableStream(writing), readable: consumer.toReadableStream(reading) }
}

async function collect(readable) {
  const chunks = []
  for await (const chunk of readable) chunks.push(chunk)
  return chunks
}

function source(values) {
  return new ReadableStream({
    start(controller) {
      for (const value of values) controller.enqueue(value)
      controller.close()
    },
  })
}

for (const memory of ['mirrored', 'heap']) {
  test(`${memory}: every byte of chunks of all sizes comes through a small ring, in order`, async (t) => {
    const { writable, readable } = streams({ memory })
    const chunks = [0, 1, 8, 1016, 1017, 4088, 4096, 100_000, 0, 3].map((size) => randomBytes(size))
    const [got] = await Promise.all([collect(readable), source(chunks).pipeTo(writable)])
    t.deepEqual(Buffer.concat(got), Buffer.concat(chunks))
  })

  test(`${memory}: a reader's own buffers are filled, and the ring's memory is never detached`, async (t) => {
    const { producer, consumer, writable, readable } = streams({ memory })
    const content = randomBytes(20_000)
    const writing = source([content]).pipeTo(writable)
    const reader = readable.getReader({ mode: 'byob' })
    const got = []
    for (let size = 1; ; size = (size * 3) % 1000 || 1) {
      const { done, value } = await reader.read(new Uint8Array(size))
      if (done) {
        t.is(value.length, 0)
        break
      }
      t.true(value.length > 0 && value.length <= size)
      got.push(Buffer.from(value))
    }
    await writing
    t.deepEqual(Buffer.concat(got), content)
    t.true(consumer.done)
    t.notThrows(() => producer.stats)
  })
}

test('chunks that are given out can be transferred, and the ring lives on', async (t) => {
  const { producer, readable } = streams()
  const reader = readable.getReader()
  for (let n = 0; n < 100; n++) {
    producer.push(new Uint8Array(100).fill(n))
    const { value } = await reader.read()
    t.is(value[99], n)
    structuredClone(value.buffer, { transfer: [value.buffer] })
  }
  t.true(producer.push(Uint8Array.of(1)))
})

test('views of any type and whole buffers are written as their bytes; what is neither fails', async (t) => {
  const { writable, readable } = streams()
  const writer = writable.getWriter()
  await writer.write(Uint16Array.of(0x0201, 0x0403))
  await writer.write(Uint8Array.of(5, 6).buffer)
  await writer.write(new DataView(Uint8Array.of(0, 7, 0).buffer, 1, 1))
  await writer.close()
  t.deepEqual(Buffer.concat(await collect(readable)), Buffer.of(1, 2, 3, 4, 5, 6, 7))

  const wrong = streams()
  const error = await t.throwsAsync(wrong.writable.getWriter().write('text'))
  t.is(error.code, 'ERR_CROSSCORE_INVALID_ARG')
})

test('elements come as they are', async (t) => {
  const { writable, readable } = streams({ of: 'i64', capacity: 4, memory: 'heap' })
  const values = Array.from({ length: 100 }, (_, n) => BigInt(n) - 50n)
  const [got] = await Promise.all([collect(readable), source(values).pipeTo(writable)])
  t.deepEqual(got, values)
})

test('autoAllocateChunkSize gives a reader without a buffer one', async (t) => {
  const { producer, readable } = streams({}, {}, { autoAllocateChunkSize: 10 })
  producer.push(new Uint8Array(25).fill(7))
  producer.close()
  const got = await collect(readable)
  t.deepEqual(got.map(({ length }) => length), [10, 10, 5])
})

test('nothing is read before it is asked for, unless reading ahead was', async (t) => {
  const { producer, consumer } = streams({ of: 'f64', capacity: 16 })
  producer.pushMany([1, 2, 3])
  await turn()
  t.is(consumer.available, 3)

  const ahead = streams({ of: 'f64', capacity: 16 }, {}, { highWaterMark: 2 })
  ahead.producer.pushMany([1, 2, 3])
  await turn()
  t.is(ahead.consumer.available, 1)
})

test('the writer waits while the ring is full', async (t) => {
  const { consumer, writable } = streams({ of: 'u8', capacity: 2, memory: 'heap' }, { highWaterMark: 1 })
  const writer = writable.getWriter()
  await writer.write(1)
  await writer.write(2)
  let third = false
  const writing = writer.write(3).then(() => (third = true))
  await turn()
  t.false(third)
  t.is(writer.desiredSize, 0)
  t.is(consumer.pop(), 1)
  t.is(consumer.pop(), 2)
  await turn()
  await writing
  t.is(consumer.pop(), 3)
})

test('to abort the writer closes the ring, and to cancel the reader fails the writer', async (t) => {
  const aborted = streams()
  await aborted.writable.abort(new Error('on purpose'))
  t.true(aborted.consumer.closed)
  await t.throwsAsync(aborted.readable.getReader().read(), { message: 'on purpose' })

  const cancelled = streams()
  await cancelled.readable.cancel('no more')
  const writer = cancelled.writable.getWriter()
  writer.closed.catch(() => {})
  await t.throwsAsync(writer.write(Uint8Array.of(1)), { message: 'no more' })

  const left = streams()
  await left.readable.cancel()
  const other = left.writable.getWriter()
  other.closed.catch(() => {})
  t.is((await t.throwsAsync(other.write(Uint8Array.of(1)))).code, 'ERR_CROSSCORE_CLOSED')
})

test('to cancel a reader that waits, or holds half a message, leaves nothing waiting', async (t) => {
  const waits = streams()
  const reader = waits.readable.getReader()
  const reading = reader.read()
  await turn()
  await reader.cancel()
  t.true((await reading).done)
  t.true(waits.producer.closed)

  const half = streams()
  half.producer.push(new Uint8Array(100))
  const byob = half.readable.getReader({ mode: 'byob' })
  t.is((await byob.read(new Uint8Array(10))).value.length, 10)
  await byob.cancel()
  t.true(half.producer.closed)
})

test('the end of a ring gives a waiting reader its buffer back', async (t) => {
  const { producer, readable } = streams()
  const reader = readable.getReader({ mode: 'byob' })
  const reading = reader.read(new Uint8Array(10))
  await turn()
  producer.close()
  const { done, value } = await reading
  t.true(done)
  t.is(value.buffer.byteLength, 10)
})
