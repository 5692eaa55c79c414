// Pools of threads: a task takes a token, a task that throws leaves its thread to the next one, and that one works.

import assert from 'node:assert'

/** The task in a thread of the pool. It closes what it claimed, whatever happens: the thread lives on. */
const TASK = `const { Consumer } = require('crosscore')
async function sum({ token, breaks }) {
  const consumer = Consumer.from(token)
  try {
    let sum = 0
    while (await consumer.ready()) {
      consumer.drain((n) => (sum += n))
      if (breaks) throw new Error('as asked')
    }
    return sum
  } finally {
    consumer.close()
  }
}
`

/** `pool` defines `run`, which starts a task and resolves to its result, and `stop`. */
const MAIN = (pool) => `const assert = require('node:assert')
const { createRing } = require('crosscore')
const path = require('node:path')
const file = path.join(__dirname, 'task.cjs')
async function main() {
  ${pool}
  const send = async (breaks) => {
    const { producer, consumer } = createRing({ of: 'f64', capacity: 256 })
    const result = run({ token: consumer.move(), breaks })
    result.catch(() => {})
    let closed = false
    try {
      for (let n = 1; n <= 10000; n++) if (!producer.push(n)) { assert.ok(await producer.ready(1)); producer.push(n) }
    } catch (error) {
      if (error.code !== 'ERR_CROSSCORE_CLOSED' && error.code !== 'ERR_ASSERTION') throw error
      closed = true
    }
    producer.close()
    return { result, closed }
  }
  for (let round = 0; round < 3; round++) {
    assert.equal(await (await send(false)).result, 50005000)
    const { result, closed } = await send(true)
    await assert.rejects(result, /as asked/)
    assert.ok(closed, 'the producer was not told')
  }
  console.log('pooled')
  // poolifier's promise may never be kept: with no task at all, a process now and then ends while it waits for it.
  await stop()
}
main()
`

const worked = async (app, { task, pool }) => {
  app.write('task.cjs', task)
  app.write('main.cjs', MAIN(pool))
  assert.equal(await app.start(['main.cjs']), 'pooled')
}

export const pools = {
  async piscina(make) {
    await worked(await make({ tools: { piscina: '5.3.2' } }), {
      task: `${TASK}module.exports = sum`,
      pool: `const { Piscina } = require('piscina')
  const pool = new Piscina({ filename: file, maxThreads: 1 })
  const run = (data) => pool.run(data)
  const stop = () => pool.destroy()`,
    })
  },

  async tinypool(make) {
    await worked(await make({ tools: { tinypool: '2.2.0' } }), {
      task: `${TASK}module.exports = sum`,
      pool: `const { Tinypool } = await import('tinypool')
  const pool = new Tinypool({ filename: file, maxThreads: 1, minThreads: 1 })
  const run = (data) => pool.run(data)
  const stop = () => pool.destroy()`,
    })
  },

  async workerpool(make) {
    await worked(await make({ tools: { workerpool: '10.0.3' } }), {
      task: `${TASK}require('workerpool').worker({ sum })`,
      pool: `const workerpool = require('workerpool')
  const pool = workerpool.pool(file, { workerType: 'thread', maxWorkers: 1 })
  const run = async (data) => pool.exec('sum', [data])
  const stop = () => pool.terminate()`,
    })
  },

  async poolifier(make) {
    await worked(await make({ tools: { poolifier: '5.3.2' } }), {
      task: `${TASK}const { ThreadWorker } = require('poolifier')\nmodule.exports = new ThreadWorker(sum)`,
      pool: `const { FixedThreadPool } = require('poolifier')
  const pool = new FixedThreadPool(1, file, { errorHandler: () => {} })
  const run = (data) => pool.execute(data)
  const stop = () => pool.destroy()`,
    })
  },
}
