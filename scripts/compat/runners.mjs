// Test runners: a file that uses a ring with a worker and leaves it open ends by itself; and what a pending ready() does.

import assert from 'node:assert'
import { rmSync } from 'node:fs'

const WORKER = `const { parentPort, workerData } = require('node:worker_threads')
const { Consumer } = require('crosscore')
const consumer = Consumer.from(workerData)
let sum = 0
consumer.ready().then(async function more(open) {
  if (!open) return parentPort.postMessage(sum)
  consumer.drain((n) => (sum += n))
  return more(await consumer.ready())
})
`

/** What the test does, in a module's or in CommonJS's words; rings are left open on purpose. */
const body = (worker) => `
const path = require('node:path')
const { Worker } = require('node:worker_threads')
const { createRing, CrosscoreError } = require('crosscore')
async function work() {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 256 })
  const worker = new Worker(${worker}, { workerData: consumer.move() })
  const sum = new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  for (let n = 1; n <= 10000; n++) producer.pushSync(n)
  producer.close()
  if ((await sum) !== 50005000) throw new Error('wrong sum')
  const open = createRing({ of: 'bytes', capacity: 4096 })
  open.producer.push(new Uint8Array([1, 2, 3]))
  if (open.consumer.pop().length !== 3) throw new Error('wrong length')
  try { open.producer.push('not bytes'); throw new Error('taken') } catch (error) { if (!(error instanceof CrosscoreError)) throw error }
  globalThis.leftOpen = open
  return open
}
`
const CJS = body("path.join(__dirname, 'worker.cjs')")
const ESM = `import { createRequire } from 'node:module'
import * as crosscore from 'crosscore'
const require = createRequire(import.meta.url)
if (crosscore.createRing === undefined) throw new Error('no import')
${body("new URL('worker.cjs', import.meta.url)")}`

/** A wait that is never answered: kept, and let go. */
const PENDING = (unref) => `{ const { consumer } = await work(); ${unref ? 'consumer.unref();' : ''} consumer.ready().catch(() => {}) }`

/** Runs `command(file)` for the three kinds of test, and prints what a pending ready() does to this runner. */
async function tried(app, { name, file, test, command, env }) {
  app.write('worker.cjs', WORKER)
  const result = {}
  for (const [kind, text] of [
    ['open', '{ await work() }'],
    ['pending', PENDING(false)],
    ['unref', PENDING(true)],
  ]) {
    app.write(file, test(text))
    // jest takes no worker for files that it remembers as quick.
    rmSync(app.path('cache'), { recursive: true, force: true })
    const { ok, timedOut, output, ms } = await app.run(command, { env, limit: kind === 'pending' ? 30_000 : 90_000 })
    result[kind] = timedOut ? 'does not end' : ok ? `passes in ${(ms / 1000).toFixed(1)} s` : 'fails'
    if (kind !== 'pending') assert.ok(ok && !timedOut, `${name}, ${kind}: ${result[kind]}\n${output}`)
    else if (!ok && !timedOut) result.says = output.split('\n').find((line) => /pending|did not exit|handle|promise|timed? ?out/i.test(line))
  }
  console.log(`       ${name}: rings left open: ${result.open}; pending ready(): ${result.pending}${result.says ? ` (${result.says.trim()})` : ''}; after unref(): ${result.unref}`)
}

export const runners = {
  async jest(make) {
    const app = await make({ tools: { jest: '30.5.2' } })
    const jest = app.tool('jest', 'bin', 'jest.js')
    const config = (options) => JSON.stringify({ rootDir: app.folder, testMatch: ['**/*.test.js'], testEnvironment: 'node', transform: {}, cacheDirectory: app.path('cache'), ...options })
    for (const [name, options, flags] of [
      ['jest, processes', {}, ['--maxWorkers=2']],
      ['jest, in band', {}, ['--runInBand']],
      ['jest, threads', { workerThreads: true }, ['--maxWorkers=2']],
    ]) {
      // Two files and two workers, or jest runs them in its own process: by default it takes one worker fewer than processors.
      app.write('other.test.js', "test('other', () => {})")
      app.write('jest.config.json', config(options))
      await tried(app, {
        name,
        file: 'ring.test.js',
        test: (text) => `${CJS}\ntest('a ring', async () => ${text})`,
        command: [app.node, jest, '-c', 'jest.config.json', ...flags],
      })
    }
    app.write('package.json', JSON.stringify({ name: 'app', type: 'module' }))
    app.write('jest.config.json', config({}))
    await tried(app, {
      name: 'jest, ES modules',
      file: 'ring.test.js',
      test: (text) => `${ESM}\ntest('a ring', async () => ${text})`,
      command: [app.node, '--experimental-vm-modules', '--no-warnings', jest, '-c', 'jest.config.json', '--runInBand'],
    })
  },

  async vitest(make) {
    const app = await make({ tools: { vitest: '5.1.1' } })
    for (const pool of ['threads', 'forks']) {
      await tried(app, {
        name: `vitest, ${pool}`,
        file: 'ring.test.mjs',
        test: (text) => `import { test } from 'vitest'\n${ESM}\ntest('a ring', async () => ${text})`,
        command: [app.node, app.tool('vitest', 'vitest.mjs'), 'run', `--pool=${pool}`, '--root', app.folder],
      })
    }
  },

  async nodeTest(make) {
    const app = await make({})
    await tried(app, {
      name: 'node:test',
      file: 'ring.test.mjs',
      test: (text) => `import { test } from 'node:test'\n${ESM}\ntest('a ring', async () => ${text})`,
      command: [app.node, '--test', 'ring.test.mjs'],
    })
  },

  async mocha(make) {
    const app = await make({ tools: { mocha: '12.0.3' } })
    await tried(app, {
      name: 'mocha',
      file: 'ring.test.mjs',
      test: (text) => `${ESM}\nit('a ring', async () => ${text})`,
      command: [app.node, app.tool('mocha', 'bin', 'mocha.js'), 'ring.test.mjs'],
    })
  },

  async ava(make) {
    const app = await make({ tools: { ava: '7.0.0' } })
    for (const workerThreads of [true, false]) {
      app.write('package.json', JSON.stringify({ name: 'app', type: 'module', ava: { workerThreads } }))
      await tried(app, {
        name: `ava, ${workerThreads ? 'threads' : 'processes'}`,
        file: 'ring.test.js',
        test: (text) => `import test from 'ava'\n${ESM}\ntest('a ring', async (t) => { ${text}; t.pass() })`,
        command: [app.node, app.tool('ava', 'entrypoints', 'cli.mjs'), 'ring.test.js'],
      })
    }
  },
}
