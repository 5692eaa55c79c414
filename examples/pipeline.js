// Three workers in a row, joined by two rings: node examples/pipeline.js
//
// The main thread makes the rings and hands out their ends; no element passes through it. A stage ends when the one
// before it has closed its ring and everything in it has been read, so that closing runs down the line by itself.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Consumer, createRing, Producer } from 'crosscore'

const COUNT = 1_000_000
const BLOCK = 256

const stages = { count, square, sum }

if (isMainThread) start()
else await stages[workerData.stage](workerData)

function start() {
  const numbers = createRing({ of: 'f64', capacity: 4096 })
  const squares = createRing({ of: 'f64', capacity: 4096 })
  stage({ stage: 'count', out: numbers.producer.move() })
  stage({ stage: 'square', in: numbers.consumer.move(), out: squares.producer.move() })
  stage({ stage: 'sum', in: squares.consumer.move() }).on('message', (total) => {
    const n = BigInt(COUNT)
    const right = total === (n * (n + 1n) * (2n * n + 1n)) / 6n
    console.log(`the squares of 1 to ${COUNT} sum up to ${total}: ${right ? 'right' : 'WRONG'}`)
    if (!right) process.exitCode = 1
  })
}

function stage(data) {
  return new Worker(new URL(import.meta.url), { workerData: data })
}

async function count({ out }) {
  const producer = Producer.from(out)
  for (let next = 1; next <= COUNT; ) {
    const length = Math.min(BLOCK, COUNT - next + 1)
    let block
    while ((block = producer.reserve(length)) === null) await producer.ready(length)
    for (let i = 0; i < block.length; i++) block[i] = next++
    producer.commit()
  }
  producer.close()
}

async function square({ in: token, out }) {
  const consumer = Consumer.from(token)
  const producer = Producer.from(out)
  while (await consumer.ready()) {
    // From slot to slot: read in place, written in place.
    const numbers = consumer.peek(BLOCK)
    let squares
    while ((squares = producer.reserve(numbers.length)) === null) await producer.ready(numbers.length)
    for (let i = 0; i < numbers.length; i++) squares[i] = numbers[i] ** 2
    producer.commit()
    consumer.release()
  }
  producer.close()
}

async function sum({ in: token }) {
  const consumer = Consumer.from(token)
  // The total is beyond 2^53: added up as a bigint it is exact.
  let total = 0n
  while (await consumer.ready()) consumer.drain((n) => (total += BigInt(n)))
  parentPort.postMessage(total)
}
