// How many bytes of V8's heap each call takes, once it is optimised. Prints JSON: bytes per element by name.
//
// A young generation so large that nothing is collected meanwhile makes the growth of the heap all that was
// allocated: run with --expose-gc --min-semi-space-size=256 --max-semi-space-size=256 --no-concurrent-recompilation.

import v8 from 'node:v8'
import { array, createRing, record } from 'crosscore'

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
  }
}

const results = {
  records: records(),
  strings: strings(),
  'f64, each': numbers('f64', 'each', 0.5),
  'f64, every 32': numbers('f64', 32, 0.5),
  'f64 integers': numbers('f64', 'each', 0),
  i32: numbers('i32', 'each', 0),
  // Last, because it changes what the others would be.
  'drain with many callbacks': drainForMany(),
}
process.stdout.write(JSON.stringify(results, null, 1))
