// Rings with one end in another addon: crates/crosscore-napi-tests is on the other side.

import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { array, bytes, Consumer, createRing, native, Producer, record, revoke } from 'crosscore'
import { buildAddons, loadAddon } from '../examples/native-source/build.js'

const root = fileURLToPath(new URL('..', import.meta.url))
let file
let addon

test.before((t) => {
  // cargo has more to do the first time.
  t.timeout(600_000)
  ;[, file] = buildAddons('native-source', 'crosscore-napi-tests')
  addon = loadAddon(file)
})

/** What comes back of `values`, which are pushed as there is room. */
async function echoed({ input, output }, values) {
  const producer = Producer.from(input)
  const consumer = Consumer.from(output)
  const back = []
  const reading = (async () => {
    for await (const value of consumer) back.push(value)
  })()
  for (const value of values) {
    while (!producer.push(value)) await producer.ready(typeof value === 'object' && 'length' in value ? value.length : undefined)
  }
  producer.close()
  await reading
  if (consumer.reason) throw consumer.reason
  return back
}

const Row = record({
  flag: 'u8',
  wide: 'u64',
  small: 'i8',
  half: 'i16',
  best: record({ px: 'f64', qty: 'u32' }),
  levels: array(record({ px: 'f64', qty: 'u32' }), 3),
  text: bytes(5),
  sums: array('f32', 2),
  ts: 'f64',
  signed: 'i64',
})

/** The nth row, with every bit of its fields in use. */
function row(i) {
  return {
    flag: i % 256,
    wide: 2n ** 64n - 1n - BigInt(i),
    small: 0 - (i % 128),
    half: 0 - (i % 32768),
    best: { px: i / 3, qty: i },
    levels: [0, 1, 2].map((k) => ({ px: -i * k, qty: 2 ** 32 - 1 - k - i })),
    text: Uint8Array.from([i, i >> 8, 1, 2, 255]),
    sums: Float32Array.from([i / 2, -i]),
    ts: Number.MAX_VALUE / (i + 1),
    signed: -(2n ** 63n) + BigInt(i),
  }
}

const integers = (bits, signed) => (i) => {
  const n = BigInt(i) * 0x9e37_79b9_7f4a_7c15n
  const wrapped = signed ? BigInt.asIntN(bits, n) : BigInt.asUintN(bits, n)
  return bits === 64 ? wrapped : Number(wrapped)
}

const kinds = {
  u8: integers(8, false),
  i8: integers(8, true),
  u16: integers(16, false),
  i16: integers(16, true),
  u32: integers(32, false),
  i32: integers(32, true),
  u64: integers(64, false),
  i64: integers(64, true),
  f32: (i) => Math.fround(i / 7),
  f64: (i) => [-0, NaN, Infinity, 5e-324, i / 7][i % 5],
  bytes: (i) => Uint8Array.from({ length: (i * 7) % 101 }, (_, k) => i + k),
  string: (i) => 'aß€😀'.repeat(i % 5) + 'x'.repeat(i % 23),
  record: row,
}

for (const [of, make] of Object.entries(kinds)) {
  for (const heap of [false, true]) {
    // INV-ABI-5
    test(`${of} through a thread of Rust and back, ${heap ? 'on the heap' : 'mirrored'}`, async (t) => {
      // So small that on the heap every sort of slot runs across the end.
      const pair = addon.echo(native, of, of === 'record' ? 5 : 256, heap)
      t.is(Object.keys(pair.input).join(), 'crosscore,of,id,origin')
      const values = Array.from({ length: 3000 }, (_, i) => make(i))
      t.deepEqual(await echoed(pair, values), values)
    })
  }
}

test('a schema that is not the struct of Rust is refused with the difference, and the token stays good', (t) => {
  const { input, output } = addon.echo(native, 'record', 16, false)
  const Other = record({ flag: 'u8', wide: 'i64' })
  t.throws(() => Producer.from(input, { of: Other }), { code: 'ERR_CROSSCORE_TOKEN', message: /wide is i64 here and u64 in the ring/ })
  t.throws(() => Consumer.from(input), { code: 'ERR_CROSSCORE_TOKEN', message: /producer/ })
  Producer.from(input, { of: Row }).close()
  t.throws(() => Producer.from(input), { code: 'ERR_CROSSCORE_TOKEN', message: /used/ })
  t.true(revoke(output))
})

test('a surrogate without a partner becomes U+FFFD in Rust', async (t) => {
  t.deepEqual(await echoed(addon.echo(native, 'string', 256, false), ['a\ud800b', '\udc00']), ['a\ufffdb', '\ufffd'])
})

// INV-ABI-4
test('tasks of Rust wait for JavaScript, and JavaScript for them', async (t) => {
  const [numbers, texts] = addon.echoInTasks(native, 64)
  const many = Array.from({ length: 20_000 }, (_, i) => i)
  t.deepEqual(await echoed(numbers, many), many)
  t.deepEqual(await echoed(texts, many.map(String)), many.map(String))
})

test('a panic of the thread ends the stream, after the last element, with a reason', async (t) => {
  const consumer = Consumer.from(addon.panicAfter(native, 1000))
  const seen = []
  while (await consumer.ready()) consumer.drain((n) => seen.push(n))
  t.deepEqual(seen, Array.from({ length: 1000 }, (_, i) => i))
  t.like(consumer.reason, { message: 'a thread of Rust panicked', code: 'ERR_CROSSCORE_PANIC' })
})

test('a reason of Rust reaches JavaScript', (t) => {
  const producer = Producer.from(addon.refuse(native, 'the "disk" is full'))
  t.true(producer.closed)
  t.is(producer.reason?.message, 'the "disk" is full')
  t.throws(() => producer.push(1), { code: 'ERR_CROSSCORE_CLOSED' })
})

for (const [name, reason, said] of [
  ['an error', Object.assign(new RangeError('too much'), { code: 'E_MUCH' }), '6 RangeError: too much Some("E_MUCH")'],
  ['none', undefined, '6 none'],
]) {
  test(`a reason of JavaScript reaches Rust: ${name}`, async (t) => {
    const { input, output } = addon.reportReason(native)
    const producer = Producer.from(input)
    for (const n of [1, 2, 3]) producer.push(n)
    producer.close(reason)
    const results = Consumer.from(output)
    await results.ready()
    t.is(results.pop(), said)
  })
}

// INV-ABI-2
test('Rust takes tokens that JavaScript has made, of the right kind only', async (t) => {
  const numbers = createRing({ of: 'f64', capacity: 64 })
  const result = createRing({ of: 'f64', capacity: 1 })
  const other = createRing({ of: 'u32', capacity: 64 })
  for (let i = 1; i <= 10; i++) numbers.producer.push(i)
  numbers.producer.close()
  const [from, into] = [numbers.consumer.move(), result.producer.move()]
  const wrong = other.consumer.move()
  t.throws(() => addon.sum(native, wrong, into), { message: /^ERR_CROSSCORE_TOKEN: a ring of f64 was expected, and the token's is of u32$/ })
  t.throws(() => addon.sum(native, { ...wrong, of: 'f64' }, into), { message: /^ERR_CROSSCORE_TOKEN: the token says that its ring is of f64, and it is not/ })
  t.true(revoke(wrong), 'what was refused stays good')
  t.throws(() => addon.sum(native, { ...from, id: '0'.repeat(32) }, into), { message: /^ERR_CROSSCORE_TOKEN: this token was changed/ })
  t.throws(() => addon.sum(native, into, from), { message: /^ERR_CROSSCORE_TOKEN: this is the token of a producer/ })
  for (const bad of [undefined, 1, {}, { ...from, id: 5 }, { ...from, crosscore: 'x' }]) {
    t.throws(() => addon.sum(native, bad, into), { message: /^ERR_CROSSCORE_TOKEN: a token, as move\(\) returned it, was expected/ })
  }
  addon.sum(native, from, into)
  await result.consumer.ready()
  t.is(result.consumer.pop(), 55)
})

test("of a ring with onFull: 'drop' Rust reads what was not dropped; its own pushes wait, and drop nothing", async (t) => {
  const numbers = createRing({ of: 'f64', capacity: 4, memory: 'heap', onFull: 'drop' })
  const result = createRing({ of: 'f64', capacity: 1, memory: 'heap', onFull: 'drop' })
  for (let i = 1; i <= 10; i++) t.is(numbers.producer.push(i), i <= 4)
  t.is(numbers.producer.stats.dropped, 6)
  // The only place is taken: Rust waits for it.
  result.producer.push(1)
  numbers.producer.close()
  addon.sum(native, numbers.consumer.move(), result.producer.move())
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.is(result.consumer.pop(), 1)
  await result.consumer.ready()
  t.is(result.consumer.pop(), 1 + 2 + 3 + 4)
  t.deepEqual([result.consumer.gaps(), result.consumer.missed, result.consumer.stats.dropped], [[], 0, 0])
})

test('a token that is dropped in Rust closes the ring; messages that do not fit are told apart', (t) => {
  t.deepEqual(addon.ownChecks(native), [
    'Err(TooLarge { length: 4089, longest: 4088 })',
    'Ok(())',
    'true',
    'false',
    'true',
    'Ok(None)',
    'true',
  ])
})

// INV-ABI-1
test('what is not `native` is refused', (t) => {
  t.regex(addon.version(native), /^\d+\.\d+\.\d+/)
  for (const bad of [undefined, null, 1n, {}, createRing({ of: 'u8', capacity: 8 }).producer, Object.create(null)]) {
    t.throws(() => addon.version(bad), { message: /^ERR_CROSSCORE_TOKEN: the export `native`/ })
  }
})

// INV-ABI-1
test('another version of the package is refused before it is used, and the refusal says which side to update', (t) => {
  const [interfaceVersion, layout] = [1, 1]
  for (const [other, said] of [
    [[interfaceVersion + 1, layout, 2 ** 20], /native interface 2 is spoken by the npm package crosscore 9\.8\.7.*update the addon's crosscore-napi/],
    [[interfaceVersion - 1, layout, 2 ** 20], /native interface 0 .*update the npm package crosscore to/],
    [[interfaceVersion, layout + 1, 2 ** 20], /ring layout 2 .*update the addon's crosscore-napi/],
    [[interfaceVersion, layout, 40], /9\.8\.7 is older than crosscore-napi .*update the package/],
  ]) {
    const error = t.throws(() => addon.version(addon.otherNative(...other)))
    t.regex(error.message, /^ERR_CROSSCORE_UNSUPPORTED: /)
    t.regex(error.message, said)
  }
})

test('a capacity that no ring has is refused', (t) => {
  t.is(addon.make(native, 512) >= 512, true)
  for (const bad of [0, 2 ** 28, 2 ** 60, NaN]) t.throws(() => addon.make(native, bad), { message: /^ERR_CROSSCORE_MEMORY: a ring has 1 to 1073741824 bytes/ })
})

// INV-ABI-5: the kinds that show the whole memory.
for (const of of ['bytes', 'f64']) {
  test(`whatever JavaScript scribbles over a ring of ${of}, Rust survives it`, (t) => {
    let pushed = 0
    for (let round = 0; round < 20; round++) {
      const { input, output } = addon.echo(native, of, 256, round % 2 === 1)
      const producer = Producer.from(input)
      const consumer = Consumer.from(output)
      const slots = producer.reserve(8)
      const memory = new Uint8Array(slots.buffer)
      producer.commit(0)
      try {
        for (let i = 0; i < 200; i++) {
          if (producer.push(of === 'bytes' ? Uint8Array.of(1, 2, 3) : kinds[of](i))) pushed++
          // Lengths, payloads, free slots: all of it, while the thread reads.
          memory.fill(i * 37)
          consumer.pop()
        }
      } catch (error) {
        // Closed, once Rust has found it out; or found out here.
        if (!error.code?.startsWith('ERR_CROSSCORE_')) throw error
      }
      producer.close()
      consumer.close()
    }
    t.true(pushed > 20)
  })
}

// INV-ABI-1, INV-ABI-3
test('a worker makes the ring and ends; its addon and the thread of Rust go on', async (t) => {
  const worker = new Worker(
    `import { native } from ${JSON.stringify(import.meta.resolve('crosscore'))}
     import { parentPort } from 'node:worker_threads'
     const addon = { exports: {} }
     process.dlopen(addon, ${JSON.stringify(file)})
     parentPort.postMessage(addon.exports.echo(native, 'f64', 64, false))`,
    { eval: true },
  )
  const ended = new Promise((resolve) => worker.once('exit', resolve))
  const pair = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  await ended
  const values = Array.from({ length: 5000 }, (_, i) => i)
  t.deepEqual(await echoed(pair, values), values)
})

test('a worker that is terminated closes its ends for Rust', async (t) => {
  const { input, output } = addon.echo(native, 'f64', 64, false)
  const worker = new Worker(
    `import { Producer } from ${JSON.stringify(import.meta.resolve('crosscore'))}
     import { parentPort, workerData } from 'node:worker_threads'
     const producer = Producer.from(workerData)
     for (let i = 0; i < 10; i++) producer.push(i)
     producer.flush()
     parentPort.postMessage('pushed')
     setInterval(() => producer, 1000)`,
    { eval: true, workerData: input },
  )
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  await worker.terminate()
  const back = []
  for await (const n of Consumer.from(output)) back.push(n)
  t.deepEqual(back, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('examples/native-source', async (t) => {
  t.timeout(300_000)
  const child = spawn(process.execPath, [path.join(root, 'examples', 'native-source', 'main.js')], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text))
  t.is(await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject)), 0, errors)
  t.regex(
    output,
    /^200000 ticks in order, turnover \d+: right\na file of 4742641 bytes read by Rust: right\n4742641 bytes compressed by Rust: right\na file that is not there: .+\nERR_CROSSCORE_TOKEN: px is f32 here and f64 in the ring\n$/,
  )
})
