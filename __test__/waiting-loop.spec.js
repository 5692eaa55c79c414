// A pending wait keeps the event loop alive, or not: in processes that end by themselves.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { onNode } from './runtime.js'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Runs a module with rings to wait on; what it printed and how it ended. */
function run(code) {
  const source = `
    import { setTimeout as later } from 'node:timers/promises'
    import { isMainThread, Worker } from 'node:worker_threads'
    import { createRing } from 'crosscore'
    const say = (...words) => console.log(...words)
    const { producer, consumer } = createRing({ of: 'u8', capacity: 1, memory: 'heap' })
    ${code}`
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', source], { cwd: root })
    let said = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (text) => (said += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (errors += text))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, said: said.trim().split(/\s+/).join(' '), errors }))
  })
}

function ends(title, code, expected, exitCode = 0, on = test) {
  on(title, async (t) => {
    const { code: ended, signal, said, errors } = await run(code)
    t.is(signal, null, errors)
    t.is(said, expected, errors)
    t.is(ended, exitCode, errors)
  })
}

// The timers below do not keep the loop alive by themselves.
const later = (act) => `setTimeout(() => { ${act} }, 100).unref();`

ends('a handle that does not wait does not keep it', `say('end')`, 'end')
ends('a wait of a consumer keeps it', `consumer.ready().then(say); ${later('producer.push(1)')}`, 'true')
ends('a wait of a producer keeps it', `producer.push(1); producer.ready().then(say); ${later('consumer.popMany(1)')}`, 'true')
ends('a loop that waits keeps it', `${later('producer.push(1); producer.close()')} for await (const v of consumer) say(v)`, '1')
ends('a wait keeps it that was over, and then another', `${later('producer.push(1)')} await consumer.ready(); consumer.pop(); ${later('producer.push(1)')} consumer.ready().then(say)`, 'true')
ends('not after unref()', `consumer.unref(); consumer.ready().then(say); ${later('producer.push(1)')}`, '')
ends('not after unref() during the wait', `consumer.ready().then(say); consumer.unref(); ${later('producer.push(1)')}`, '')
ends('nor does a producer', `producer.push(1); producer.ready().then(say); producer.unref(); ${later('consumer.popMany(1)')}`, '')
ends('but after ref() it does', `consumer.unref(); consumer.unref(); consumer.ref(); consumer.ready().then(say); ${later('producer.push(1)')}`, 'true')
ends('and after ref() during the wait', `consumer.unref(); consumer.ready().then(say); consumer.ref(); ${later('producer.push(1)')}`, 'true')
ends('an unrefed wait is served as long as something else keeps the loop', `consumer.unref(); consumer.ready().then(say); setTimeout(() => producer.push(1), 50); setTimeout(() => {}, 500)`, 'true')
ends('what was unrefed stays so for the next wait', `consumer.unref(); producer.push(1); await consumer.ready(); consumer.pop(); consumer.ready().then(say); ${later('producer.push(1)')}`, '')
ends('unref() after a wait leaves nothing', `producer.push(1); await consumer.ready(); consumer.unref(); consumer.ref(); say('end')`, 'end')
ends('not after the wait was aborted', `const c = new AbortController(); consumer.ready({ signal: c.signal }).catch((e) => say(e.name)); c.abort()`, 'AbortError')
ends('not after the handle was closed', `consumer.ready().then(say); consumer.close()`, 'false')
ends('not after the other side was closed', `consumer.ready().then(say); producer.close()`, 'false')
ends('not while the wait is over and the bell still on its way', `consumer.ready().then(say); producer.push(1); consumer.close(); say('end')`, 'end false')
ends('a timeout signal ends a wait that nobody else would', `consumer.ready({ signal: AbortSignal.timeout(50) }).catch((e) => say(e.name))`, 'AbortError')
// Bun does not end at all: `await new Promise(() => {})` alone shows it.
ends('a loop whose wait is unrefed and awaited at the top ends the process with 13', `consumer.unref(); for await (const v of consumer) say(v)`, '', 13, onNode)
ends('process.exit() with waits pending', `consumer.ready(); producer.push(1); consumer.pop(); consumer.ready(); process.exit(7)`, '', 7)
ends('an uncaught error with a wait pending', `consumer.ready(); setTimeout(() => { throw new Error('on purpose') }, 10)`, '', 1)
ends('process.exit() in a callback of a wait', `consumer.ready().then(() => process.exit(7)); producer.push(1)`, '', 7)

/** A worker that claims the consumer and runs `code`; it inherits --input-type=module. */
const worker = (code) => `
  const worker = new Worker(\`
    import { parentPort, workerData } from 'node:worker_threads'
    import { Consumer } from 'crosscore'
    const consumer = Consumer.from(workerData)
    parentPort.postMessage('ready')
    ${code}\`, { eval: true, workerData: consumer.move() })
  worker.on('exit', (code) => say('exit', code))
  await new Promise((resolve) => worker.once('message', resolve));`

ends('a wait keeps a worker', `${worker('console.log(await consumer.ready())')} await later(100); producer.push(1)`, 'true exit 0')
ends('an unrefed one does not', `${worker('consumer.unref(); consumer.ready().then(console.log)')}`, 'exit 0')
ends('nor does a wait keep a worker that is terminated', `${worker('consumer.ready()')} say(await worker.terminate())`, 'exit 1 1')
ends('process.exit() while a worker blocks', `${worker('consumer.popSync()')} await later(50); process.exit(7)`, '', 7)
ends('process.exit() while a worker blocks and another awaits', `${worker('consumer.ready()')} new Worker("import { createRing } from 'crosscore'; createRing({ of: 'u8', capacity: 1 }).consumer.popSync()", { eval: true }); await later(100); process.exit(7)`, '', 7)
ends('process.exit() of a worker while it waits', `${worker('consumer.ready(); setTimeout(() => process.exit(3), 20)')} say(await producer.ready()); `, 'true exit 3')
ends('process.exit() of main in the turn in which the worker is rung', `${worker('consumer.ready()')} await later(50); producer.push(1); process.exit(7)`, '', 7)
