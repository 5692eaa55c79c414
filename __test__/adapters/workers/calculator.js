// Answers questions, in the ways that a handler can.

import { setTimeout as sleep } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import { Duplex, rpc } from 'crosscore'

class LimitError extends RangeError {
  constructor(limit) {
    super(`more than ${limit}`)
    this.code = 'ERR_LIMIT'
    this.limit = limit
  }
}

class Calculator {
  base = 100
  add(a, b) {
    return a + b
  }
  async later(value, ms) {
    await sleep(ms)
    return value
  }
  based(n) {
    return this.base + n
  }
  limit() {
    throw new LimitError(5)
  }
  die() {
    process.exit(3)
  }
  never() {
    return new Promise(() => {})
  }
  async *count(to) {
    for (let n = 0; n < to; n++) yield n
  }
}

const peer = rpc(Duplex.from(workerData), new Calculator(), { errors: [LimitError] })
await peer.ended
