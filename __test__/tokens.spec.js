// Handles on their way: what a token is good for, once, and what is left behind.

import test from 'ava'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Consumer, createRing, Producer, record, revoke } from 'crosscore'
import { collectUntil } from './collection.js'
import { onBothMemories } from './memories.js'
import { refuses } from './refusal.js'
import { start } from './workers/start.js'

const kinds = { f64: 1.5, i64: -1n, bytes: Uint8Array.of(1, 2, 3) }

for (const [of, value] of Object.entries(kinds)) {
  // INV-JS-3
  onBothMemories(`both handles of a ring of ${of} move, in the middle of a lap and with something in it`, (t, memory) => {
    let { producer, consumer } = createRing({ of, capacity: 32, memory })
    for (let i = 0; i < 200; i++) {
      t.true(producer.push(value))
      producer = Producer.from(producer.move())
      t.true(producer.push(value))
      t.deepEqual(consumer.pop(), value)
      consumer = Consumer.from(consumer.move())
      t.deepEqual(consumer.pop(), value)
    }
    t.is(consumer.pop(), undefined)
    t.is(consumer.stats.received, 400)
    t.is(producer.memory, memory)
  })
}

test('a token is plain data that says what it is', (t) => {
  const { producer, consumer } = createRing({ of: 'u16', capacity: 8 })
  const [a, b] = [producer.move(), consumer.move()]
  t.like(a, { crosscore: 'producer', of: 'u16' })
  t.like(b, { crosscore: 'consumer', of: 'u16' })
  t.regex(a.id, /^[0-9a-f]{32}$/)
  t.not(a.id, b.id)
  t.deepEqual(structuredClone(a), a)
  t.deepEqual(JSON.parse(JSON.stringify(a)), a)
})

test('handles know each other', (t) => {
  const { producer, consumer } = createRing({ of: 'u16', capacity: 8 })
  const messages = createRing({ of: 'bytes', capacity: 8 })
  class Mine extends Producer {}
  t.false(producer instanceof Mine)
  t.false(Object.create(Object.getPrototypeOf(producer)) instanceof Producer)
  t.true(producer instanceof Producer)
  t.true(messages.producer instanceof Producer)
  t.false(consumer instanceof Producer)
  t.true(consumer instanceof Consumer)
  t.true(messages.consumer instanceof Consumer)
  t.false(producer instanceof Consumer)
  for (const other of [{}, null, 1, producer.move()]) {
    t.false(other instanceof Producer)
    t.false(other instanceof Consumer)
  }
})

test('a token works once, and so do its copies', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  const token = producer.move()
  const copy = structuredClone(token)
  const claimed = Producer.from(copy)
  refuses(t, 'TOKEN', () => Producer.from(token), /used before/)
  refuses(t, 'TOKEN', () => Producer.from(copy))
  claimed.push(1)
  t.is(consumer.pop(), 1)
})

test('a token of the wrong side is refused, and still works on its own', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  const [forProducer, forConsumer] = [producer.move(), consumer.move()]
  refuses(t, 'TOKEN', () => Consumer.from(forProducer), /consumer's token.*expected/)
  refuses(t, 'TOKEN', () => Producer.from(forConsumer))
  // Also one that lies about its side: the process knows better.
  refuses(t, 'TOKEN', () => Consumer.from({ ...forProducer, crosscore: 'consumer' }))
  refuses(t, 'TOKEN', () => Producer.from({ ...forConsumer, crosscore: 'producer' }))
  Producer.from(forProducer).push(1)
  t.is(Consumer.from(forConsumer).pop(), 1)
})

test('a token that lies about its kind is refused, and still works as it was', (t) => {
  const { producer, consumer } = createRing({ of: 'u8', capacity: 8 })
  const token = producer.move()
  refuses(t, 'TOKEN', () => Producer.from({ ...token, of: 'f64' }), /says that its ring is of 'f64', and it is of 'u8'/)
  for (const of of ['f16', undefined, null, 1, {}]) refuses(t, 'TOKEN', () => Producer.from({ ...token, of }), /of is one of u8,/)
  Producer.from(token).push(5)
  t.is(consumer.pop(), 5)
})

test('forged and mangled tokens are refused', (t) => {
  const { producer } = createRing({ of: 'f64', capacity: 8 })
  const token = producer.move()
  const { id } = token
  const other = (id[0] === '0' ? '1' : '0') + id.slice(1)
  const wrongIds = [
    '0'.repeat(32),
    'f'.repeat(32),
    other,
    id.slice(1),
    `${id}0`,
    `${id}\n`,
    ` ${id}`,
    // The same number in another spelling: there is one spelling.
    id.toUpperCase(),
    '',
    undefined,
    1,
    1n,
    [id],
    { toString: () => id },
    Symbol('id'),
  ]
  for (const wrong of wrongIds) refuses(t, 'TOKEN', () => Producer.from({ ...token, id: wrong }))
  for (const wrong of [undefined, null, 0, '', id, [], [token], {}, () => token, { id }, { ...token, crosscore: 'Producer' }, producer]) {
    refuses(t, 'TOKEN', () => Producer.from(wrong), /a producer's token, as its move\(\) returned it, was expected/)
  }
  t.true(Producer.from(token).push(1))
})

test('a token from another process is refused', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  const token = producer.move()
  const child = fileURLToPath(new URL('workers/claim-argument.js', import.meta.url))
  const heard = execFileSync(process.execPath, [child, JSON.stringify(token)], { encoding: 'utf8' })
  t.is(heard.trim(), 'ERR_CROSSCORE_TOKEN')
  Producer.from(token).push(1)
  t.is(consumer.pop(), 1)
})

test('a token posted to a worker is claimed there', async (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 4096 })
  const { result } = start('claim.js', { token: producer.move(), value: Uint8Array.of(1, 2) })
  t.is(await result, 'claimed')
  t.deepEqual(consumer.pop(), Uint8Array.of(1, 2))
  t.true(consumer.done)
})

test('a token survives a worker that did not claim it', async (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  producer.push(1)
  const token = producer.move()
  const { worker } = start('ignore.js', { token })
  await once(worker, 'exit')
  t.false(consumer.closed)
  Producer.from(token).push(2)
  t.deepEqual(consumer.popMany(9), [1, 2])
})

// INV-NODE-2
test('of two workers with the same token one gets the handle', async (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 64 })
  const token = producer.move()
  const heard = await Promise.all([1, 2, 3].map((value) => start('claim.js', { token, value }).result))
  t.deepEqual(heard.sort(), ['ERR_CROSSCORE_TOKEN', 'ERR_CROSSCORE_TOKEN', 'claimed'])
  t.is(consumer.popMany(9).length, 1)
})

test('an unclaimed token keeps what is in the ring, and the ring open', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8, publish: 100 })
  producer.push(1)
  producer.push(2)
  const token = consumer.move()
  producer.push(3)
  t.false(producer.closed)
  producer.close()
  const claimed = Consumer.from(token)
  t.deepEqual(claimed.popMany(9), [1, 2, 3])
  t.true(claimed.done)
})

test('what is claimed and closed is given up', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  const token = consumer.move()
  Consumer.from(token).close()
  t.true(producer.closed)
})

test('publish travels with the token', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8, publish: 2 })
  const claimed = Producer.from(producer.move())
  claimed.push(1)
  t.is(consumer.available, 0)
  claimed.push(2)
  t.is(consumer.available, 2)
})

/** What the class of a handle has, so that nothing new is forgotten below. */
function names(handle) {
  // close works on any handle, ref and unref concern a wait that there is not, and what is asynchronous has a test of its own.
  const others = new Set(['constructor', 'close', 'ref', 'unref', 'ready', 'flushed', 'end', 'values', 'batches'])
  const hot = Object.getPrototypeOf(handle)
  return [hot, Object.getPrototypeOf(hot)].flatMap(Object.getOwnPropertyNames).filter((name) => !others.has(name))
}

for (const [of, value] of Object.entries(kinds)) {
  const producerUses = {
    push: (producer) => producer.push(value),
    pushSync: (producer) => producer.pushSync(value),
    pushManySync: (producer) => producer.pushManySync([value]),
    pushMany: (producer) => producer.pushMany([value]),
    'pushMany of an iterable': (producer) => producer.pushMany([value].values()),
    reserve: (producer) => producer.reserve(1),
    commit: (producer) => producer.commit(),
    abort: (producer) => producer.abort(),
    flush: (producer) => producer.flush(),
    flushedSync: (producer) => producer.flushedSync(),
    reason: (producer) => producer.reason,
    move: (producer) => producer.move(),
    free: (producer) => producer.free,
    capacity: (producer) => producer.capacity,
    memory: (producer) => producer.memory,
    onFull: (producer) => producer.onFull,
    of: (producer) => producer.of,
    toWritable: (producer) => producer.toWritable(),
    toWritableStream: (producer) => producer.toWritableStream(),
    closed: (producer) => producer.closed,
    stats: (producer) => producer.stats,
  }
  const consumerUses = {
    pop: (consumer) => consumer.pop(),
    popSync: (consumer) => consumer.popSync(),
    popMany: (consumer) => consumer.popMany(1),
    popManySync: (consumer) => consumer.popManySync(1),
    reason: (consumer) => consumer.reason,
    peek: (consumer) => consumer.peek(),
    release: (consumer) => consumer.release(),
    drain: (consumer) => consumer.drain(() => {}),
    visit: (consumer) => consumer.visit(() => {}),
    move: (consumer) => consumer.move(),
    available: (consumer) => consumer.available,
    capacity: (consumer) => consumer.capacity,
    memory: (consumer) => consumer.memory,
    missed: (consumer) => consumer.missed,
    gaps: (consumer) => consumer.gaps(),
    of: (consumer) => consumer.of,
    toReadable: (consumer) => consumer.toReadable(),
    toReadableStream: (consumer) => consumer.toReadableStream(),
    closed: (consumer) => consumer.closed,
    done: (consumer) => consumer.done,
    stats: (consumer) => consumer.stats,
  }
  test(`a moved handle of ${of} says so whatever it is asked, except to close`, (t) => {
    const { producer, consumer } = createRing({ of, capacity: 8 })
    for (const name of names(producer)) t.true(name in producerUses, name)
    for (const name of names(consumer)) t.true(name in consumerUses, name)
    producer.push(value)
    const [forProducer, forConsumer] = [producer.move(), consumer.move()]
    for (const use of Object.values(producerUses)) refuses(t, 'MOVED', () => use(producer), /Producer\.from\(token\)/)
    for (const use of Object.values(consumerUses)) refuses(t, 'MOVED', () => use(consumer), /Consumer\.from\(token\)/)
    for (const handle of [producer, consumer]) {
      handle.close()
      handle[Symbol.dispose]()
      handle.close()
    }
    for (const use of Object.values(producerUses)) refuses(t, 'MOVED', () => use(producer))
    const claimed = Consumer.from(forConsumer)
    t.false(claimed.closed, 'closing the empty shell closes nothing')
    t.deepEqual(claimed.pop(), value)
    t.true(Producer.from(forProducer).push(value))
  })

  test(`waits and iterations of ${of} say so too`, async (t) => {
    const { producer, consumer } = createRing({ of, capacity: 8 })
    const waits = [
      () => producer.ready(),
      () => producer.flushed(),
      () => producer.end(),
      () => consumer.ready(),
      () => consumer.values().next(),
      () => consumer[Symbol.asyncIterator]().next(),
      () => consumer.batches()[Symbol.asyncIterator]().next(),
    ]
    producer.move()
    consumer.move()
    for (const wait of waits) await t.throwsAsync(async () => wait(), { code: 'ERR_CROSSCORE_MOVED' })
  })

  test(`a closed handle of ${of} refuses to work, and tells what it still knows`, (t) => {
    const { producer, consumer } = createRing({ of, capacity: 8 })
    const { capacity } = producer
    const knows = new Set(['of', 'free', 'available', 'capacity', 'memory', 'closed', 'done', 'reason', 'stats', 'onFull', 'missed'])
    producer.push(value)
    producer.push(value)
    producer.close()
    producer.close()
    for (const [name, use] of Object.entries(producerUses)) {
      if (!knows.has(name)) refuses(t, 'CLOSED', () => use(producer), /this producer was closed/)
    }
    t.is(producer.free, 0)
    t.is(producer.capacity, capacity)
    t.true(producer.closed)
    t.is(producer.stats.sent, 2)
    t.false(consumer.done)
    t.true(consumer.closed)
    t.deepEqual(consumer.pop(), value)
    t.false(consumer.done)
    consumer.close()
    consumer[Symbol.dispose]()
    for (const [name, use] of Object.entries(consumerUses)) {
      if (!knows.has(name)) refuses(t, 'CLOSED', () => use(consumer), /this consumer was closed/)
    }
    t.is(consumer.available, 0)
    t.is(consumer.capacity, capacity)
    t.true(consumer.closed)
    t.true(consumer.done)
    t.like(consumer.stats, { sent: 2, received: 1 })
  })
}

for (const side of ['producer', 'consumer']) {
  const other = side === 'producer' ? 'consumer' : 'producer'

  test(`a ${side} whose worker ends before it claims the token is closed, if move was told of the worker`, async (t) => {
    const ring = createRing({ of: 'f64', capacity: 8 })
    const { worker } = start('ignore.js', {})
    const token = ring[side].move({ to: worker })
    worker.postMessage({ token })
    const waiting = side === 'producer' ? ring.consumer.ready() : ring.producer.flushed()
    if (side === 'consumer') await waiting
    await once(worker, 'exit')
    if (side === 'producer') t.false(await waiting)
    t.true(ring[other].closed)
    refuses(t, 'TOKEN', () => (side === 'producer' ? Producer : Consumer).from(token), /used before|revoked/)
  })

  test(`revoke() closes a ${side} that nobody has claimed, and nothing else`, async (t) => {
    const ring = createRing({ of: 'f64', capacity: 8, publish: 'tick' })
    ring.producer.push(1)
    const token = ring[side].move()
    t.true(revoke(structuredClone(token)))
    t.true(ring[other].closed)
    t.false(revoke(token))
    refuses(t, 'TOKEN', () => (side === 'producer' ? Producer : Consumer).from(token))
    if (side === 'producer') t.is(ring.consumer.pop(), 1, 'what it had pushed is there')
    if (side === 'producer') t.true(ring.consumer.done)

    const claimed = createRing({ of: 'f64', capacity: 8 })
    const used = claimed[side].move()
    const handle = (side === 'producer' ? Producer : Consumer).from(used)
    t.false(revoke(used))
    t.false(handle.closed)
    t.false(claimed[other].closed)
  })
}

test('many tokens may go to one worker, which has claimed some when it ends', async (t) => {
  const warnings = []
  const warned = (warning) => warnings.push(warning.name)
  process.on('warning', warned)
  t.teardown(() => process.off('warning', warned))
  const rings = Array.from({ length: 50 }, () => createRing({ of: 'f64', capacity: 8 }))
  const { worker } = start('claim.js', { token: rings[0].producer.move(), value: 1 })
  for (const { consumer } of rings.slice(1)) consumer.move({ to: worker })
  const { consumer } = rings[0]
  await once(worker, 'exit')
  t.is(consumer.pop(), 1)
  for (const { producer } of rings.slice(1)) t.true(producer.closed)
  // One that has ended claims nothing any more.
  const late = createRing({ of: 'f64', capacity: 8 })
  late.consumer.move({ to: worker })
  t.true(late.producer.closed)
  t.deepEqual(warnings, [])
})

test('what a worker has claimed is not remembered for it, and what it has not is closed at its end', async (t) => {
  let end
  const worker = { threadId: 1, once: (_event, listener) => (end = listener) }
  const unclaimed = []
  const move = () => {
    const { producer, consumer } = createRing({ of: 'u8', capacity: 1, memory: 'heap' })
    unclaimed.push(producer)
    return consumer.move({ to: worker })
  }
  const claim = () => {
    const token = move()
    Consumer.from(token).close()
    unclaimed.pop()
    return new WeakRef(token)
  }
  move()
  const first = claim()
  for (let i = 0; i < 500; i++) {
    claim()
    if (i % 100 === 0) move()
  }
  t.true(await collectUntil(() => first.deref() === undefined))
  t.is(unclaimed.length, 6)
  t.false(unclaimed.some((producer) => producer.closed))
  end()
  t.true(unclaimed.every((producer) => producer.closed))
})

test('what is no worker, and no token, is refused', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  for (const to of [null, 1, 'worker', {}, { once() {} }, { threadId: 1 }]) {
    refuses(t, 'INVALID_ARG', () => producer.move({ to }), /options\.to must be a Worker/)
  }
  for (const options of [null, 1, 'x']) refuses(t, 'INVALID_ARG', () => consumer.move(options))
  t.true(producer.push(1), 'and nothing was moved')
  for (const wrong of [undefined, null, 1, 'x', {}, producer, { ...consumer.move(), id: 'x' }]) {
    refuses(t, 'TOKEN', () => revoke(wrong), /a token, as move\(\) returned it/)
  }
})

test('a handle that was posted, or given for its token, is told of', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  for (const [side, handle] of [[Producer, producer], [Consumer, consumer]]) {
    refuses(t, 'TOKEN', () => side.from(handle), /this is a handle; post what its move\(\) returns/)
    let remains = {}
    try {
      remains = structuredClone(handle)
    } catch (error) {
      // Where Node lets an object say that it cannot be cloned.
      t.is(error.name, 'DataCloneError')
    }
    refuses(t, 'TOKEN', () => side.from(remains), /if a handle was posted, post what its move\(\) returns instead/)
  }
  t.true(producer.push(1))
})

test('handles are made by createRing and from tokens only', (t) => {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 8 })
  for (const [Side, handle] of [[Producer, producer], [Consumer, consumer]]) {
    class Mine extends Side {}
    t.throws(() => new Side(), { instanceOf: TypeError, message: /is not made by new/ })
    t.throws(() => new Mine(), { instanceOf: TypeError, message: /is not made by new/ })
    // A class is within reach; what it makes handles of is not.
    for (const forged of [undefined, {}, handle, { number: 0, words: new Uint32Array(64), memory: () => new ArrayBuffer(64) }]) {
      t.throws(() => new handle.constructor(forged, {}, {}), { instanceOf: TypeError })
    }
  }
  t.true(producer.push(1))
})

test('text that is no schema of records is refused as a token, however wrong it is', (t) => {
  const token = createRing({ of: record({ x: 'u8' }), capacity: 8 }).producer.move()
  for (const text of ['{"\u0001":u8}', `{"x":${'array('.repeat(50_000)}u8`, '{"x":'.repeat(50_000), '{"\\q":u8}', '{', '']) {
    refuses(t, 'TOKEN', () => Producer.from({ ...token, of: `record${text}` }))
  }
  Producer.from(token).close()
})
