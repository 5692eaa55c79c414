// A thread whose built-ins a program has changed, as test runners and worse do. workerData.tamper names what; the last
// message is what came of using rings.

import { parentPort, workerData } from 'node:worker_threads'
import { createRing } from 'crosscore'

const real = {
  now: performance.now.bind(performance),
  call: Function.prototype.call,
  getPrototypeOf: Object.getPrototypeOf,
}
const TypedArray = real.getPrototypeOf(Uint8Array)
const lie = () => {
  throw new Error('a built-in that was changed was called')
}
const define = (object, key, descriptor) => Object.defineProperty(object, key, { configurable: true, ...descriptor })

/** What is changed; each returns how it is changed back. */
const ways = {
  'a clock that stands still'() {
    define(globalThis, 'performance', { value: { now: () => 0 } })
    const { now } = Date
    Date.now = () => 0
    return () => (Date.now = now)
  },
  'timers that never come'() {
    const names = ['setTimeout', 'setImmediate', 'clearTimeout']
    const kept = names.map((name) => globalThis[name])
    for (const name of names) globalThis[name] = () => {}
    return () => names.forEach((name, i) => (globalThis[name] = kept[i]))
  },
  'the methods of functions'() {
    const { call, apply, bind } = Function.prototype
    Object.assign(Function.prototype, { call: lie, apply: lie, bind: lie })
    return () => Object.assign(Function.prototype, { call, apply, bind })
  },
  'the species of typed arrays'() {
    const views = [Uint8Array, Float64Array, BigUint64Array]
    for (const view of views) define(view, Symbol.species, { get: lie })
    const { constructor } = TypedArray.prototype
    define(TypedArray.prototype, 'constructor', { get: lie })
    return () => {
      for (const view of views) delete view[Symbol.species]
      define(TypedArray.prototype, 'constructor', { value: constructor, writable: true })
    }
  },
  'the methods of typed arrays'() {
    const names = ['set', 'subarray', 'slice', 'copyWithin', 'indexOf', 'fill']
    const kept = names.map((name) => Object.getOwnPropertyDescriptor(TypedArray.prototype, name))
    const length = Object.getOwnPropertyDescriptor(TypedArray.prototype, 'length')
    for (const name of names) define(TypedArray.prototype, name, { value: lie })
    define(TypedArray.prototype, 'length', { get: () => 1 })
    return () => {
      names.forEach((name, i) => define(TypedArray.prototype, name, kept[i]))
      define(TypedArray.prototype, 'length', length)
    }
  },
  'the constructors of typed arrays'() {
    const names = ['Uint8Array', 'Uint32Array', 'Float64Array', 'BigUint64Array', 'ArrayBuffer']
    const kept = names.map((name) => globalThis[name])
    for (const name of names) globalThis[name] = lie
    return () => names.forEach((name, i) => (globalThis[name] = kept[i]))
  },
  'setters and toJSON of all objects'() {
    const names = ['toJSON', 'number', 'words', 'publish', 'look', 'memory', 'busy', 'crosscore', 'id', 'done', 'cause', 'code']
    for (const name of names) define(Object.prototype, name, { set: lie, get: () => undefined })
    return () => {
      for (const name of names) delete Object.prototype[name]
    }
  },
}

const elements = {
  f64: [Float64Array.of(1, 2, 3), (value, i) => value === i + 1],
  u64: [BigUint64Array.of(1n, 2n, 3n), (value, i) => value === BigInt(i + 1)],
  bytes: [[Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)], (value, i) => value[0] === i + 1],
}

const problems = []
const restore = ways[workerData.tamper]()
try {
  for (const [of, [values, isNth]] of Object.entries(elements)) {
    for (const memory of ['mirrored', 'heap']) {
      const { producer, consumer } = createRing({ of, capacity: 64, memory, publish: 'tick' })
      const check = (what, ok) => {
        if (!ok) problems.push(`${what} (${of}, ${memory})`)
      }
      const started = real.now()
      check('popSync', consumer.popSync({ timeout: 5 }) === undefined && real.now() - started < 2000)
      // So many that the end of the ring is passed.
      for (let lap = 0; lap < 30; lap++) {
        check('pushMany', producer.pushMany(values) === 3)
        check('pop', isNth(consumer.pop(), 0))
        const [second] = consumer.popMany(1)
        check('popMany', isNth(second, 1))
        let seen = 0
        consumer.drain((value) => check('drain', isNth(value, 2 + seen++)))
        check('drain', seen === 1)
        for (let i = 0; i < 3; i++) check('push', producer.push(values[i]))
        check('reserve', producer.reserve(1) !== null)
        producer.abort()
        seen = 0
        consumer.visit((memory, start, end) => {
          for (let at = start; at < end; at++) check('visit', isNth(of === 'bytes' ? [memory[at]] : memory[at], seen++))
        })
        check('visit', seen === 3)
        producer.push(values[0])
        check('peek', consumer.peek() !== undefined)
        consumer.release()
      }
      producer.close(new Error('enough', { cause: new Error('really') }))
      check('reason', consumer.reason.message === 'enough')
    }
  }
} catch (error) {
  problems.push(`${error}`)
} finally {
  restore()
}
// The end of the turn publishes, whatever became of the timers.
const late = createRing({ of: 'f64', capacity: 64, publish: 'tick' })
const again = ways[workerData.tamper]()
late.producer.push(1)
const ready = late.consumer.ready()
again()
if (!(await ready)) problems.push('ready')
parentPort.postMessage(problems)
