// What scripts/test-deopt.mjs watches: every hot call in a loop of its own, warmed up, then `WATCHED` is printed into
// V8's own trace, then all again. Arguments: the kinds of ring. Those after the word `then` come only after the warm-up,
// so that code which was optimised for the others cannot stay.

import v8 from 'node:v8'
import vm from 'node:vm'
import { createRing, record } from '../index.js'

/** What is printed between warming up and what must run without a deoptimisation. */
export const WATCHED = 'watched from here on'

/** A page of doubles: small, so that calls which take all that is there are called often. */
const CAPACITY = 512
const BLOCK = 64
const MESSAGE = 64
/** Rounds of each pair of loops. */
const ROUNDS = 1500
/** So often comes a turn of the event loop: what is done once in a turn is part of the program too. */
const TURN = 100

const viewOf = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
}

/** What `record` stands for in the arguments. */
const schema = record({ ts: 'f64', px: 'f64', id: 'u32', qty: 'u16' })

/** The loops of a kind, each until the ring is full or empty, so that both ends of it are met. */
function loopsOf(of) {
  if (of === 'record') return recordLoops()
  if (of === 'string' || of === 'json' || of === 'value') return objectLoops(of)
  const valueAt = sourceOf(of)
  const { producer, consumer } = createRing({ of, capacity: of === 'bytes' ? 8 * CAPACITY : CAPACITY })
  const bytes = of === 'bytes'
  const values = bytes
    ? Array.from({ length: BLOCK }, (_, i) => valueAt(i))
    : viewOf[of].from({ length: BLOCK }, (_, i) => valueAt(i))
  const into = bytes ? BLOCK : new viewOf[of](BLOCK)
  const size = bytes ? MESSAGE : BLOCK
  let seen = 0
  const count = () => {
    seen++
  }
  const countRange = (_memory, start, end) => {
    seen += end - start
  }
  const write = {
    pushLoop() {
      for (let i = 0; producer.push(valueAt(i)); i++);
    },
    pushManyLoop() {
      while (producer.pushMany(values) > 0);
    },
    reserveCommitLoop() {
      for (let view = producer.reserve(size); view !== null; view = producer.reserve(size)) {
        view[0] = bytes ? 1 : valueAt(1)
        producer.commit()
      }
    },
  }
  const read = {
    popLoop() {
      while (consumer.pop() !== undefined) seen++
    },
    popManyLoop() {
      for (;;) {
        const found = consumer.popMany(into)
        if (found === 0 || found.length === 0) break
      }
    },
    drainLoop() {
      while (consumer.drain(count) > 0);
    },
    visitLoop() {
      while (consumer.visit(countRange) > 0);
    },
    peekReleaseLoop() {
      for (let view = consumer.peek(); view !== undefined && view.length > 0; view = consumer.peek()) {
        seen += view.length
        consumer.release()
      }
    },
  }
  return { write, read }
}

/** Kinds whose elements are not shown in place. */
function objectLoops(of) {
  const valueAt = sourceOf(of)
  const { producer, consumer } = createRing({ of, capacity: 8 * CAPACITY })
  const values = Array.from({ length: 8 }, (_, i) => valueAt(i))
  let seen = 0
  const count = () => {
    seen++
  }
  const write = {
    pushLoop() {
      for (let i = 0; producer.push(valueAt(i)); i++);
    },
    pushManyLoop() {
      while (producer.pushMany(values) > 0);
    },
  }
  const read = {
    popLoop() {
      while (consumer.pop() !== undefined) seen++
    },
    popManyLoop() {
      while (consumer.popMany(BLOCK).length > 0);
    },
    drainLoop() {
      while (consumer.drain(count) > 0);
    },
  }
  return { write, read }
}

function recordLoops() {
  const { producer, consumer } = createRing({ of: schema, capacity: CAPACITY / 4 })
  const objects = Array.from({ length: 8 }, (_, i) => ({ ts: i + 0.5, px: i + 0.25, id: i, qty: i }))
  let seen = 0
  const count = (cursor) => {
    seen += cursor.ts + cursor.id
  }
  const countRange = (batch, start, end) => {
    for (let i = start; i < end; i++) seen += batch.at(i).px
  }
  const write = {
    pushLoop() {
      for (let i = 0; producer.push(objects[i & 7]); i++);
    },
    pushManyLoop() {
      while (producer.pushMany(objects) > 0);
    },
    reserveCommitLoop() {
      for (let batch = producer.reserve(8); batch !== null; batch = producer.reserve(8)) {
        for (let i = 0; i < 8; i++) batch.at(i).ts = i + 0.5
        producer.commit()
      }
    },
  }
  const read = {
    popLoop() {
      while (consumer.pop() !== undefined) seen++
    },
    popManyLoop() {
      while (consumer.popMany(BLOCK).length > 0);
    },
    drainLoop() {
      while (consumer.drain(count) > 0);
    },
    visitLoop() {
      while (consumer.visit(countRange) > 0);
    },
    peekReleaseLoop() {
      for (let batch = consumer.peek(); batch.length > 0; batch = consumer.peek()) {
        seen += batch.at(0).px
        consumer.release()
      }
    },
  }
  return { write, read }
}

/** @returns {(i: number) => unknown} */
function sourceOf(of) {
  if (of === 'string') {
    const texts = Array.from({ length: 16 }, (_, i) => (i % 4 === 3 ? `ü${i}` : String(i)).padEnd(MESSAGE + (i % 4), '.'))
    return (i) => texts[i & 15]
  }
  if (of === 'json' || of === 'value') {
    const values = Array.from({ length: 16 }, (_, i) => ({ id: i, text: `text ${i}`, list: [i, null] }))
    return (i) => values[i & 15]
  }
  if (of === 'bytes') {
    const messages = Array.from({ length: 16 }, (_, i) => new Uint8Array(MESSAGE + (i % 4)))
    return (i) => messages[i & 15]
  }
  if (of.endsWith('64') && of !== 'f64') return (i) => BigInt(i & 0x7f)
  if (of === 'f64') return (i) => (i & 0xff) + 0.5
  return (i) => i & 0x7f
}

async function run({ write, read }) {
  for (const one of Object.values(write)) {
    for (const other of Object.values(read)) {
      for (let round = 0; round < ROUNDS; round++) {
        one()
        other()
        if (round % TURN === 0) await new Promise((resolve) => setImmediate(resolve))
      }
    }
  }
}

const args = process.argv.slice(2)
const then = args.indexOf('then')
const known = (then < 0 ? args : args.slice(0, then)).map(loopsOf)
const late = (then < 0 ? [] : args.slice(then + 1)).map(loopsOf)
for (const some of known) await run(some)
// Kinds in turn, as well: what was optimised for the first has met the others by now.
for (const some of known) await run(some)
v8.setFlagsFromString('--allow-natives-syntax')
vm.runInThisContext(`%DebugPrint(${JSON.stringify(WATCHED)})`)
for (const some of [...late, ...known]) await run(some)
