// Streams of Node over a ring: data, backpressure, ends and errors.

import test from 'ava'
import { once } from 'node:events'
import { finished as whenFinished, pipeline } from 'node:stream/promises'
import { PassThrough, Readable, Transform, Writable } from 'node:stream'
import { createHash, randomBytes } from 'node:crypto'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createRing, record } from 'crosscore'

const MEMORIES = ['mirrored', 'heap']

function streams({ of = 'bytes', capacity = 4096, memory = 'auto', ...ring } = {}, writing, reading) {
  const { producer, consumer } = createRing({ of, capacity, memory, ...ring })
  return { producer, consumer, writable: producer.toWritable(writing), readable: consumer.toReadable(reading) }
}

async function collect(readable) {
  const chunks = []
  for await (const chunk of readable) chunks.push(chunk)
  return chunks
}

for (const memory of MEMORIES) {
  test(`${memory}: every byte of chunks of all sizes comes through a small ring, in order`, async (t) => {
    const { writable, readable } = streams({ memory, capacity: 4096 })
    const sizes = [0, 1, 7, 8, 9, 1015, 1016, 1017, 4087, 4088, 4089, 4096, 100_000, 0, 3]
    const chunks = sizes.map((size) => randomBytes(size))
    const [got] = await Promise.all([collect(readable), pipeline(Readable.from(chunks, { objectMode: true }), writable)])
    t.deepEqual(Buffer.concat(got), Buffer.concat(chunks))
    t.true(got.every((chunk) => Buffer.isBuffer(chunk) && chunk.length > 0))
  })

  test(`${memory}: the smallest ring carries a stream of bytes`, async (t) => {
    const { writable, readable } = streams({ memory, capacity: 1 })
    const content = randomBytes(10_000)
    const [got] = await Promise.all([collect(readable), pipeline(Readable.from([content]), writable)])
    t.deepEqual(Buffer.concat(got), content)
  })

  test(`${memory}: numbers are the chunks of object mode`, async (t) => {
    const { writable, readable } = streams({ of: 'f64', memory, capacity: 8 })
    const numbers = Array.from({ length: 5000 }, (_, n) => n / 4)
    const [got] = await Promise.all([collect(readable), pipeline(Readable.from(numbers), writable)])
    t.deepEqual(got, numbers)
  })
}

test('bigints, and zeros, are chunks like any other', async (t) => {
  const { writable, readable } = streams({ of: 'u64', capacity: 4 })
  const values = [0n, 2n ** 64n - 1n, 0n]
  const [got] = await Promise.all([collect(readable), pipeline(Readable.from(values), writable)])
  t.deepEqual(got, values)
})

test('messages keep their bounds in object mode, empty ones too', async (t) => {
  const { writable, readable } = streams({}, { objectMode: true }, { objectMode: true })
  const messages = [0, 1, 0, 500, 8].map((size) => new Uint8Array(randomBytes(size)))
  const [got] = await Promise.all([collect(readable), pipeline(Readable.from(messages), writable)])
  t.deepEqual(got, messages)
})

test('in object mode a message that can never fit destroys the stream, and the other end hears why', async (t) => {
  const { writable, readable } = streams({ capacity: 4096, memory: 'heap' }, { objectMode: true })
  readable.on('error', () => {})
  writable.write(new Uint8Array(5000))
  const [error] = await once(writable, 'error')
  t.is(error.code, 'ERR_CROSSCORE_TOO_LARGE')
})

test('a wrong element destroys the stream with its error', async (t) => {
  const { writable, readable } = streams({ of: 'u8', capacity: 4 })
  readable.on('error', () => {})
  writable.write(256)
  const [error] = await once(writable, 'error')
  t.is(error.code, 'ERR_CROSSCORE_INVALID_ARG')
})

test('strings are encoded, and setEncoding decodes characters that were cut', async (t) => {
  const { writable, readable } = streams({ capacity: 16, memory: 'heap' }, undefined, { encoding: 'utf8' })
  const text = '1 € 🎈 ü'.repeat(50)
  writable.write('e282ac', 'hex')
  writable.end(text)
  t.is((await collect(readable)).join(''), `€${text}`)
})

test('what is corked is published once', async (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 1 << 16 })
  const writable = producer.toWritable()
  writable.cork()
  for (let n = 0; n < 100; n++) writable.write(Uint8Array.of(n))
  t.is(consumer.available, 0)
  writable.uncork()
  await turn()
  t.is(consumer.popMany(1000).length, 100)
  writable.destroy()
})

test('write says no when the ring and the high water mark are full, and drains when there is room', async (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 4, memory: 'heap' })
  const writable = producer.toWritable({ highWaterMark: 3 })
  let taken = 0
  while (writable.write(taken)) taken++
  t.true(taken >= 4 && taken <= 4 + 3, `${taken}`)
  await turn()
  t.is(consumer.available, 4)
  const drained = once(writable, 'drain')
  const got = []
  while (got.length <= taken) {
    got.push(...consumer.popMany(10))
    await turn()
  }
  await drained
  t.deepEqual(got, Array.from({ length: taken + 1 }, (_, n) => n))
  writable.end()
  await whenFinished(writable)
  t.true(consumer.done)
})

test('what is not read stays in the ring', async (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 1 << 16 })
  const readable = consumer.toReadable({ highWaterMark: 1000 })
  for (let n = 0; n < 60; n++) producer.push(new Uint8Array(1000))
  readable.once('readable', () => {})
  await turn()
  t.true(readable.readableLength >= 1000 && readable.readableLength <= 4000, `${readable.readableLength}`)
  t.true(consumer.available > 50_000)
  readable.destroy()
})

test('finish comes before close, and the reader ends after the last chunk', async (t) => {
  const { writable, readable } = streams()
  const events = []
  for (const name of ['finish', 'close']) writable.on(name, () => events.push(`writable ${name}`))
  for (const name of ['end', 'close']) readable.on(name, () => events.push(`readable ${name}`))
  readable.on('data', (chunk) => events.push(String(chunk)))
  writable.end('last')
  await Promise.all([once(writable, 'close'), once(readable, 'close')])
  const of = (side) => events.filter((event) => event.startsWith(side))
  t.deepEqual(of('writable'), ['writable finish', 'writable close'])
  t.deepEqual(events.filter((event) => !event.startsWith('writable')), ['last', 'readable end', 'readable close'])
})

test('a write after the end is refused as Node refuses it', async (t) => {
  const { writable, readable } = streams()
  readable.resume()
  writable.end()
  writable.write('late')
  const [error] = await once(writable, 'error')
  t.is(error.code, 'ERR_STREAM_WRITE_AFTER_END')
})

test('a ring that is never empty leaves timers their turn', async (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 1024 })
  const readable = consumer.toReadable()
  let timer = false
  setTimeout(() => (timer = true), 1)
  readable.on('data', () => {
    // What is read is replaced at once: nothing but the timer ends this.
    if (timer) readable.destroy()
    else producer.push(1)
  })
  producer.pushMany(new Float64Array(512))
  await once(readable, 'close')
  t.true(timer)
})

test('the reader of a closed consumer fails the writer', async (t) => {
  const { writable, readable } = streams({ capacity: 4096 })
  readable.destroy()
  await once(readable, 'close')
  writable.on('error', () => {})
  writable.write('for nobody')
  const [error] = await once(writable, 'error')
  t.is(error.code, 'ERR_CROSSCORE_CLOSED')
})

test('a writer that waits for room hears that the reader is gone', async (t) => {
  const { writable, readable } = streams({ capacity: 4096 })
  writable.write(new Uint8Array(50_000))
  await turn()
  readable.destroy()
  const [error] = await once(writable, 'error')
  t.is(error.code, 'ERR_CROSSCORE_CLOSED')
})

for (const moment of ['at once', 'after a turn', 'while it waits', 'in a listener']) {
  test(`destroying the writer ${moment} closes both, and calls back each write`, async (t) => {
    const { writable, readable } = streams({ capacity: 64, memory: 'heap' })
    writable.on('error', () => {})
    readable.on('error', () => {})
    const wrote = []
    for (let n = 0; n < 5; n++) writable.write(new Uint8Array(moment === 'while it waits' ? 200 : 4), () => wrote.push(n))
    if (moment === 'in a listener') readable.once('data', () => writable.destroy(new Error('on purpose')))
    else {
      if (moment !== 'at once') await turn()
      if (moment === 'while it waits') await sleep(5)
      writable.destroy(new Error('on purpose'))
    }
    readable.resume()
    await Promise.all([writable, readable].map((stream) => (stream.closed ? undefined : once(stream, 'close').catch(() => {}))))
    await turn()
    t.true(writable.destroyed && readable.destroyed)
    t.deepEqual(wrote.sort(), [0, 1, 2, 3, 4])
  })

  test(`destroying the reader ${moment} closes it once and leaves nothing waiting`, async (t) => {
    const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
    const readable = consumer.toReadable()
    let closed = 0
    readable.on('close', () => closed++)
    if (moment === 'in a listener') {
      readable.on('data', () => readable.destroy())
      producer.push(Uint8Array.of(1))
      producer.push(Uint8Array.of(2))
      await once(readable, 'close')
    } else {
      if (moment === 'while it waits') readable.resume()
      if (moment !== 'at once') await turn()
      readable.destroy()
      await once(readable, 'close')
    }
    await turn()
    t.is(closed, 1)
    t.true(consumer.done)
    t.throws(() => producer.push(Uint8Array.of(1)), { code: 'ERR_CROSSCORE_CLOSED' })
  })
}

test('an aborted signal destroys either end', async (t) => {
  for (const signal of [AbortSignal.abort(), AbortSignal.timeout(5)]) {
    const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
    const writable = producer.toWritable({ signal })
    const readable = consumer.toReadable({ signal })
    readable.resume()
    const [[first], [second]] = await Promise.all([once(writable, 'error'), once(readable, 'error')])
    t.is(first.name, 'AbortError')
    t.is(second.name, 'AbortError')
  }
})

test('a listener that reads, and one that writes, do not mix up the order', async (t) => {
  const { producer, consumer } = createRing({ of: 'u32', capacity: 64 })
  const readable = consumer.toReadable({ highWaterMark: 4 })
  producer.pushMany(Uint32Array.from({ length: 40 }, (_, n) => n))
  producer.close()
  const got = []
  readable.on('data', (value) => {
    got.push(value)
    if (got.length % 5 === 0) {
      readable.pause()
      const more = readable.read()
      // A read emits data of its own.
      if (more === null) t.true(got.length <= 40)
      readable.resume()
    }
  })
  await once(readable, 'end')
  t.deepEqual(got, Array.from({ length: 40 }, (_, n) => n))
})

test('a handle that its program has closed, moved or waits on ends the stream with what it says', async (t) => {
  const closed = streams()
  closed.producer.close()
  closed.writable.write('x')
  t.is((await once(closed.writable, 'error'))[0].code, 'ERR_CROSSCORE_CLOSED')

  const moved = streams()
  moved.consumer.move()
  moved.readable.resume()
  t.is((await once(moved.readable, 'error'))[0].code, 'ERR_CROSSCORE_MOVED')

  const busy = streams()
  const waiting = busy.consumer.ready()
  busy.readable.resume()
  t.is((await once(busy.readable, 'error'))[0].code, 'ERR_CROSSCORE_BUSY')
  t.false(await waiting)
})

test('pipelines through another thread: every byte there and back', async (t) => {
  const there = createRing({ of: 'bytes', capacity: 1 << 16 })
  const back = createRing({ of: 'bytes', capacity: 1 << 14 })
  const worker = new Worker(new URL('./workers/stream-back.js', import.meta.url), {
    workerData: { input: there.consumer.move(), output: back.producer.move() },
  })
  const ended = once(worker, 'exit')
  const chunks = Array.from({ length: 300 }, (_, n) => randomBytes((n * 997) % 30_000))
  const hash = createHash('sha256')
  let bytes = 0
  const sink = new Writable({
    write(chunk, _encoding, callback) {
      hash.update(chunk)
      bytes += chunk.length
      if (bytes % 7 === 0) setImmediate(callback)
      else callback()
    },
  })
  await Promise.all([
    pipeline(Readable.from(chunks), there.producer.toWritable()),
    pipeline(back.consumer.toReadable(), new PassThrough(), sink),
  ])
  const expected = createHash('sha256')
  for (const chunk of chunks) expected.update(chunk)
  t.is(hash.digest('hex'), expected.digest('hex'))
  t.is((await ended)[0], 0)
})

test('a worker that is killed in the middle ends the pipeline, with or without an error, but never holds it', async (t) => {
  for (let round = 0; round < 5; round++) {
    const there = createRing({ of: 'bytes', capacity: 1 << 12 })
    const back = createRing({ of: 'bytes', capacity: 1 << 12 })
    const worker = new Worker(new URL('./workers/stream-back.js', import.meta.url), {
      workerData: { input: there.consumer.move(), output: back.producer.move() },
    })
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(5000))
      },
    })
    const writing = pipeline(endless, there.producer.toWritable()).then(() => undefined, (error) => error)
    const readable = back.consumer.toReadable()
    await once(readable, 'data')
    await sleep(round)
    await worker.terminate()
    t.is((await writing).code, 'ERR_CROSSCORE_CLOSED')
    readable.resume()
    if (!readable.closed) await once(readable, 'close')
    t.true(readable.destroyed)
  }
})

test('an error in a pipeline destroys the streams of this side', async (t) => {
  const { writable, readable, consumer } = streams()
  readable.on('error', () => {})
  const failing = new Transform({
    transform(_chunk, _encoding, callback) {
      callback(new Error('on purpose'))
    },
  })
  await t.throwsAsync(pipeline(Readable.from(['a']), failing, writable), { message: 'on purpose' })
  t.true(writable.destroyed)
  t.true(consumer.closed)
})

test('the error of a writer reaches the reader after the last chunk, with its code and cause', async (t) => {
  const { writable, readable } = streams()
  writable.write('all that came')
  await turn()
  writable.on('error', () => {})
  writable.destroy(Object.assign(new RangeError('on purpose', { cause: new Error('why') }), { code: 'ERR_ON_PURPOSE' }))
  let text = ''
  const error = await t.throwsAsync(async () => {
    for await (const chunk of readable) text += chunk
  }, { message: 'on purpose', code: 'ERR_ON_PURPOSE' })
  t.is(text, 'all that came')
  t.is(error.cause.message, 'why')
})

test('a writer that is destroyed without an error does not look like one that has ended', async (t) => {
  const { writable, readable } = streams()
  writable.write('half')
  await turn()
  writable.destroy()
  await t.throwsAsync(readable.toArray(), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
})

test('the error of a reader reaches the writer', async (t) => {
  const { writable, readable } = streams()
  writable.write(new Uint8Array(50_000))
  readable.on('error', () => {})
  await turn()
  readable.destroy(Object.assign(new Error('on purpose'), { code: 'ERR_ON_PURPOSE' }))
  const [error] = await once(writable, 'error')
  t.is(error.code, 'ERR_ON_PURPOSE')
})

for (const memory of MEMORIES) {
  test(`${memory}: strings of all sorts are chunks of object mode, through a ring that holds few of them`, async (t) => {
    const { writable, readable } = streams({ of: 'string', capacity: 4096, memory })
    const texts = Array.from({ length: 500 }, (_, n) => ['', 'ascii', 'é', '€uro', '🎈', '\ud800'][n % 6].repeat(n % 300))
    const [got] = await Promise.all([collect(readable), pipeline(Readable.from(texts, { highWaterMark: 50 }), writable)])
    t.deepEqual(got, texts)
  })

  test(`${memory}: records are chunks of object mode`, async (t) => {
    const { writable, readable } = streams({ of: record({ id: 'u32', px: 'f64' }), capacity: 4, memory })
    const rows = Array.from({ length: 300 }, (_, id) => ({ id, px: id / 4 }))
    const [got] = await Promise.all([collect(readable), pipeline(Readable.from(rows), writable)])
    t.deepEqual(got.map(({ id, px }) => ({ id, px })), rows)
  })
}

test('a string that can never fit destroys the stream', async (t) => {
  const { writable, readable } = streams({ of: 'string', capacity: 64, memory: 'heap' })
  readable.on('error', () => {})
  writable.write('€'.repeat(100))
  t.is((await once(writable, 'error'))[0].code, 'ERR_CROSSCORE_TOO_LARGE')
})

test('null cannot be a chunk, and says so', async (t) => {
  const { producer, readable } = streams({ of: 'json', capacity: 4096 })
  producer.push({ a: 1 })
  producer.push(null)
  const got = []
  readable.on('data', (value) => got.push(value))
  const [error] = await once(readable, 'error')
  t.is(error.code, 'ERR_CROSSCORE_INVALID_ARG')
  t.deepEqual(got, [{ a: 1 }])
})
