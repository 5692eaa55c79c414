// A program that gets at the memory of a ring of strings and writes to it: wrong text or CORRUPT, and nothing that lies
// outside of the ring.

// Before all that imports the package.
import { lastMemory, randomFrom, scribble } from './workers/ring-memory.js'
import { once } from 'node:events'
import test from 'ava'
import { createRing } from 'crosscore'
import { memories, onBothMemories } from './memories.js'
import { refuses } from './refusal.js'
import { start } from './workers/start.js'

const LEFT = 40
const reads = (t, consumer) => [() => consumer.pop(), () => consumer.popMany(3), () => consumer.drain(() => t.fail())]

/** A ring with one string, its header, and its consumer. */
function one(memory) {
  const { producer, consumer } = createRing({ of: 'string', capacity: 64, memory })
  producer.push('x'.repeat(LEFT))
  return { consumer, header: new Uint32Array(lastMemory(), 0, 2) }
}

// INV-JS-5
onBothMemories('a length that was overwritten is CORRUPT, and nothing is read by it', (t, memory) => {
  for (const length of [0xffffffff, 0x80000000, 0x7ffffff8, 4096, LEFT + 1, LEFT + 8]) {
    const { consumer, header } = one(memory)
    t.deepEqual([...header], [LEFT, 1])
    header[0] = length
    for (const read of reads(t, consumer)) refuses(t, 'CORRUPT', read, new RegExp(`claims ${length} bytes where ${LEFT} are left`))
  }
})

// INV-JS-5
onBothMemories('a mark that was overwritten is CORRUPT, or the same bytes read as other text', (t, memory) => {
  for (const mark of [0, 4, 255, 0x01000001, 0xffffffff]) {
    const { consumer, header } = one(memory)
    header[1] = mark
    for (const read of reads(t, consumer)) refuses(t, 'CORRUPT', read, new RegExp(`its bytes are ${mark}, which is no text`))
  }
  for (const [mark, length, text] of [
    [1, LEFT - 5, 'x'.repeat(LEFT - 5)],
    [2, LEFT, 'x'.repeat(LEFT)],
    [3, LEFT, '\u7878'.repeat(LEFT / 2)],
    // Half a unit is none.
    [3, LEFT - 1, '\u7878'.repeat(LEFT / 2 - 1)],
  ]) {
    const { consumer, header } = one(memory)
    header.set([length, mark])
    t.is(consumer.pop(), text)
  }
})

onBothMemories('popMany returns what it has read, and the next one throws', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'string', capacity: 4096, memory })
  producer.pushMany(['first', 'second', 'third', 'fourth'])
  new Uint32Array(lastMemory())[8] = 0xffffffff
  t.deepEqual(consumer.popMany(4), ['first', 'second'])
  t.is(consumer.stats.received, 2)
  for (let i = 0; i < 2; i++) refuses(t, 'CORRUPT', () => consumer.popMany(4), /claims 4294967295 bytes/)
})

onBothMemories('in a run of strings those before the one that was overwritten arrive', (t, memory) => {
  const { producer, consumer } = createRing({ of: 'string', capacity: 4096, memory })
  producer.pushMany(['first', 'second', 'third'])
  new Uint32Array(lastMemory())[8] = 0xffffffff
  const got = []
  refuses(t, 'CORRUPT', () => consumer.drain((text) => got.push(text)), /claims 4294967295 bytes/)
  t.deepEqual(got, ['first', 'second'])
})

onBothMemories('whatever is scribbled, strings come from the ring or CORRUPT does', (t, memory) => {
  const seed = (Math.random() * 2 ** 31) | 1
  t.log(`seed ${seed}`)
  const random = randomFrom(seed)
  let corrupt = 0
  for (let i = 0; i < 400; i++) {
    const { producer, consumer } = createRing({ of: 'string', capacity: [64, 1024, 4096][i % 3], memory })
    const ring = lastMemory()
    try {
      for (let round = 0; round < 8; round++) {
        for (let k = 0; k < 5; k++) producer.push(['x', 'é', '\ud800'][random(3)].repeat(random(Math.min(80, producer.capacity / 8))))
        scribble(ring, random)
        let length = 0
        if (round % 3 === 0) length = consumer.pop()?.length ?? 0
        else if (round % 3 === 1) for (const text of consumer.popMany(4)) length += text.length
        else consumer.drain((text) => (length += text.length))
        t.true(length <= consumer.capacity)
      }
    } catch (error) {
      t.is(error.code, 'ERR_CROSSCORE_CORRUPT', error.stack)
      corrupt++
    }
    producer.close()
    consumer.close()
  }
  t.true(corrupt > 50)
})

test('another thread scribbles while strings are read', async (t) => {
  let corrupt = 0
  for (let i = 0; i < 8; i++) {
    const { producer, consumer } = createRing({ of: 'string', capacity: 4096, memory: memories[i % 2] })
    const seed = (Math.random() * 2 ** 31) | 1
    t.log(`seed ${seed}`)
    const { worker } = start('scribble-strings.js', { seed, token: producer.move(), rounds: 3000 })
    const answered = once(worker, 'message')
    try {
      for (let round = 0; !consumer.done; round++) {
        if (round % 3 === 0) consumer.popMany(7)
        else if (round % 3 === 1) consumer.drain((text) => t.true(text.length <= consumer.capacity))
        else t.true((consumer.pop()?.length ?? 0) <= consumer.capacity)
        if (round % 50 === 0) await new Promise(setImmediate)
      }
    } catch (error) {
      t.is(error.code, 'ERR_CROSSCORE_CORRUPT', error.stack)
      corrupt++
    }
    consumer.close()
    const [failures] = await answered
    t.deepEqual(failures, [])
    await worker.terminate()
  }
  t.true(corrupt > 0)
})
