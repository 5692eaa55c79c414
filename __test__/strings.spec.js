// Rings of strings: any string of JavaScript arrives exactly, however it goes in and out.

import { constants } from 'node:buffer'
import * as fc from 'fast-check'
import test from 'ava'
import { Consumer, createRing } from 'crosscore'
import { memories as MEMORIES } from './memories.js'

const LONGEST = 4088
const ODD = [
  '',
  'a',
  '\0',
  'é',
  '€',
  '😀',
  '\ud800',
  'a\udc00b',
  '\udc00\ud800',
  'x'.repeat(500),
  'ü'.repeat(300),
  '\ud800'.repeat(50),
  '日本'.repeat(40),
]

/** The `i`th of a sequence of odd strings. */
const at = (i) => ODD[(i * 7) % ODD.length] + i

const TAKING = {
  pop: (consumer, take) => {
    for (let i = 0; i < 5; i++) {
      const text = consumer.pop()
      if (text === undefined) return
      take(text)
    }
  },
  popMany: (consumer, take) => consumer.popMany(7).forEach(take),
  drain: (consumer, take) => consumer.drain(take, 9),
  visitAll: (consumer, take) => consumer.drain(take),
}

for (const memory of MEMORIES) {
  for (const [how, taking] of Object.entries(TAKING)) {
    // INV-JS-3, INV-JS-5, INV-JS-6
    test(`odd strings of all lengths cross the end of the ring (${memory}, ${how})`, (t) => {
      const { producer, consumer } = createRing({ of: 'string', capacity: 4096, memory })
      let sent = 0
      let received = 0
      for (let round = 0; round < 2000; round++) {
        while (producer.push(at(sent))) sent++
        taking(consumer, (text) => {
          if (text !== at(received)) t.is(text, at(received))
          received++
        })
      }
      t.true(received >= 9000)
    })
  }

  test(`any strings come out as they went in (${memory})`, (t) => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 400 }), { maxLength: 50 }), fc.boolean(), (texts, one) => {
        const { producer, consumer } = createRing({ of: 'string', capacity: 1 << 18, memory })
        if (one) texts.forEach((text) => producer.push(text))
        else producer.pushMany(texts)
        const got = []
        if (one) consumer.drain((text) => got.push(text))
        else got.push(...consumer.popMany(100))
        producer.close()
        consumer.close()
        t.deepEqual(got, texts)
      }),
      { numRuns: 200 },
    )
  })

  test(`the longest that fits, and one more (${memory})`, (t) => {
    const { producer, consumer } = createRing({ of: 'string', capacity: 4096, memory })
    t.is(producer.capacity, 4096)
    for (const text of ['x'.repeat(LONGEST), 'é'.repeat(LONGEST / 2), '\ud800'.repeat(LONGEST / 2)]) {
      t.true(producer.push(text))
      t.false(producer.push('x'))
      t.is(consumer.pop(), text)
      t.throws(() => producer.push(`${text}x`), { code: 'ERR_CROSSCORE_TOO_LARGE', message: /the largest is 4088/ })
      t.throws(() => producer.pushMany(['fine', `${text}x`]), { code: 'ERR_CROSSCORE_TOO_LARGE' })
      t.is(consumer.pop(), 'fine')
      t.is(consumer.pop(), undefined)
    }
  })
}

test('a string that takes more bytes than it has characters is refused and waits for its bytes', async (t) => {
  const { producer, consumer } = createRing({ of: 'string', capacity: 4096 })
  const filling = 'x'.repeat(120)
  while (producer.free > 128) producer.push(filling)
  const euros = '€'.repeat(60)
  t.false(producer.push(euros))
  t.is(producer.stats.fullRefusals, 1)
  const room = producer.ready()
  consumer.popMany(1)
  t.true(await room)
  t.true(producer.push(euros))
  t.false(producer.push(filling))
  t.is(producer.stats.fullRefusals, 2)
  t.throws(() => producer.push('€'.repeat(2000)), { code: 'ERR_CROSSCORE_TOO_LARGE' }, 'though nothing has room')
  t.is(consumer.popMany(100).at(-1), euros)
})

test('what is no string is refused, and nothing changes', (t) => {
  const { producer, consumer } = createRing({ of: 'string', capacity: 256 })
  for (const value of [undefined, null, 5, 5n, {}, Symbol('s'), new String('s'), Buffer.from('s')]) {
    t.throws(() => producer.push(value), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /must be a string/ })
    t.throws(() => producer.pushMany(['a', value]), { code: 'ERR_CROSSCORE_INVALID_ARG' })
  }
  t.throws(() => producer.pushMany('text'), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /push takes a single one/ })
  t.is(consumer.pop(), undefined)
  t.throws(() => producer.reserve(1), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /shows nothing in place/ })
  t.throws(() => consumer.peek(), { code: 'ERR_CROSSCORE_INVALID_ARG', message: /shows nothing in place/ })
})

test('a callback that throws loses the string that it was given, and no other', (t) => {
  const { producer, consumer } = createRing({ of: 'string', capacity: 4096 })
  producer.pushMany(['a', 'b', 'c'])
  t.throws(() => consumer.drain((text) => { if (text === 'b') throw new Error('mine') }), { message: 'mine' })
  t.deepEqual(consumer.popMany(5), ['c'])
})

test('reading in a callback is refused, and closing in it ends the drain', (t) => {
  const { producer, consumer } = createRing({ of: 'string', capacity: 4096 })
  producer.pushMany(['a', 'b', 'c'])
  const got = []
  const taken = consumer.drain((text) => {
    got.push(text)
    t.throws(() => consumer.pop(), { code: 'ERR_CROSSCORE_BUSY' })
    if (text === 'b') consumer.close()
  })
  t.is(taken, 2)
  t.deepEqual(got, ['a', 'b'])
})

test('strings move with their ring, and wait as others do', async (t) => {
  const { producer, consumer } = createRing({ of: 'string', capacity: 4096, publish: 'tick' })
  const there = Consumer.from(structuredClone(consumer.move()))
  const got = []
  const reading = (async () => {
    for await (const text of there) got.push(text)
  })()
  producer.push('a')
  await new Promise(setImmediate)
  producer.push('€')
  producer.close()
  await reading
  t.deepEqual(got, ['a', '€'])
  t.is(there.stats.received, 2)
})

// Node makes no string of more bytes than a string can have characters: UTF-8 of this one could not be read back. Bun's
// strings are longer than any ring.
const withShortStrings = constants.MAX_STRING_LENGTH < 2 ** 30 ? test : test.skip
withShortStrings('a string whose UTF-8 is longer than a string can be arrives', (t) => {
  const text = 'é'.repeat(constants.MAX_STRING_LENGTH / 2 + 1)
  const { producer, consumer } = createRing({ of: 'string', capacity: 2 ** 30, memory: 'heap' })
  t.true(producer.push(text))
  t.true(producer.push('after'))
  t.true(consumer.pop() === text)
  t.is(consumer.pop(), 'after')
})
