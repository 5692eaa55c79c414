// The rounds, in a process of their own so that a crash is somebody's news. Prints a line of JSON for
// each thing that run.js wants to know. Called by run.js with --expose-gc.

import { writeSync } from 'node:fs'
import { setTimeout as later } from 'node:timers/promises'
import { holdings } from './figures.js'
import { planOf, shown } from './plan.js'
import { scenarios } from './scenarios.js'

const [seed, from, rounds, scenario] = process.argv.slice(2)
const SAMPLE = 20
/** Scenarios that leave nothing in this process. */
const PROCESSES = new Set(['exit', 'unload', 'taken'])

function tell(news) {
  // At once: the next instruction may be the last.
  writeSync(1, `${JSON.stringify(news)}\n`)
}

async function play(plan) {
  tell({ start: plan.round, scenario: plan.scenario })
  try {
    tell({ end: plan.round, scenario: plan.scenario, figures: await scenarios[plan.scenario](plan) })
  } catch (error) {
    tell({ failed: plan.round, scenario: plan.scenario, kind: error.kind ?? kindOf(error), plan: shown(plan), error: error.stack })
  }
}

/** An element that is not the one that it should be was lost before, or comes twice; a reader cannot tell. */
function kindOf({ message }) {
  if (/^(element|message) \d+ /.test(message)) return 'lost'
  return message.startsWith('stuck') ? 'stuck' : 'wrong'
}

if (scenario === undefined) {
  // Whatever is made once is made before the first look: code, thread pools, Node's own caches.
  for (let round = 0; round < Math.min(30, Number(rounds)); round++) {
    const plan = planOf(Number(seed) ^ 0x5eed, round)
    if (!PROCESSES.has(plan.scenario)) await scenarios[plan.scenario](plan)
  }
  await later(50)
  tell({ holdings: holdings(), round: Number(from) })
  for (let round = Number(from); round < Number(from) + Number(rounds); round++) {
    await play(planOf(Number(seed), round))
    if ((round + 1) % SAMPLE === 0) tell({ holdings: holdings(), round: round + 1 })
  }
  // Threads that have ended are joined a little later.
  await later(200)
  tell({ holdings: holdings(), round: Number(from) + Number(rounds), last: true })
} else {
  for (let i = 0; i < Number(rounds); i++) await play({ ...planOf(Number(seed), Number(from) + i), scenario })
}
tell({ finished: true })
// Whatever keeps the event loop now, a round has left behind.
setTimeout(() => {
  const left = process.getActiveResourcesInfo().join(', ')
  tell({ failed: Number(from) + Number(rounds) - 1, kind: 'stuck', error: `the process does not end by itself: ${left}` })
  process.exit(0)
}, 15_000).unref()
