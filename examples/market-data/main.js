// Trades from a feed to a strategy, as records: node examples/market-data/main.js
//
// The feed writes each trade in place, field by field, and publishes it with the time; the strategy reads it where it lies
// and notes how long it was under way.

import { once } from 'node:events'
import { createHistogram } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Consumer, createRing, record } from 'crosscore'

const TRADES = 200_000
/** A burst of trades, then the feed is quiet for a moment: at full speed one would measure how long the ring is. */
const BURST = 200
const FIRST_ID = 2n ** 63n // more than a double could tell apart

/** Both ends name the same fields; a ring of others would be refused. */
const trade = record({ id: 'u64', sent: 'f64', price: 'f64', quantity: 'u32', side: 'u8' })

if (isMainThread) await feed()
else await strategy()

/** In nanoseconds, on a clock that all threads share. */
function now() {
  return Number(process.hrtime.bigint())
}

async function feed() {
  const { producer, consumer } = createRing({ of: trade, capacity: 4096 })
  const worker = new Worker(new URL(import.meta.url), { workerData: consumer.move() })
  // Trades that wait while a thread starts say nothing.
  await once(worker, 'message')
  const answer = once(worker, 'message')
  let expected = 0
  for (let n = 0; n < TRADES; n++) {
    const price = 100 + (n % 64) / 4
    const quantity = 1 + (n % 10)
    expected += (n % 2 === 0 ? 1 : -1) * price * quantity
    let batch
    while ((batch = producer.reserve(1)) === null) await producer.ready()
    const slot = batch.at(0)
    slot.id = FIRST_ID + BigInt(n)
    slot.price = price
    slot.quantity = quantity
    slot.side = n % 2
    slot.sent = now()
    producer.commit()
    if (n % BURST === BURST - 1) await sleep(1)
  }
  producer.close()

  const [{ trades, position, lines }] = await answer
  const right = trades === TRADES && position === expected
  console.log(lines.join('\n'))
  console.log(`${trades} trades, position ${position}: ${right ? 'right' : 'WRONG'}`)
  if (!right) process.exitCode = 1
}

async function strategy() {
  const consumer = Consumer.from(workerData)
  const latency = createHistogram()
  parentPort.postMessage('ready')
  let trades = 0
  let position = 0
  while (await consumer.ready()) {
    consumer.drain((slot) => {
      if (slot.id !== FIRST_ID + BigInt(trades)) throw new Error(`trade ${slot.id} is out of order`)
      latency.record(Math.max(1, Math.round(now() - slot.sent)))
      trades++
      position += (slot.side === 0 ? 1 : -1) * slot.price * slot.quantity
    })
  }
  parentPort.postMessage({ trades, position, lines: drawn(latency) })
}

/** A bar for each percentile: as many characters as the logarithm of the time says. */
function drawn(latency) {
  return [50, 75, 90, 99, 99.9, 100].map((percentile) => {
    const ns = latency.percentile(percentile)
    const bar = '#'.repeat(Math.max(1, Math.round(6 * Math.log10(ns / 100))))
    return `${`p${percentile}`.padEnd(6)}${(ns / 1000).toFixed(1).padStart(10)} µs  ${bar}`
  })
}
