// What a round does. Each scenario resolves to what it measured, and throws when something was wrong.

import { setImmediate as turn, setTimeout as later } from 'node:timers/promises'
import { Consumer, createRing, Producer } from 'crosscore'
import { Ledger } from './ledger.js'
import { Random } from './random.js'
import { runProcess, Thread, within } from './threads.js'
import { endOf } from './traffic.js'

const SIDES = { producer: Producer, consumer: Consumer }
const otherOf = (side) => (side === 'producer' ? 'consumer' : 'producer')

/** An error that the report counts as something lost or repeated. */
function wrong(kind, message) {
  return Object.assign(new Error(message), { kind })
}

/** After both sides have ended: the consumer has seen what the producer published, all of it if the consumer lived. */
function settleAccounts(ledger, consumerLived) {
  const { intended, written, read } = ledger.counts
  if (read > intended) throw wrong('repeated', `${read} elements were read of ${intended} at most`)
  if (consumerLived && read < written) throw wrong('lost', `${read} elements were read of ${written} published`)
}

/** Claims a token for main if nobody has; whether it did. */
function claimBack(side, token) {
  try {
    return SIDES[side].from(token)
  } catch (error) {
    if (error.code === 'ERR_CROSSCORE_TOKEN') return undefined
    throw error
  }
}

/** Ends `thread` as the plan says, or waits until it has ended itself; what terminate() took. */
async function kill(plan, thread, ledger) {
  if (plan.death !== 'terminate') {
    await thread.end(`${plan.victim}, which was to end itself`)
    return {}
  }
  await later(plan.delay)
  // The clock starts after main's own loop has come round to it.
  await turn()
  const state = ledger.isBlocked(plan.victim) ? 'blocked' : 'running'
  return { [state]: await thread.terminate() }
}

/** Two threads, and one of them dies. */
async function traffic(plan) {
  const ring = createRing(plan.ring)
  const ledger = new Ledger()
  const tokens = { producer: ring.producer.move(), consumer: ring.consumer.move() }
  const start = (side) =>
    new Thread('end.js', {
      side,
      token: tokens[side],
      plan,
      shared: ledger.shared,
      death: side === plan.victim ? plan.death : undefined,
    })
  const threads = { producer: start('producer'), consumer: start('consumer') }
  const victim = threads[plan.victim]
  const lives = otherOf(plan.victim)
  let figures = {}
  if (plan.early && plan.death === 'terminate') {
    // While it starts, loads the package or claims its token.
    await later(plan.earlyDelay)
    await victim.terminate()
  } else {
    await within('the beginning of both threads', Promise.all([threads.producer.begun, threads.consumer.begun]))
    figures = await kill(plan, victim, ledger)
  }
  claimBack(plan.victim, tokens[plan.victim])?.close()
  const result = await threads[lives].end(`${lives}, whose other side is gone`)
  if (result?.end !== 'found it closed') throw new Error(`the ${lives} ended otherwise: ${JSON.stringify(result)}`)
  settleAccounts(ledger, lives === 'consumer')
  return figures
}

/** One side is the main thread, and the other one dies. */
async function mainSide(plan) {
  const ring = createRing(plan.ring)
  const ledger = new Ledger()
  const lives = otherOf(plan.victim)
  const thread = new Thread('end.js', {
    side: plan.victim,
    token: ring[plan.victim].move(),
    plan,
    shared: ledger.shared,
    death: plan.death,
  })
  const living = endOf(lives, ring[lives], plan, ledger).run(lives === 'producer' ? plan.mainWriting : plan.mainReading)
  await within('the beginning of the thread', thread.begun)
  const figures = await kill(plan, thread, ledger)
  const { end } = await within(`main's ${lives}, whose other side is gone`, living)
  if (end !== 'found it closed') throw new Error(`main's ${lives} ended otherwise: ${end}`)
  settleAccounts(ledger, lives === 'consumer')
  return figures
}

/** Both threads are parked, each waiting for main; main closes, terminates, or lets both go. */
async function parked(plan) {
  const random = new Random(plan.words)
  const [there, back] = [createRing(plan.ring), createRing(plan.ring)]
  const ledgers = [new Ledger(), new Ledger()]
  // A producer parks when its ring is full.
  const threads = [
    new Thread('hold.js', {
      side: 'consumer',
      token: there.consumer.move(),
      plan: { ...plan, reading: random.of(['sync', 'ready', 'iterate', 'batches']) },
      shared: ledgers[0].shared,
    }),
    new Thread('hold.js', {
      side: 'producer',
      token: back.producer.move(),
      plan: { ...plan, writing: random.of(['sync', 'ready', 'manySync']) },
      shared: ledgers[1].shared,
    }),
  ]
  await within('the beginning of both threads', Promise.all(threads.map(({ begun }) => begun)))
  const sides = ['consumer', 'producer']
  const areBlocked = () => ledgers.every((ledger, i) => ledger.isBlocked(sides[i]))
  await within('the threads to park', (async () => {
    while (!areBlocked()) await later(1)
  })())
  await later(plan.delay)
  if (random.chance(0.6)) {
    return { blocked: await Promise.all(threads.map((thread) => thread.terminate())) }
  }
  there.producer.close()
  back.consumer.close()
  for (const [i, thread] of threads.entries()) {
    const result = await thread.end(`parked ${sides[i]}, whose other side main has closed`)
    if (result?.end !== 'found it closed') throw new Error(`a parked ${sides[i]} ended otherwise: ${JSON.stringify(result)}`)
  }
  return {}
}

/** A handle is dropped and never closed: the collector closes it, and the other side hears of it. */
async function dropped(plan) {
  const lives = otherOf(plan.victim)
  const ledger = new Ledger()
  // In a function of its own, so that nothing here knows the handle.
  const thread = (() => {
    const ring = createRing(plan.ring)
    // Some wait, until the thread begins, and so have a doorbell when they are collected.
    if (plan.early) ring[plan.victim].ready().catch(() => {})
    return new Thread('hold.js', { side: lives, token: ring[lives].move(), plan, shared: ledger.shared })
  })()
  await within('the beginning of the thread', thread.begun)
  await later(plan.delay)
  const collecting = setInterval(() => globalThis.gc(), 2)
  const result = await thread.end(`${lives}, whose other side was collected`).finally(() => clearInterval(collecting))
  if (result?.end !== 'found it closed') throw new Error(`the ${lives} ended otherwise: ${JSON.stringify(result)}`)
  return {}
}

/** Tokens that were posted to a thread which died before it claimed them: main claims them back, and they work. */
async function unclaimed(plan) {
  const ring = createRing(plan.ring)
  const tokens = [ring.producer.move(), ring.consumer.move()]
  const death = plan.death === 'close' ? 'nothing' : plan.death
  const thread = new Thread('ignore.js', { tokens, death })
  let figures = {}
  if (death === 'terminate') {
    await within('the beginning of the thread', thread.begun)
    figures = { running: await thread.terminate() }
  } else {
    await thread.end('thread, which was to end itself')
  }
  const [producer, consumer] = [Producer.from(tokens[0]), Consumer.from(tokens[1])]
  const ledger = new Ledger()
  const count = 200
  const ends = [
    endOf('producer', producer, plan, ledger).run(plan.mainWriting, count),
    endOf('consumer', consumer, plan, ledger).run(plan.mainReading),
  ]
  await within('the traffic in main', Promise.all(ends))
  const { written, read } = ledger.counts
  if (written < count || read !== written) throw wrong('lost', `${read} elements were read of ${written} published`)
  return figures
}

/** A thread is terminated while it makes rings and moves handles, or claims tokens. */
async function cradle(plan) {
  const claims = plan.victim === 'consumer'
  const rings = claims ? Array.from({ length: 20 }, () => createRing({ ...plan.ring, capacity: 64 })) : []
  const tokens = rings.flatMap(({ producer, consumer }, i) => [i % 2 === 0 ? producer.move() : consumer.move()])
  const thread = new Thread('cradle.js', { plan, tokens: claims ? tokens : undefined })
  await within('the beginning of the thread', thread.begun)
  await later(claims ? plan.delay / 10 : plan.delay)
  const running = await thread.terminate()
  for (const token of tokens) claimBack(token.crosscore, token)?.close()
  for (const [i, { producer, consumer }] of rings.entries()) {
    const handle = i % 2 === 0 ? consumer : producer
    if (!handle.closed) throw new Error(`the other side of a ${token(handle)} is gone, and yet it is not closed`)
  }
  return { running }
}

function token(handle) {
  return handle instanceof Producer ? 'producer' : 'consumer'
}

/** A process ends with everything open. */
async function exit(plan) {
  const { code, signal, errors } = await runProcess('exit.js', [plan.seed, plan.round])
  const expected = plan.death === 'throw' ? 1 : 42
  if (code === expected && signal === null) return {}
  throw wrong(signal === null && code < 128 ? undefined : 'crashed', `the process ended with ${signal ?? code}, not ${expected}\n${errors}`)
}

/** Only workers load the addon, again and again, and Node unloads it in between. */
async function unload(plan) {
  const { code, signal, errors } = await runProcess('unload.js', [plan.seed, plan.round])
  if (code === 0 && signal === null) return {}
  throw wrong(signal === null && code < 128 ? undefined : 'crashed', `the process ended with ${signal ?? code}\n${errors}`)
}

/** Memory of rings outlives the thread that made them, in another one. */
async function taken(plan) {
  const { code, signal, errors } = await runProcess('taken.js', [plan.seed, plan.round], ['--expose-gc'])
  if (code === 0 && signal === null) return {}
  throw wrong(signal === null && code < 128 ? undefined : 'crashed', `the process ended with ${signal ?? code}\n${errors}`)
}

/** A thread without crosscore: what terminate() takes here and now. */
async function control() {
  const thread = new Thread('control.js')
  await within('the beginning of the thread', thread.begun)
  await turn()
  return { control: await thread.terminate() }
}

export const scenarios = { traffic, mainSide, parked, dropped, unclaimed, cradle, exit, unload, taken, control }
