// createRing: what it takes, what it makes of it, and what it says to everything else.

import test from 'ava'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createRing } from 'crosscore'
import { kindNames, kinds } from './kinds.js'
import { refuses, refusesArgument } from './refusal.js'
import { hasSerializer } from './runtime.js'

test('options must be an object', (t) => {
  for (const options of [undefined, null, 1, 'f64', true, 1n, Symbol('s'), () => ({ of: 'f64', capacity: 8 })]) {
    refusesArgument(t, () => createRing(options), { what: 'options', allowed: 'an object', given: options === null ? 'null' : typeof options })
  }
  refusesArgument(t, () => createRing(), { what: 'options', given: 'undefined' })
})

test('of must be a kind', (t) => {
  for (const of of [undefined, null, 'f16', 'F64', 'String', '', 'constructor', '__proto__', 8, ['f64'], { f64: 1 }, new String('f64')]) {
    refusesArgument(t, () => createRing({ of, capacity: 8 }), {
      what: 'options.of',
      allowed: `one of ${kindNames.join(', ')}, bytes, string, json, value, or record({ … })`,
      given: of === null || of === undefined ? String(of) : typeof of,
    })
  }
  refusesArgument(t, () => createRing([]), { what: 'options.of' })
})

test('capacity must be a count that there is memory for', (t) => {
  const wrong = [0, -0, -1, -8, 0.5, 8.5, NaN, Infinity, -Infinity, 2 ** 53, Number.MAX_VALUE, '8', '', 8n, null, undefined, true, [8], {}]
  for (const of of [...kindNames, 'bytes']) {
    const size = kinds[of]?.array.BYTES_PER_ELEMENT ?? 1
    for (const capacity of [...wrong, 2 ** 30 / size + 1]) {
      refusesArgument(t, () => createRing({ of, capacity }), {
        what: `options.capacity (in ${of === 'bytes' ? 'bytes' : 'elements'})`,
        allowed: `an integer from 1 to ${2 ** 30 / size}`,
        given: capacity === null || capacity === undefined ? String(capacity) : typeof capacity,
      })
    }
  }
})

test("'value' is refused where v8 makes no Serializer, before there is a ring", async (t) => {
  const refused = { code: 'ERR_CROSSCORE_UNSUPPORTED', message: /^this runtime has no v8\.Serializer/ }
  if (!hasSerializer) {
    const error = t.throws(() => createRing({ of: 'value', capacity: 1024 }), refused)
    t.is(error.cause.code, 'ERR_NOT_IMPLEMENTED')
    t.notThrows(() => createRing({ of: 'json', capacity: 1024 }))
    return
  }
  t.notThrows(() => createRing({ of: 'value', capacity: 1024 }))
  // A Node whose v8 is Bun's: the class is there, and throws when one is made.
  const program = `
    import { syncBuiltinESMExports } from 'node:module'
    import v8 from 'node:v8'
    v8.DefaultSerializer = class { constructor() { throw Object.assign(new Error('not here'), { code: 'ERR_NOT_IMPLEMENTED' }) } }
    syncBuiltinESMExports()
    const { createRing } = await import('crosscore')
    createRing({ of: 'json', capacity: 1024 })
    try { createRing({ of: 'value', capacity: 1024 }) } catch ({ code, message, cause }) { console.log(JSON.stringify({ code, message, cause: cause.code })) }`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: new URL('..', import.meta.url) })
  const error = JSON.parse(stdout)
  t.is(error.code, refused.code)
  t.regex(error.message, refused.message)
  t.is(error.cause, 'ERR_NOT_IMPLEMENTED')
})

test('memory must be one that there is', (t) => {
  for (const memory of [null, 'Heap', '', 'huge', 1, true, ['heap'], {}]) {
    refusesArgument(t, () => createRing({ of: 'f64', capacity: 8, memory }), { what: 'options.memory', allowed: 'auto, mirrored or heap' })
  }
  for (const memory of [undefined, 'auto']) {
    t.true(['mirrored', 'heap'].includes(createRing({ of: 'f64', capacity: 8, memory }).producer.memory))
  }
})

test("publish must be 'each' or a number of pushes", (t) => {
  for (const publish of [0, -1, 0.5, NaN, Infinity, 2 ** 31, 2 ** 53]) {
    refusesArgument(t, () => createRing({ of: 'f64', capacity: 8, publish }), {
      what: 'options.publish',
      allowed: 'an integer from 1',
      given: String(publish),
    })
  }
  for (const publish of [null, '', 'Each', 'Tick', '8', 8n, true, [8], {}]) {
    refusesArgument(t, () => createRing({ of: 'f64', capacity: 8, publish }), { what: 'options.publish', allowed: "'each'" })
  }
  for (const publish of [undefined, 'each', 1, 2 ** 31 - 1]) t.truthy(createRing({ of: 'f64', capacity: 8, publish }))
})

test('an option that throws is heard as it is', (t) => {
  const mine = new Error('mine')
  const options = {
    of: 'f64',
    get capacity() {
      throw mine
    },
  }
  t.is(
    t.throws(() => createRing(options)),
    mine,
  )
})

test('capacity is rounded up to a power of two, and on mirrored memory to pages of the system', (t) => {
  for (const of of [...kindNames, 'bytes']) {
    const size = kinds[of]?.array.BYTES_PER_ELEMENT ?? 1
    for (const [wanted, rounded] of [[16, 16], [17, 32], [100, 128], [128, 128], [5000, 8192]]) {
      const heap = createRing({ of, capacity: wanted, memory: 'heap' })
      t.is(heap.producer.capacity, rounded)
      t.is(heap.consumer.capacity, rounded)
      const mirrored = createRing({ of, capacity: wanted, memory: 'mirrored' })
      const bytes = mirrored.producer.capacity * size
      t.is(mirrored.consumer.capacity, mirrored.producer.capacity)
      t.true(mirrored.producer.capacity >= rounded)
      t.is(bytes & (bytes - 1), 0)
      t.true(bytes >= 4096)
    }
  }
})

test('the largest ring works where there is memory for it', (t) => {
  // Mirrored: pages that nobody touches take no memory. The heap's would be zeroed by some allocators.
  const { producer, consumer } = createRing({ of: 'u64', capacity: 2 ** 27, memory: 'mirrored' })
  t.is(producer.capacity, 2 ** 27)
  t.is(producer.free, 2 ** 27)
  const block = producer.reserve(2 ** 27)
  block[0] = 1n
  block[2 ** 27 - 1] = 2n
  producer.commit()
  t.is(producer.free, 0)
  t.false(producer.push(3n))
  t.is(consumer.available, 2 ** 27)
  const view = consumer.peek()
  t.is(view.length, 2 ** 27)
  t.is(view[2 ** 27 - 1], 2n)
  consumer.release(2 ** 27 - 1)
  t.true(producer.push(3n))
  t.deepEqual(consumer.popMany(3), [2n, 3n])
})

test('a handle shows what it is', async (t) => {
  const { inspect } = await import('node:util')
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8, memory: 'heap' })
  producer.pushMany([1, 2, 3])
  t.is(inspect(producer), "Producer<f64> { state: 'open', filled: 3, capacity: 8, memory: 'heap' }")
  t.is(inspect(consumer), "Consumer<f64> { state: 'open', filled: 3, capacity: 8, memory: 'heap' }")
  t.is(inspect([producer], { depth: 0 }), '[ [Producer<f64>] ]')
  producer.close()
  t.is(inspect(producer), "Producer<f64> { state: 'closed', filled: 0, capacity: 8, memory: 'heap' }")
  t.is(inspect(consumer), "Consumer<f64> { state: 'producer gone', filled: 3, capacity: 8, memory: 'heap' }")
  consumer.move()
  t.is(inspect(consumer), "Consumer<f64> { state: 'moved', filled: 0, capacity: 8, memory: 'heap' }")
  // And nothing else: no way from a handle to what is behind it.
  t.deepEqual(Reflect.ownKeys(producer), [])
  t.deepEqual(Reflect.ownKeys(consumer), [])
})

test('the error class is for programs to test with, and to make', async (t) => {
  const { CrosscoreError } = await import('crosscore')
  const error = refuses(t, 'INVALID_ARG', () => createRing(null))
  t.true(error instanceof Error)
  t.is(Object.prototype.toString.call(error), '[object Error]')
  t.true(error.stack.startsWith('CrosscoreError [ERR_CROSSCORE_INVALID_ARG]: options must be an object'), error.stack)
  t.false(Object.keys(error).includes('name'))
  t.is(new CrosscoreError('ERR_CROSSCORE_BUSY', 'mine').message, 'mine')
})

test('streams refuse options that are no object, and the handle is still the program\'s', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  for (const options of [null, 5, 'soon']) {
    refusesArgument(t, () => producer.toWritable(options), { what: 'options' })
    refusesArgument(t, () => producer.toWritableStream(options), { what: 'options' })
    refusesArgument(t, () => consumer.toReadable(options), { what: 'options' })
    refusesArgument(t, () => consumer.toReadableStream(options), { what: 'options' })
  }
  t.true(producer.push(1))
  t.is(consumer.pop(), 1)
})
