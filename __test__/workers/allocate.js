// How many bytes of V8's heap each call takes, once it is optimised. Prints JSON: bytes per element by name.
//
// A young generation so large that nothing is collected meanwhile makes the growth of the heap all that was
// allocated: run with --expose-gc --min-semi-space-size=256 --max-semi-space-size=256 --no-concurrent-recompilation.

import v8 from 'node:v8'
import { array, createRing, record } from 'crosscore'
import { pack, unpack } from 'msgpackr'
import { TRADE, fillTrade } from '../../bench/workload/trades.js'

/** Elements between two looks at the heap: less than the ring holds. */
const ROUND = 8192
const ROUNDS = 21
/** Rounds before any is counted: the calls are optimised by then, here and in lib/. */
const WARM_UP = 80

const used = () => v8.getHeapStatistics().used_heap_size

/** The bytes that a look at the heap takes itself. */
const look = (() => {
  for (let i = 0; i < 1000; i++) used()
  const before = used()
  return used() - before
})()

/**
 * Bytes per element that `work` takes, in the median round: V8 itself allocates now and then, when it compiles something.
 * `prepare` and `finish` come before and after it, and are not counted.
 *
 * @param {() => void} prepare
 * @param {() => void} work
 * @param {() => void} finish
 */
function bytesPerElement(prepare, work, finish) {
  const bytes = []
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    prepare()
    if (round === WARM_UP) globalThis.gc()
    const before = used()
    work()
    const after = used()
    if (round >= WARM_UP) bytes.push(after - before - look)
    finish()
  }
  return bytes.sort((a, b) => a - b)[ROUNDS >> 1] / ROUND
}

const nothing = () => {}

/**
 * @param {'f64' | 'i32'} of
 * @param {'each' | number} publish
 * @param {number} fraction added to each number: V8 keeps one that is no small integer in an object of its own
 *   wherever it cannot stay in a register
 */
function numbers(of, publish, fraction) {
  const ring = () => createRing({ of, capacity: 2 * ROUND, publish })
  const view = of === 'f64' ? Float64Array : Int32Array
  const values = view.from({ length: ROUND }, (_, i) => i + fraction)
  const into = new view(ROUND)
  const results = {}

  const measure = (name, make) => {
    const { producer, consumer } = ring()
    const fill = () => producer.pushMany(values)
    const empty = () => consumer.popMany(into)
    results[name] = make({ producer, consumer, fill, empty })
    consumer.close()
  }

  measure('push', ({ producer, empty }) =>
    bytesPerElement(
      nothing,
      () => {
        for (let i = 0; i < ROUND; i++) producer.push(i + fraction)
      },
      empty,
    ),
  )
  measure('pop', ({ consumer, fill }) => {
    let sum = 0
    return bytesPerElement(
      fill,
      () => {
        let some = 0
        for (let i = 0; i < ROUND; i++) some += consumer.pop()
        sum = some
      },
      () => {
        if (sum !== (ROUND * (ROUND - 1)) / 2 + ROUND * fraction) throw new Error(`popped the wrong numbers: ${sum}`)
      },
    )
  })
  measure('drain', ({ consumer, fill }) => {
    const totals = new Float64Array(1)
    const add = (value) => {
      totals[0] += value
    }
    return bytesPerElement(fill, () => consumer.drain(add), nothing)
  })
  measure('visit', ({ consumer, fill }) => {
    const totals = new Float64Array(1)
    const add = (elements, start, end) => {
      let some = 0
      for (let i = start; i < end; i++) some += elements[i]
      totals[0] += some
    }
    return bytesPerElement(fill, () => consumer.visit(add), nothing)
  })
  const block = values.subarray(0, 256)
  const blockInto = new view(256)
  measure('pushMany, 256 each', ({ producer, empty }) =>
    bytesPerElement(
      nothing,
      () => {
        for (let i = 0; i < ROUND; i += 256) producer.pushMany(block)
      },
      empty,
    ),
  )
  measure('popMany, 256 each', ({ consumer, fill }) =>
    bytesPerElement(
      fill,
      () => {
        for (let i = 0; i < ROUND; i += 256) consumer.popMany(blockInto)
      },
      nothing,
    ),
  )
  measure('reserve and commit, 1 each', ({ producer, empty }) =>
    bytesPerElement(
      nothing,
      () => {
        for (let i = 0; i < ROUND; i++) {
          producer.reserve(1)[0] = i
          producer.commit()
        }
      },
      empty,
    ),
  )
  // What must be seen, or nothing above could be: a number in a field of an object is one on the heap.
  measure('an object for each push', ({ producer, empty }) => {
    const kept = [null]
    return bytesPerElement(
      nothing,
      () => {
        for (let i = 0; i < ROUND; i++) {
          kept[0] = { value: i + fraction }
          producer.push(kept[0].value)
        }
      },
      empty,
    )
  })
  return results
}

/**
 * Bytes of the heap that each kept string of 64 characters keeps alive, when one of every `every` is kept.
 *
 * @param {'pop' | 'drain'} how
 * @param {number} every
 */
function kept(how, every) {
  const { producer, consumer } = createRing({ of: 'string', capacity: 128 * ROUND })
  const text = Buffer.from('x'.repeat(64)).toString('latin1')
  const strings = []
  let seen = 0
  const take = (string) => {
    if (seen++ % every === 0) strings.push(string)
  }
  globalThis.gc()
  const before = used()
  while (strings.length < 300) {
    for (let i = 0; i < ROUND; i++) producer.push(text)
    if (how === 'drain') consumer.drain(take)
    else for (let string = consumer.pop(); string !== undefined; string = consumer.pop()) take(string)
  }
  globalThis.gc()
  const bytes = (used() - before) / strings.length
  consumer.close()
  return bytes
}

const keptBy = (how) => Object.fromEntries([1, 10, 100, 250, 1000].map((every) => [every, kept(how, every)]))

/** drain with callbacks of many kinds in one program, so that V8 makes none of them part of drain. */
function drainForMany() {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 2 * ROUND })
  const values = Float64Array.from({ length: ROUND }, (_, i) => i + 0.5)
  const totals = new Float64Array(1)
  const callbacks = [
    (value) => void (totals[0] += value),
    (value) => void (totals[0] -= value),
    (value) => void (totals[0] = value),
    (value) => void (totals[0] *= value),
    (value) => void (totals[0] /= value),
    (value) => void (totals[0] = -value),
  ]
  for (let i = 0; i < WARM_UP; i++) {
    producer.pushMany(values)
    consumer.drain(callbacks[i % callbacks.length])
  }
  return bytesPerElement(() => producer.pushMany(values), () => consumer.drain(callbacks[0]), nothing)
}

/** A record of every kind of number, and what has a cursor of its own. */
const schema = record({ ts: 'f64', px: 'f32', id: 'u32', qty: 'u16', side: 'i8', levels: array('f64', 4), best: record({ a: 'i32' }) })

// Of small integers: a double has a box of its own wherever V8 does not make the accessor part of the loop, which it does
// not where reserve, commit and several setters meet in one function.
function records() {
  const { producer, consumer } = createRing({ of: schema, capacity: 2 * ROUND })
  const totals = new Float64Array(1)
  let total = 0
  const add = (cursor) => {
    totals[0] += cursor.ts + cursor.px + cursor.id + cursor.qty + cursor.side + cursor.levels.at(2) + cursor.best.a
  }
  const empty = () => consumer.drain(nothing)
  const fill = (n) => {
    const batch = producer.reserve(n)
    for (let i = 0; i < n; i++) {
      const cursor = batch.at(i)
      cursor.ts = i
      cursor.px = i + 1
      cursor.id = i
      cursor.side = 1 - (i & 1)
    }
    producer.commit()
  }
  const fillAll = () => fill(ROUND)
  const object = { ts: 1.5, px: 0.25, id: 1, qty: 2, side: 1, levels: Float64Array.of(1, 2, 3, 4), best: { a: 1 } }
  return {
    'reserve and write, 1 each': bytesPerElement(nothing, () => {
      for (let i = 0; i < ROUND; i++) {
        const cursor = producer.reserve(1).at(0)
        cursor.ts = i
        cursor.id = i
        producer.commit()
      }
    }, empty),
    'reserve and write, 64 each': bytesPerElement(nothing, () => {
      for (let i = 0; i < ROUND; i += 64) fill(64)
    }, empty),
    drain: bytesPerElement(fillAll, () => consumer.drain(add), nothing),
    visit: bytesPerElement(fillAll, () => consumer.visit((batch, start, end) => {
      for (let i = start; i < end; i++) add(batch.at(i))
    }), nothing),
    'peek and release': bytesPerElement(fillAll, () => {
      const batch = consumer.peek()
      for (let i = 0; i < ROUND; i++) total = (total + batch.at(i).id) | 0
      consumer.release()
    }, nothing),
    push: bytesPerElement(nothing, () => {
      for (let i = 0; i < ROUND; i++) producer.push(object)
    }, empty),
    'an object for each record': bytesPerElement(fillAll, () => {
      while (consumer.pop() !== undefined);
    }, nothing),
  }
}

/** What the benchmarks send. */
function trades() {
  const { producer, consumer } = createRing({ of: record(TRADE), capacity: 2 * ROUND })
  const trade = { ts: 0.5, px: 0.5, id: 0, qty: 0, venue: 0, side: 0 }
  const push = () => {
    for (let i = 0; i < ROUND; i++) {
      fillTrade(trade, i)
      producer.push(trade)
    }
  }
  return {
    push: bytesPerElement(nothing, push, () => consumer.drain(nothing)),
    pop: bytesPerElement(push, () => {
      while (consumer.pop() !== undefined);
    }, nothing),
  }
}

function strings() {
  const { producer, consumer } = createRing({ of: 'string', capacity: 128 * ROUND })
  const texts = Array.from({ length: 64 }, (_, i) => Buffer.from(String(i).padEnd(64, '.')).toString('latin1'))
  const fill = () => {
    for (let i = 0; i < ROUND; i++) producer.push(texts[i & 63])
  }
  return {
    push: bytesPerElement(nothing, fill, () => consumer.drain(nothing)),
    pop: bytesPerElement(fill, () => {
      while (consumer.pop() !== undefined);
    }, nothing),
    drain: bytesPerElement(fill, () => consumer.drain(nothing), nothing),
    'push into a full ring': bytesPerElement(() => {
      while (producer.push(texts[0]));
    }, () => {
      for (let i = 0; i < ROUND; i++) producer.push(texts[i & 63])
    }, nothing),
  }
}

const event = { id: 1, type: 'order.created', user: 'user-7', ok: true, total: 7.25, tags: ['new', 'batch-7'], at: { line: 7, column: 7 } }

/** Of the ring and of what makes the object: `alone` is without a ring, where that can be told apart. */
function objects(of, alone) {
  const { producer, consumer } = createRing({ of, capacity: 256 * ROUND })
  const fill = () => {
    for (let i = 0; i < ROUND; i++) producer.push(event)
  }
  return {
    push: bytesPerElement(nothing, fill, () => consumer.drain(nothing)),
    pop: bytesPerElement(fill, () => {
      while (consumer.pop() !== undefined);
    }, nothing),
    ...alone?.(),
  }
}

const msgpackr = {
  encode(value, target) {
    const bytes = pack(value)
    if (bytes.length <= target.length) target.set(bytes)
    return bytes.length
  },
  decode: unpack,
}

const jsonAlone = () => {
  const texts = Array.from({ length: 64 }, (_, i) => JSON.stringify({ ...event, id: i }))
  let length = 0
  return {
    'push, JSON.stringify alone': bytesPerElement(nothing, () => {
      for (let i = 0; i < ROUND; i++) length += JSON.stringify(event).length
    }, nothing),
    'pop, JSON.parse alone': bytesPerElement(nothing, () => {
      for (let i = 0; i < ROUND; i++) length += JSON.parse(texts[i & 63]).id
    }, nothing),
  }
}

function messages() {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 128 * ROUND })
  const message = new Uint8Array(64)
  let total = 0
  const fill = () => {
    for (let i = 0; i < ROUND; i++) producer.push(message)
  }
  const add = (_bytes, start, end) => {
    total = (total + end - start) | 0
  }
  return {
    push: bytesPerElement(nothing, fill, () => consumer.drain(nothing)),
    visit: bytesPerElement(fill, () => consumer.visit(add), nothing),
    drain: bytesPerElement(fill, () => consumer.drain(nothing), nothing),
    pop: bytesPerElement(fill, () => {
      while (consumer.pop() !== undefined);
    }, nothing),
  }
}

const results = {
  records: records(),
  strings: strings(),
  'kept, drained': keptBy('drain'),
  'kept, popped': keptBy('pop'),
  'f64, each': numbers('f64', 'each', 0.5),
  'f64, every 32': numbers('f64', 32, 0.5),
  'f64 integers': numbers('f64', 'each', 0),
  i32: numbers('i32', 'each', 0),
  bytes: messages(),
  trades: trades(),
  json: objects('json', jsonAlone),
  value: objects('value'),
  msgpackr: objects(msgpackr),
  // Last, because it changes what the others would be.
  'drain with many callbacks': drainForMany(),
}
process.stdout.write(JSON.stringify(results, null, 1))
