// Plays a block whenever one is due, as the callback of a sound card does: it never waits for the ring.

import { parentPort, workerData } from 'node:worker_threads'
import { Consumer } from 'crosscore'
import { BLOCK, RATE, sample } from './sound.js'

const consumer = Consumer.from(workerData.token)
const clock = new Int32Array(new SharedArrayBuffer(4))
const period = (1000 * BLOCK) / RATE

// A sound card begins when there is something to play.
await consumer.ready(2 * BLOCK)

let played = 0
let xruns = 0
let wrong = 0
let latest = 0
const start = performance.now()
for (let due = 0; played < workerData.blocks; due++) {
  const early = start + due * period - performance.now()
  // Sleeps until the next block is due; nobody ever wakes it.
  if (early > 0) Atomics.wait(clock, 0, 0, early)
  else latest = Math.max(latest, -early)

  const block = consumer.peek(2 * BLOCK)
  if (block.length < 2 * BLOCK) {
    xruns++
    continue
  }
  for (let i = 0; i < BLOCK; i++) {
    const frame = played * BLOCK + i
    if (block[2 * i] !== sample(frame, 0) || block[2 * i + 1] !== sample(frame, 1)) wrong++
  }
  consumer.release()
  played++
}
parentPort.postMessage({ played, xruns, wrong, latest })
