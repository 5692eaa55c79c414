// The two ends of a stream, in all the ways there are to write, read and wait.

import { setImmediate as turn } from 'node:timers/promises'
import { streamOf } from './elements.js'
import { Random } from './random.js'

const MOST = 64
const cell = new Int32Array(new SharedArrayBuffer(4))

/** Between two polls, so that the other side gets the processor. */
function nap() {
  Atomics.wait(cell, 0, 0, 0.05)
}

function isClosed(error) {
  return error?.code === 'ERR_CROSSCORE_CLOSED'
}

/**
 * One end of a stream. `doom()` may end the thread; it is asked wherever it could die.
 * `timeout` bounds blocking calls, for a side that has to ask.
 */
class End {
  constructor(side, handle, plan, ledger, { doom = () => {}, timeout } = {}) {
    this.side = side
    this.handle = handle
    this.stream = streamOf(plan)
    this.bytes = plan.ring.of === 'bytes'
    /** Copied in and made on the way out: there are no slots to reserve or to look at. */
    this.strings = plan.ring.of === 'string'
    this.ledger = ledger
    this.doom = doom
    this.options = timeout === undefined ? undefined : { timeout }
    this.random = new Random(plan.words ^ (side === 'producer' ? 1 : 2))
    this.slow = plan.slow === side || plan.slow === 'both'
    /** Elements written or read. */
    this.at = 0
  }

  /** Something else to do now and then, if this is the slow side. */
  dawdle() {
    this.doom()
    if (!this.slow || !this.random.chance(0.05)) return
    const until = performance.now() + this.random.fraction() * 0.3
    while (performance.now() < until);
  }

  /** Some number of elements. */
  some() {
    return this.random.between(1, this.random.chance(0.5) ? 4 : MOST)
  }

  blocking(act) {
    this.ledger.block(this.side, true)
    const result = act()
    this.ledger.block(this.side, false)
    return result
  }

  async awaiting(promise) {
    this.ledger.block(this.side, true)
    const result = await promise
    this.ledger.block(this.side, false)
    return result
  }
}

class Writer extends End {
  #wrote(count) {
    this.at += count
    this.ledger.wrote(this.at)
    return count
  }

  push() {
    this.ledger.intend(this.at + 1)
    return this.#wrote(this.handle.push(this.stream.at(this.at)) ? 1 : 0)
  }

  /** Room for the next element, or for it and some more. */
  async room(count = 1) {
    const n = this.bytes || this.strings ? this.stream.room(this.at) : Math.min(count, this.handle.capacity)
    if (!(await this.awaiting(this.handle.ready(n)))) throw Object.assign(new Error('not ready'), { code: 'ERR_CROSSCORE_CLOSED' })
  }

  ways = {
    poll: () => {
      if (this.push() === 0) nap()
    },
    sync: () => {
      this.ledger.intend(this.at + 1)
      const value = this.stream.at(this.at)
      this.#wrote(this.blocking(() => this.handle.pushSync(value, this.options)) ? 1 : 0)
    },
    ready: async () => {
      if (this.push() === 0) await this.room()
      else if (this.random.chance(0.01)) await turn()
    },
    many: async () => {
      const count = this.some()
      this.ledger.intend(this.at + count)
      const values = this.stream.some(this.at, count)
      if (this.#wrote(this.handle.pushMany(values)) < count) await this.room(this.some())
      else if (this.random.chance(0.1)) await turn()
    },
    manySync: () => {
      const count = this.some()
      this.ledger.intend(this.at + count)
      const values = this.stream.some(this.at, count)
      this.#wrote(this.blocking(() => this.handle.pushManySync(values, this.options)))
    },
    iterator: () => {
      const { at, stream, doom } = this
      const count = this.some()
      this.ledger.intend(at + count)
      // It can die in the middle, when some of it is in the ring and nobody was told.
      const source = function* source() {
        for (let i = 0; i < count; i++) {
          doom()
          yield stream.at(at + i)
        }
      }
      this.#wrote(this.blocking(() => this.handle.pushManySync(source(), this.options)))
    },
    reserve: async () => {
      if (this.strings) return this.ways.ready()
      const count = this.bytes ? 1 : Math.min(this.some(), this.handle.capacity)
      const length = this.bytes ? this.stream.room(this.at) : count
      const view = this.handle.reserve(length)
      if (view === null) return this.room(count)
      view.fill(this.stream.poison)
      this.doom()
      if (this.random.chance(0.1)) await turn()
      if (this.random.chance(0.1)) return this.handle.abort()
      if (this.bytes) view.set(this.stream.at(this.at))
      else view.set(this.stream.some(this.at, count))
      this.doom()
      // Sometimes less than was reserved, of which the rest is poison for a while.
      const kept = this.bytes || this.random.chance(0.7) ? count : this.random.between(1, count)
      if (!this.bytes) view.fill(this.stream.poison, kept)
      this.ledger.intend(this.at + kept)
      this.handle.commit(this.bytes ? length : kept)
      this.#wrote(kept)
    },
  }

  /** Writes until the consumer is gone, or `limit` elements. */
  async run(way, limit = Infinity) {
    try {
      while (this.at < limit) {
        this.dawdle()
        await this.ways[way]()
      }
      this.handle.close()
      return { end: 'closed it' }
    } catch (error) {
      if (!isClosed(error)) throw error
      this.ledger.block(this.side, false)
      return { end: 'found it closed' }
    }
  }
}

class Reader extends End {
  check(value) {
    this.stream.check(this.at, value)
    this.at++
    this.ledger.read(this.at)
  }

  checkSome(values) {
    for (const value of values) this.check(value)
    return values.length
  }

  /** Each returns true when the stream has ended. */
  ways = {
    poll: () => {
      const value = this.handle.pop()
      if (value !== undefined) this.check(value)
      else if (this.handle.done) return true
      else nap()
      return false
    },
    sync: () => {
      const value = this.blocking(() => this.handle.popSync(this.options))
      if (value === undefined) return this.handle.done
      this.check(value)
      return false
    },
    ready: async () => {
      if (!(await this.awaiting(this.handle.ready()))) return true
      const value = this.handle.pop()
      if (value !== undefined) this.check(value)
      return false
    },
    iterate: async () => {
      let left = this.some()
      this.ledger.block(this.side, true)
      for await (const value of this.handle) {
        this.dawdle()
        this.check(value)
        if (--left === 0) return false
      }
      return true
    },
    batches: async () => {
      let left = this.some()
      this.ledger.block(this.side, true)
      for await (const values of this.handle.batches(this.some())) {
        this.dawdle()
        this.checkSome(values)
        if (--left === 0) return false
      }
      return true
    },
    popMany: () => {
      const array = this.bytes || this.strings || this.random.chance(0.5) ? undefined : this.stream.array(this.some())
      const got = array === undefined ? this.handle.popMany(this.some()) : array.subarray(0, this.handle.popMany(array))
      if (this.checkSome(got) > 0) return false
      if (this.handle.done) return true
      nap()
      return false
    },
    drain: async () => {
      const taken = this.handle.drain((value) => {
        this.doom()
        this.check(value)
      }, this.some())
      return taken === 0 ? !(await this.awaiting(this.handle.ready())) : false
    },
    peek: async () => {
      if (this.strings) return this.ways.ready()
      const view = this.handle.peek()
      if (view === undefined || (!this.bytes && view.length === 0)) return !(await this.awaiting(this.handle.ready()))
      if (this.bytes) {
        this.check(view)
        this.handle.release()
        return false
      }
      const count = this.random.between(1, view.length)
      this.checkSome(view.subarray(0, count))
      this.handle.release(count)
      return false
    },
  }

  /** Reads until the producer is gone, or `limit` elements. */
  async run(way, limit = Infinity) {
    while (this.at < limit) {
      this.dawdle()
      if (await this.ways[way]()) {
        this.ledger.block(this.side, false)
        if (!this.handle.done) throw new Error('the stream has ended, and yet the consumer is not done')
        return { end: 'found it closed' }
      }
    }
    this.handle.close()
    return { end: 'closed it' }
  }
}

/** An end of the stream over `handle`. */
export function endOf(side, handle, plan, ledger, options) {
  return new (side === 'producer' ? Writer : Reader)(side, handle, plan, ledger, options)
}
