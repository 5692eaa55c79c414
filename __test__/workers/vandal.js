// One end of a ring that scribbles over all of its memory while elements flow. Whatever goes wrong
// must be a CrosscoreError that says so: anything else is posted as a failure.

import { parentPort, workerData } from 'node:worker_threads'
import { Consumer, CrosscoreError, Producer } from 'crosscore'
import { Patience } from './patience.js'

const { rounds } = workerData
let state = workerData.seed

/** A whole number below `n`; xorshift32, so that a seed can be tried again. */
function random(n) {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % n
}

/** Overwrites random stretches of the ring, its headers and its second half included. */
function scribble(buffer) {
  const bytes = new Uint8Array(buffer)
  const words = new Uint32Array(buffer)
  for (let i = random(4); i > 0; i--) bytes.fill(random(256), random(bytes.length), random(bytes.length))
  for (let i = random(64); i > 0; i--) bytes[random(bytes.length)] = random(256)
  // Lengths that look possible, and the most impossible ones.
  for (let i = random(8); i > 0; i--) words[random(words.length)] = [random(buffer.byteLength), 0xffffffff, 0x7fffffff, 0][random(4)]
}

function write(producer, of) {
  const { capacity } = producer
  const one = () => (of === 'bytes' ? new Uint8Array(random(capacity / 2)).fill(random(256)) : random(256))
  let buffer = producer.reserve(1).buffer
  producer.abort()
  const acts = [
    () => producer.push(one()),
    () => producer.push(one()),
    () => producer.pushMany([one(), one(), one()]) > 0,
    () => {
      const view = producer.reserve(1 + random(capacity / 2))
      if (view === null) return false
      buffer = view.buffer
      scribble(buffer)
      producer.commit(random(view.length + 1))
      return true
    },
    () => producer.free > 0,
  ]
  return () => {
    if (random(4) === 0) scribble(buffer)
    return acts[random(acts.length)]()
  }
}

function read(consumer, of) {
  let buffer
  const look = (view) => (buffer = view?.buffer ?? buffer)
  const acts = [
    () => consumer.pop() !== undefined,
    () => consumer.popMany(1 + random(5)).length > 0,
    () => {
      const view = consumer.peek()
      look(view)
      if (random(2) === 0 && buffer !== undefined) scribble(buffer)
      consumer.release()
      return view !== undefined && view.length > 0
    },
    () => consumer.drain((value) => of === 'bytes' && look(value), 1 + random(9)) > 0,
    () => consumer.available > 0,
  ]
  return () => {
    if (random(4) === 0 && buffer !== undefined) scribble(buffer)
    return acts[random(acts.length)]()
  }
}

parentPort.on('message', ({ token }) => {
  const writes = token.crosscore === 'producer'
  const handle = writes ? Producer.from(token) : Consumer.from(token)
  const act = writes ? write(handle, token.of) : read(handle, token.of)
  const patience = new Patience()
  const heard = { corrupt: 0, failures: [] }
  const last = writes ? rounds : Infinity
  for (let round = 0; round < last; round++) {
    try {
      if (act()) patience.hit()
      else if (!writes && handle.done) break
      else patience.miss()
    } catch (error) {
      const code = error instanceof CrosscoreError ? error.code : undefined
      if (code === 'ERR_CROSSCORE_CLOSED') break
      if (code !== 'ERR_CROSSCORE_CORRUPT') {
        heard.failures.push(error.stack)
        break
      }
      // A stream whose headers are gone has no next message: it is asked a few times, and given up.
      if (++heard.corrupt > 5) break
    }
  }
  handle.close()
  parentPort.postMessage(heard)
})
