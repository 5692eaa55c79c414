// Trades from a feed to a strategy: identifiers as u64, price and quantity as f64: node examples/market-data.js
//
// Two rings, one rule: the feed publishes the numbers of a trade before its identifier, so the strategy that sees an
// identifier finds its numbers there.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Consumer, createRing } from 'crosscore'

const TRADES = 200_000
const FIRST_ID = 2n ** 63n // more than a double could tell apart

if (isMainThread) await feed()
else await trade()

async function feed() {
  const ids = createRing({ of: 'u64', capacity: 1024 })
  const numbers = createRing({ of: 'f64', capacity: 2048 })
  const strategy = new Worker(new URL(import.meta.url), {
    workerData: { ids: ids.consumer.move(), numbers: numbers.consumer.move() },
  })
  let expected = 0
  strategy.on('message', ({ trades, turnover }) => {
    const right = trades === TRADES && turnover === expected
    console.log(`${trades} trades, turnover ${turnover}: ${right ? 'right' : 'WRONG'}`)
    if (!right) process.exitCode = 1
  })

  for (let n = 0; n < TRADES; n++) {
    const price = 100 + (n % 64) / 4
    const quantity = 1 + (n % 10)
    expected += price * quantity
    let trade
    while ((trade = numbers.producer.reserve(2)) === null) await numbers.producer.ready(2)
    trade[0] = price
    trade[1] = quantity
    numbers.producer.commit()
    while (!ids.producer.push(FIRST_ID + BigInt(n))) await ids.producer.ready()
  }
  numbers.producer.close()
  ids.producer.close()
}

async function trade() {
  const ids = Consumer.from(workerData.ids)
  const numbers = Consumer.from(workerData.numbers)
  let trades = 0
  let turnover = 0
  while (await ids.ready()) {
    ids.drain((id) => {
      if (id !== FIRST_ID + BigInt(trades)) throw new Error(`trade ${id} is out of order`)
      trades++
      turnover += numbers.pop() * numbers.pop()
    })
  }
  parentPort.postMessage({ trades, turnover })
}
