// Endpoints of two rings, and question and answer over them.

import test from 'ava'
import { once } from 'node:events'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createDuplex, createRing, CrosscoreError, Duplex, rpc } from 'crosscore'

const OPTIONS = { of: 'bytes', capacity: 1 << 14 }

/** A client and a server in this thread. */
function pair(t, handlers, options, ring = OPTIONS) {
  const [here, there] = createDuplex(ring)
  const client = rpc(here, undefined, options)
  const server = rpc(there, handlers, options)
  t.teardown(() => {
    client.close()
    server.close()
  })
  return { client, server, remote: client.remote, here, there }
}

function calculator(t, options) {
  const [here, there] = createDuplex(OPTIONS)
  const worker = new Worker(new URL('./workers/calculator.js', import.meta.url), { workerData: there.move() })
  const client = rpc(here, undefined, options)
  t.teardown(async () => {
    client.close()
    await worker.terminate()
  })
  return { client, worker, remote: client.remote }
}

// ---- endpoints -----------------------------------------------------------------------------------

test('what one end pushes the other pops, both ways', (t) => {
  const [here, there] = createDuplex({ of: 'f64', capacity: 4 })
  here.producer.push(1)
  there.producer.push(2)
  t.is(there.consumer.pop(), 1)
  t.is(here.consumer.pop(), 2)
  here.close()
  t.true(here.closed)
  t.true(there.closed)
})

test('an endpoint moves as one token, with what is in its rings', (t) => {
  const [here, there] = createDuplex({ of: 'u8', capacity: 4 })
  here.producer.push(1)
  there.producer.push(2)
  const token = structuredClone(there.move())
  t.is(token.crosscore, 'duplex')
  t.is(token.of, 'u8')
  t.throws(() => there.producer.push(1), { code: 'ERR_CROSSCORE_MOVED' })
  t.throws(() => there.consumer.pop(), { code: 'ERR_CROSSCORE_MOVED' })
  const moved = Duplex.from(token)
  t.true(moved instanceof Duplex)
  t.is(moved.consumer.pop(), 1)
  t.is(here.consumer.pop(), 2)
  moved.producer.push(3)
  t.is(here.consumer.pop(), 3)
  t.throws(() => Duplex.from(token), { code: 'ERR_CROSSCORE_TOKEN' })
})

test('either both handles of an endpoint move or none does', async (t) => {
  const [here, there] = createDuplex({ of: 'u8', capacity: 4 })
  const waiting = here.consumer.ready()
  t.throws(() => here.move(), { code: 'ERR_CROSSCORE_BUSY' })
  t.true(here.producer.push(1))
  t.is(there.consumer.pop(), 1)
  there.producer.push(2)
  t.true(await waiting)
  here.producer.reserve(1)
  t.throws(() => here.move(), { code: 'ERR_CROSSCORE_BUSY' })
  here.producer.abort()
  t.is(Duplex.from(here.move()).consumer.pop(), 2)
})

test('what is no token of an endpoint is refused', (t) => {
  const { producer } = createRing({ of: 'u8', capacity: 4 })
  for (const wrong of [undefined, null, 1, {}, producer.move(), { crosscore: 'duplex' }]) {
    t.throws(() => Duplex.from(wrong), { code: 'ERR_CROSSCORE_TOKEN' })
  }
  const [here, there] = createDuplex({ of: 'u8', capacity: 4 })
  const token = here.move()
  t.throws(() => Duplex.from({ ...token, consumer: token.producer }), { code: 'ERR_CROSSCORE_TOKEN' })
  t.true(there.consumer.closed, 'half an endpoint is none')
})

test('using closes an endpoint', (t) => {
  const [here, there] = createDuplex({ of: 'u8', capacity: 4 })
  here[Symbol.dispose]()
  t.true(there.closed)
})

// ---- answers -------------------------------------------------------------------------------------

test('values of all sorts go there and back as they are', async (t) => {
  const { remote } = pair(t, { echo: (...values) => values })
  const cyclic = { name: 'x' }
  cyclic.self = cyclic
  const values = [undefined, null, 0, -0, NaN, 1n, 'text €', true, new Date(5), /x/g, new Map([[1, new Set([2])]])]
  t.deepEqual(await remote.echo(...values), values)
  const [back] = await remote.echo(cyclic)
  t.is(back.self, back)
  t.deepEqual(await remote.echo(), [])
})

test('typed arrays arrive at every offset', async (t) => {
  const { remote } = pair(t, { echo: (...values) => values })
  const arrays = [Float64Array.of(1, 2), Uint16Array.of(3), BigInt64Array.of(-4n), Uint8Array.of(1, 2, 3), new Float32Array(0)]
  for (let n = 0; n < 16; n++) {
    const [, ...got] = await remote.echo('x'.repeat(n), ...arrays)
    t.deepEqual(got, arrays)
  }
})

test('a value longer than the ring goes in parts, both ways at once', async (t) => {
  const { remote } = pair(t, { echo: (value) => value }, undefined, { of: 'bytes', capacity: 4096, memory: 'heap' })
  const long = Float64Array.from({ length: 30_000 }, (_, n) => n)
  const answers = await Promise.all([remote.echo(long), remote.echo('between'), remote.echo(long), remote.echo('x'.repeat(100_000))])
  t.deepEqual(answers[0], long)
  t.is(answers[1], 'between')
  t.deepEqual(answers[2], long)
  t.is(answers[3].length, 100_000)
})

test('a thousand calls at once are answered each with its own', async (t) => {
  const { remote, client } = pair(t, { twice: async (n) => (n % 3 === 0 && (await turn()), 2 * n) })
  const answers = await Promise.all(Array.from({ length: 1000 }, (_, n) => remote.twice(n)))
  t.deepEqual(answers, Array.from({ length: 1000 }, (_, n) => 2 * n))
  t.is(client.pending, 0)
})

test('both ends ask and answer, in each other\'s handlers too', async (t) => {
  const [here, there] = createDuplex(OPTIONS)
  const left = rpc(here, { half: (n) => n / 2 })
  const right = rpc(there, { quarter: async (n) => (await right.remote.half(n)) / 2 })
  t.is(await left.remote.quarter(8), 2)
  t.is(await right.remote.half(5), 2.5)
  left.close()
  await right.ended
})

test('a handler may pass on what another end answers, a value or a stream', async (t) => {
  const { remote: behind } = pair(t, {
    one: () => 1,
    async *two() {
      yield 1
      yield 2
    },
  })
  const { remote } = pair(t, { one: () => behind.one(), two: () => behind.two() })
  t.is(await remote.one(), 1)
  const got = []
  for await (const n of remote.two()) got.push(n)
  t.deepEqual(got, [1, 2])
})

test('a handler is a method of its object or class, and nothing that every object has', async (t) => {
  class Server {
    count = 7
    get() {
      return this.count
    }
  }
  class Derived extends Server {
    own = () => 'own'
  }
  const { remote } = pair(t, new Derived())
  t.is(await remote.get(), 7)
  t.is(await remote.own(), 'own')
  for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__', '__defineGetter__', 'count', 'missing', '']) {
    const error = await t.throwsAsync(remote[name]())
    t.is(error.code, 'ERR_CROSSCORE_INVALID_ARG')
    t.true(error instanceof CrosscoreError)
    t.true(error.message.includes(JSON.stringify(name)))
  }
})

test('a remote can be awaited, and shown', async (t) => {
  const { remote } = pair(t, {})
  t.is(await remote, remote)
  t.is(remote[Symbol.iterator], undefined)
  t.is(remote.same, remote.same)
})

// ---- errors --------------------------------------------------------------------------------------

test('errors keep class, code, cause and their own properties', async (t) => {
  class LimitError extends RangeError {
    constructor(limit) {
      super('too much')
      this.code = 'ERR_LIMIT'
      this.limit = limit
    }
  }
  const handlers = {
    type: () => {
      throw new TypeError('wrong', { cause: new RangeError('because', { cause: 'of this' }) })
    },
    limit: async () => {
      throw new LimitError(5)
    },
    crosscore: () => createRing({ of: 'nothing', capacity: 1 }),
    many: () => Promise.reject(new AggregateError([new SyntaxError('a'), 2], 'several')),
    dom: () => {
      throw new DOMException('gone', 'DataCloneError')
    },
    plain: () => {
      throw { code: 7 }
    },
    unclonable: () => {
      throw () => {}
    },
    holds: () => {
      throw Object.assign(new Error('holds a function'), { fn() {}, fine: 1 })
    },
    ring: () => {
      const error = new Error('its own cause')
      error.cause = error
      throw error
    },
    hostile: () => {
      throw new Proxy(new Error('x'), {
        get() {
          throw new Error('no')
        },
      })
    },
  }
  const { remote } = pair(t, handlers, { errors: [LimitError] })

  const type = await t.throwsAsync(remote.type(), { instanceOf: TypeError, message: 'wrong' })
  t.true(type.cause instanceof RangeError)
  t.is(type.cause.cause, 'of this')
  t.true(type.stack.includes('rpc.spec.js'))
  const limit = await t.throwsAsync(remote.limit(), { instanceOf: LimitError, code: 'ERR_LIMIT' })
  t.is(limit.limit, 5)
  t.true(limit instanceof RangeError)
  await t.throwsAsync(remote.crosscore(), { instanceOf: CrosscoreError, code: 'ERR_CROSSCORE_INVALID_ARG', name: 'CrosscoreError' })
  const many = await t.throwsAsync(remote.many(), { instanceOf: AggregateError, message: 'several' })
  t.true(many.errors[0] instanceof SyntaxError)
  t.is(many.errors[1], 2)
  const dom = await remote.dom().catch((error) => error)
  t.true(dom instanceof DOMException)
  t.is(dom.name, 'DataCloneError')
  t.deepEqual(await remote.plain().catch((error) => error), { code: 7 })
  t.is(typeof (await remote.unclonable().catch((error) => error)), 'string')
  const holds = await t.throwsAsync(remote.holds(), { message: 'holds a function' })
  t.is(holds.fine, 1)
  t.false('fn' in holds)
  await t.throwsAsync(remote.ring(), { message: 'its own cause' })
  t.truthy(await remote.hostile().catch((error) => error))
})

test('a class that the other side does not know arrives as the nearest that it knows, with its name', async (t) => {
  class Special extends TypeError {
    name = 'Special'
  }
  const { remote } = pair(t, {
    fail: () => {
      throw new Special('mine')
    },
  })
  const error = await t.throwsAsync(remote.fail(), { instanceOf: TypeError })
  t.is(error.name, 'Special')
})

test('what cannot be cloned fails its own call and no other', async (t) => {
  const { remote, client } = pair(t, { echo: (value) => value, make: () => () => {} })
  const good = remote.echo(1)
  await t.throwsAsync(remote.echo(() => {}))
  await t.throwsAsync(remote.make())
  await t.throwsAsync(remote.echo({ get bad() { throw new Error('getter') } }), { message: 'getter' })
  t.is(await good, 1)
  t.is(client.pending, 0)
})

test('a getter that asks, or closes, while its call is encoded', async (t) => {
  const { remote, client } = pair(t, { echo: (value) => value })
  let inner
  t.deepEqual(await remote.echo({ get a() { inner = remote.echo(2); return 1 } }), { a: 1 })
  t.is(await inner, 2)
  await t.throwsAsync(remote.echo({ get a() { client.close(); return 1 } }), { code: 'ERR_CROSSCORE_CLOSED' })
})

// ---- signals and timeouts --------------------------------------------------------------------------

test('a signal among the arguments is one at the other side', async (t) => {
  let seen
  const { remote, client } = pair(t, {
    wait: (signal, what) => new Promise((_, reject) => signal.addEventListener('abort', () => {
      seen = { what, reason: signal.reason }
      reject(signal.reason)
    })),
  })
  const controller = new AbortController()
  const answer = remote.wait(controller.signal, 'rain')
  await turn()
  controller.abort(new Error('enough'))
  const error = await t.throwsAsync(answer, { name: 'AbortError', code: 'ABORT_ERR' })
  t.is(error.cause.message, 'enough')
  await turn()
  await turn()
  t.is(seen.what, 'rain')
  t.is(seen.reason.name, 'AbortError')
  t.is(seen.reason.cause.message, 'enough')
  t.is(client.pending, 0)
})

test('a signal that was aborted before sends nothing', async (t) => {
  let called = 0
  const { client, remote } = pair(t, { count: () => ++called })
  await t.throwsAsync(client.with({ signal: AbortSignal.abort() }).count(), { name: 'AbortError' })
  await t.throwsAsync(remote.count(AbortSignal.abort()), { name: 'AbortError' })
  t.is(await remote.count(), 1)
})

test('late answers are dropped', async (t) => {
  let answer
  const { client, remote } = pair(t, { wait: () => new Promise((resolve) => (answer = resolve)), echo: (value) => value })
  const error = await client.with({ timeout: 5 }).wait().catch((error) => error)
  t.is(error.name, 'TimeoutError')
  t.regex(error.message, /wait has not answered within 5 ms/)
  await turn()
  answer('late')
  t.is(await remote.echo(2), 2)
  t.is(client.pending, 0)
})

test('a timeout for all calls, and another for one', async (t) => {
  const { client, remote } = pair(t, { later: (ms) => sleep(ms, 'done') }, { timeout: 5 })
  t.is((await remote.later(10_000).catch((error) => error)).name, 'TimeoutError')
  t.is(await client.with({ timeout: 10_000 }).later(20), 'done')
  for (const timeout of [-1, NaN, '5']) {
    await t.throwsAsync(client.with({ timeout }).later(1), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  }
  for (const wrong of [{ timeout: -1 }, { timeout: NaN }]) t.throws(() => rpc(createDuplex(OPTIONS)[0], {}, wrong), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  await t.throwsAsync(client.with({ signal: {} }).later(1), { code: 'ERR_CROSSCORE_INVALID_ARG' })
})

test('what is no endpoint, no handlers or no options is refused, and the endpoint stays good', async (t) => {
  const one = createDuplex({ of: 'f64', capacity: 64 })[0]
  const { producer, consumer } = createRing(OPTIONS)
  for (const endpoint of [undefined, null, 1, {}, one, producer, { producer, consumer }]) {
    t.throws(() => rpc(endpoint), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /endpoint/ })
  }
  const [here, there] = createDuplex(OPTIONS)
  for (const handlers of [null, 5, 'add']) t.throws(() => rpc(there, handlers), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /handlers/ })
  for (const options of [null, 5, { errors: 5 }, { errors: [1] }, { timeout: Object.create(null) }]) {
    t.throws(() => rpc(there, {}, options), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /options/ })
  }
  const server = rpc(there, { add: (a, b) => a + b })
  t.throws(() => rpc(there, {}), { code: 'ERR_CROSSCORE_BUSY' })
  const client = rpc(here)
  t.is(await client.remote.add(1, 2), 3)
  client.close()
  await server.ended
})

test('payloads of any length go through the smallest rings, and what is smaller is refused', async (t) => {
  for (const capacity of [32, 64, 128]) {
    const { remote } = pair(t, { back: (value) => value }, undefined, { of: 'bytes', capacity, memory: 'heap' })
    for (const length of [0, 1, 8, 9, 500]) t.is((await remote.back('x'.repeat(length))).length, length)
  }
  const [small] = createDuplex({ of: 'bytes', capacity: 16, memory: 'heap' })
  t.throws(() => rpc(small), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /capacity.*32/ })
})

// ---- streams ---------------------------------------------------------------------------------------

test('a stream of answers is iterated, or awaited for its iterator', async (t) => {
  const { remote, client } = pair(t, {
    async *count(to) {
      for (let n = 0; n < to; n++) yield n
    },
    promised: async () => (async function* () { yield 'one' })(),
  })
  const got = []
  for await (const n of remote.count(1000)) got.push(n)
  t.deepEqual(got, Array.from({ length: 1000 }, (_, n) => n))
  const iterator = await remote.count(2)
  t.deepEqual(await Promise.all([iterator.next(), iterator.next(), iterator.next()]), [
    { done: false, value: 0 },
    { done: false, value: 1 },
    { done: true, value: undefined },
  ])
  for await (const value of remote.promised()) t.is(value, 'one')
  for await (const _ of remote.count(0)) t.fail()
  t.is(client.pending, 0)
})

test('a stream that is not read stops being made', async (t) => {
  let made = 0
  const { remote } = pair(t, {
    async *endless() {
      for (;;) yield made++
    },
  })
  const iterator = await remote.endless()
  for (let n = 0; n < 50; n++) await turn()
  t.true(made > 0 && made < 200, `${made}`)
  for (let n = 0; n < 1000; n++) t.is((await iterator.next()).value, n)
  await iterator.return()
})

test('leaving the loop ends the generator at the other side', async (t) => {
  let left = false
  const { remote, client } = pair(t, {
    async *endless() {
      try {
        for (let n = 0; ; n++) yield n
      } finally {
        left = true
      }
    },
  })
  for await (const n of remote.endless()) if (n === 5) break
  await turn()
  await turn()
  t.true(left)
  t.is(client.pending, 0)
})

test('a generator that throws fails the loop after its items', async (t) => {
  const { remote } = pair(t, {
    async *fails() {
      yield 1
      yield 2
      throw new RangeError('that was all')
    },
    async *unclonable() {
      yield 1
      yield () => {}
    },
  })
  for (const name of ['fails', 'unclonable']) {
    const got = []
    await t.throwsAsync(async () => {
      for await (const n of remote[name]()) got.push(n)
    })
    t.is(got[0], 1)
  }
})

test('to iterate what is no stream is an error that says so', async (t) => {
  const { remote } = pair(t, { one: () => 1 })
  await t.throwsAsync(async () => {
    for await (const _ of remote.one()) t.fail()
  }, { instanceOf: TypeError, message: /no stream/ })
})

test('a signal ends a stream', async (t) => {
  const { client } = pair(t, {
    async *slow() {
      yield 1
      await new Promise(() => {})
    },
  })
  const controller = new AbortController()
  await t.throwsAsync(async () => {
    for await (const _ of client.with({ signal: controller.signal }).slow()) controller.abort()
  }, { name: 'AbortError' })
})

// ---- ends ------------------------------------------------------------------------------------------

test('to close rejects what waits here and at the other end, and aborts what runs', async (t) => {
  let aborted
  const [here, there] = createDuplex(OPTIONS)
  const client = rpc(here)
  const server = rpc(there, {
    wait: (signal) => new Promise(() => signal.addEventListener('abort', () => (aborted = signal.reason))),
  })
  const answer = client.remote.wait(new AbortController().signal)
  await turn()
  await turn()
  client.close()
  await t.throwsAsync(answer, { code: 'ERR_CROSSCORE_CLOSED' })
  await server.ended
  t.is(aborted.code, 'ERR_CROSSCORE_CLOSED')
  t.true(client.closed && server.closed)
  await t.throwsAsync(client.remote.wait(), { code: 'ERR_CROSSCORE_CLOSED' })
  client.close()
})

test('answers that were sent before the other end closed are read', async (t) => {
  const [here, there] = createDuplex(OPTIONS)
  const client = rpc(here)
  const server = rpc(there, {
    last: () => {
      setImmediate(() => server.close())
      return 'the last'
    },
  })
  const last = client.remote.last()
  t.is(await last, 'the last')
  await server.ended
  await t.throwsAsync(client.remote.last(), { code: 'ERR_CROSSCORE_CLOSED' })
  await client.ended
})

test('what is no frame ends the connection and says why', async (t) => {
  for (const junk of [new Uint8Array(3), new Uint8Array(16), new Uint8Array(8).fill(255), Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3)]) {
    const [here, there] = createDuplex(OPTIONS)
    const server = rpc(here, {})
    there.producer.push(junk)
    // A call with a payload that is none fails by itself; everything else is no rpc.
    if (junk[0] !== 1 && junk[1] !== 255) await server.ended
    there.close()
    await server.ended
    t.pass()
  }
})

test('an endpoint that its program closes or moves ends the connection', async (t) => {
  const { client, here, server } = pair(t, {})
  here.close()
  await client.ended
  await server.ended

  const [mine] = createDuplex(OPTIONS)
  const waits = rpc(mine, {})
  t.throws(() => mine.move(), { code: 'ERR_CROSSCORE_BUSY' })
  t.false(waits.closed)
  waits.close()
})

// ---- threads ---------------------------------------------------------------------------------------

test('a worker answers: values, promises, errors, streams', async (t) => {
  class LimitError extends RangeError {}
  const { remote } = calculator(t, { errors: [LimitError] })
  t.is(await remote.add(1, 2), 3)
  t.is(await remote.later('x', 5), 'x')
  t.is(await remote.based(1), 101)
  await t.throwsAsync(remote.limit(), { instanceOf: LimitError, code: 'ERR_LIMIT' })
  let sum = 0
  for await (const n of remote.count(10_000)) sum += n
  t.is(sum, 49_995_000)
})

test('all that waits is rejected when the other thread dies', async (t) => {
  const { remote, client, worker } = calculator(t)
  await remote.add(1, 1)
  const waiting = Array.from({ length: 50 }, () => remote.never())
  const iterator = await remote.count(1e9)
  remote.die().catch(() => {})
  for (const answer of waiting) await t.throwsAsync(answer, { code: 'ERR_CROSSCORE_CLOSED' })
  await t.throwsAsync(async () => {
    for await (const _ of iterator);
  }, { code: 'ERR_CROSSCORE_CLOSED' })
  await client.ended
  if (worker.threadId !== -1) await once(worker, 'exit')
})

test('a thread that is killed in the middle of a stream ends it', async (t) => {
  const { remote, worker } = calculator(t)
  await t.throwsAsync(async () => {
    let n = 0
    for await (const value of remote.count(1e9)) {
      t.is(value, n++)
      if (n === 500) void worker.terminate()
    }
  }, { code: 'ERR_CROSSCORE_CLOSED' })
})

test('a worker goes when the connection is closed', async (t) => {
  const { remote, client, worker } = calculator(t)
  await remote.add(1, 1)
  client.close()
  const [code] = await once(worker, 'exit')
  t.is(code, 0)
})

test('a worker that ends before it has taken its endpoint is an end like any other', async (t) => {
  const [here, there] = createDuplex(OPTIONS)
  const worker = new Worker('setInterval(() => {}, 1000)', { eval: true })
  worker.postMessage(there.move({ to: worker }))
  const client = rpc(here)
  const answer = client.remote.add(1, 2)
  await worker.terminate()
  await t.throwsAsync(answer, { code: 'ERR_CROSSCORE_CLOSED' })
  await client.ended
})

function no() {
  throw new Error('no')
}

test('a getter that throws fails its own call, and the connection goes on', async (t) => {
  const { remote } = pair(t, {
    // oxlint-disable-next-line unicorn/no-thenable -- a getter that throws is the case
    thenable: () => Object.defineProperty({}, 'then', { get: no }),
    iterable: () => Object.defineProperty({}, Symbol.asyncIterator, { get: no }),
    get missing() {
      return no()
    },
    two: () => 2,
  })
  for (const name of ['thenable', 'iterable', 'missing']) {
    await t.throwsAsync(remote[name](), { message: 'no' }, name)
    t.is(await remote.two(), 2)
  }
})

test('a call that the signal of another one makes spoils no arguments', async (t) => {
  const { client, remote } = pair(t, { join: (...args) => args.join() })
  let inner
  const signal = {
    aborted: false,
    addEventListener() {
      inner ??= remote.join(100, 200, 300)
    },
    removeEventListener() {},
  }
  t.is(await client.with({ signal }).join(1, 2), '1,2')
  t.is(await inner, '100,200,300')
})

test('an endpoint with a codec moves, and stays whole where it cannot', async (t) => {
  const of = {
    encode(value, target) {
      target[0] = value
      return 1
    },
    decode: ([value]) => value,
  }
  const [here, there] = createDuplex({ of, capacity: 64 })
  const pending = there.consumer.ready()
  t.throws(() => there.move(), { code: 'ERR_CROSSCORE_BUSY' })
  there.producer.push(1)
  t.is(here.consumer.pop(), 1)
  here.producer.push(2)
  t.true(await pending)
  const token = structuredClone(there.move())
  t.throws(() => Duplex.from(token), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /of: codec/ })
  const moved = Duplex.from(token, { of })
  t.is(moved.consumer.pop(), 2)
  moved.producer.push(3)
  t.is(here.consumer.pop(), 3)
})
