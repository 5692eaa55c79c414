// Code of the program that runs inside a call, and uses the same handle: getters, iterators, proxies, callbacks. It gets
// a right result or BUSY; what is in the ring stays in order.

import test from 'ava'
import { createRing } from 'crosscore'
import { onBothMemories } from './memories.js'
import { refuses } from './refusal.js'

const elementOf = { f64: (i) => i, u64: (i) => BigInt(i), bytes: (i) => Uint8Array.of(i) }
const numberOf = (value) => Number(typeof value === 'object' ? value[0] : value)

/** What code inside a call may do with its own producer; each returns what then stands in the ring before what is pushed. */
const meddling = {
  push: ({ producer }, element) => producer.push(element(99)),
  pushMany: ({ producer }, element) => producer.pushMany([element(98), element(99)]),
  'pushMany of an iterable': ({ producer }, element) => producer.pushMany([element(99)].values()),
  pushSync: ({ producer }, element) => producer.pushSync(element(99), { timeout: 0 }),
  'a whole lap': ({ producer, consumer }, element) => {
    for (let i = 0; i < producer.capacity; i++) {
      producer.push(element(97))
      consumer.pop()
    }
  },
  'reserve and commit': ({ producer }) => {
    if (producer.reserve(1) !== null) producer.commit(0)
  },
  'reserve and abort': ({ producer }) => {
    if (producer.reserve(1) !== null) producer.abort()
  },
  flush: ({ producer }) => producer.flush(),
  asking: ({ producer }) => [producer.free, producer.closed, producer.stats, producer.reason],
  'an empty poll': () => createRing({ of: 'u8', capacity: 8 }).consumer.pop(),
  'a read of the other side': ({ consumer }) => consumer.pop(),
}

/** Arrays and iterables that give 1, 2, 3 and meddle before the second. */
const sources = {
  'a getter of an array': (element, meddle) =>
    Object.defineProperty([element(1), element(2), element(3)], 1, {
      get() {
        meddle()
        return element(2)
      },
    }),
  'a proxy of an array': (element, meddle) =>
    new Proxy([element(1), element(2), element(3)], {
      get(target, key) {
        if (key === '1') meddle()
        return target[key]
      },
    }),
  'a generator': function* (element, meddle) {
    yield element(1)
    meddle()
    yield element(2)
    yield element(3)
  },
  'a getter of value': (element, meddle) => {
    let n = 0
    return {
      [Symbol.iterator]() {
        return this
      },
      next: () => {
        const i = ++n
        return {
          done: i > 3,
          get value() {
            if (i === 2) meddle()
            return element(i)
          },
        }
      },
    }
  },
  'a getter of done': (element, meddle) => {
    let n = 0
    return {
      [Symbol.iterator]() {
        return this
      },
      next: () => {
        const i = ++n
        return {
          get done() {
            if (i === 2) meddle()
            return i > 3
          },
          value: element(i),
        }
      },
    }
  },
}

for (const [of, element] of Object.entries(elementOf)) {
  for (const [source, make] of Object.entries(sources)) {
    for (const [name, act] of Object.entries(meddling)) {
      // INV-JS-7
      onBothMemories(`${name} in ${source} of ${of}: in order, or BUSY`, (t, memory) => {
        for (const publish of ['each', 'tick', 3]) {
          const ring = createRing({ of, capacity: of === 'bytes' ? 128 : 8, memory, publish })
          const { producer, consumer } = ring
          const seen = []
          const errors = []
          let times = 0
          const meddle = () => {
            // A list of messages is read twice.
            if (times++ > 0) return
            try {
              act(ring, element)
            } catch (error) {
              errors.push(error.code)
            }
          }
          try {
            producer.pushMany(make(element, meddle))
          } catch (error) {
            errors.push(error.code)
          }
          t.true(times > 0)
          for (const code of errors) t.is(code, 'ERR_CROSSCORE_BUSY', `${publish}`)
          consumer.drain((value) => seen.push(numberOf(value)))
          // What pushMany gave is in order, and each at most once; a read in between may have had the first ones.
          const own = seen.filter((value) => value <= 3)
          t.deepEqual(own, [1, 2, 3].slice(3 - own.length).slice(0, own.length), `${publish}: ${seen}`)
          if (errors.length === 0 && name !== 'a read of the other side' && name !== 'a whole lap') t.is(own.length, 3)
          // And the ring works on, over many laps.
          for (let i = 0; i < 40; i++) {
            t.true(producer.push(element(i)))
            t.is(numberOf(consumer.pop()), i)
          }
          t.is(consumer.pop(), undefined)
        }
      })
    }
  }

  const reads = {
    pop: (consumer) => consumer.pop(),
    popMany: (consumer) => consumer.popMany(2),
    popSync: (consumer) => consumer.popSync({ timeout: 0 }),
    popManySync: (consumer) => consumer.popManySync(2, { timeout: 0 }),
    peek: (consumer) => consumer.peek(),
    release: (consumer) => consumer.release(),
    'release of one': (consumer) => consumer.release(1),
    drain: (consumer) => consumer.drain(() => {}),
    visit: (consumer) => consumer.visit(() => {}),
    move: (consumer) => consumer.move(),
  }
  for (const [name, read] of Object.entries(reads)) {
    // INV-JS-7
    onBothMemories(`${name} in a callback of visit of ${of} is BUSY, and nothing is read twice`, (t, memory) => {
      const { producer, consumer } = createRing({ of, capacity: of === 'bytes' ? 128 : 8, memory })
      producer.pushMany([1, 2, 3].map(element))
      const seen = []
      consumer.visit((memory, start, end) => {
        refuses(t, 'BUSY', () => read(consumer), /visit/)
        for (let at = start; at < end; at++) seen.push(Number(memory[at]))
      })
      t.deepEqual(seen, [1, 2, 3])
      t.is(consumer.pop(), undefined)
      producer.push(element(4))
      t.is(numberOf(consumer.pop()), 4)
    })
  }

  test(`a wait in a callback of ${of} goes on after it`, async (t) => {
    const { producer, consumer } = createRing({ of, capacity: 128 })
    producer.push(element(1))
    let waiting
    consumer.visit(() => {
      producer.push(element(2))
      waiting = consumer.ready()
    })
    t.true(await waiting)
    t.is(numberOf(consumer.pop()), 2)
  })

  test(`closing in a callback of ${of} ends what is under way`, (t) => {
    for (const call of ['drain', 'visit']) {
      const { producer, consumer } = createRing({ of, capacity: 128 })
      producer.pushMany([1, 2, 3].map(element))
      t.true(consumer[call](() => consumer.close()) >= 1)
      t.true(consumer.done)
      t.true(producer.closed)
    }
  })

  test(`a program's own error is the one that is heard (${of})`, (t) => {
    const mine = new RangeError('mine')
    const ends = {
      'nothing else': () => {},
      'the consumer closed': ({ consumer }) => consumer.close(),
      'the producer closed': ({ producer }) => producer.close(),
      'a reservation': ({ producer }) => {
        try {
          producer.reserve(1)
        } catch {
          // BUSY, in an array.
        }
      },
    }
    for (const [source, make] of Object.entries(sources)) {
      for (const [end, act] of Object.entries(ends)) {
        const ring = createRing({ of, capacity: 128, publish: 100 })
        const values = make(element, () => {
          act(ring)
          throw mine
        })
        t.is(t.throws(() => ring.producer.pushMany(values)), mine, `${source}, ${end}`)
      }
    }
    for (const call of ['drain', 'visit']) {
      const ring = createRing({ of, capacity: 128 })
      ring.producer.pushMany([1, 2, 3].map(element))
      t.is(
        t.throws(() =>
          ring.consumer[call](() => {
            ring.consumer.close()
            throw mine
          }),
        ),
        mine,
      )
    }
  })
}

// Node 20 has no other way to take memory out of a buffer, and what it does to this one is a copy.
if (ArrayBuffer.prototype.transfer) {
  const rings = {
    bytes: [{ of: 'bytes', capacity: 64 }, new Uint8Array(40)],
    f64: [{ of: 'f64', capacity: 1 }, 1],
  }
  for (const [kind, [options, value]] of Object.entries(rings)) {
    test(`a program's own error is heard where it has also taken the ring's memory away (${kind})`, (t) => {
      const mine = new RangeError('mine')
      const { producer, consumer } = createRing({ ...options, memory: 'heap' })
      producer.push(value)
      const error = t.throws(() =>
        consumer.visit((memory) => {
          producer.close()
          // The consumer knows of it before it gives back what was read.
          t.true(consumer.closed)
          memory.buffer.transfer()
          throw mine
        }),
      )
      t.is(error, mine)
    })
  }
}

test('an array that lies about its length is taken as it says, or refused', (t) => {
  for (const length of [-1, NaN, 0.5, 2.5, Infinity, 2 ** 53, '3', null, {}]) {
    const { producer, consumer } = createRing({ of: 'f64', capacity: 8, memory: 'heap' })
    const lying = new Proxy([1, 2, 3], { get: (target, key) => (key === 'length' ? length : target[key]) })
    let count = 0
    try {
      count = producer.pushMany(lying)
    } catch (error) {
      t.is(error.code, 'ERR_CROSSCORE_INVALID_ARG')
    }
    t.true(Number.isInteger(count) && count <= 3)
    t.is(consumer.popMany(9).length, count)
  }
})
