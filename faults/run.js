// npm run test:faults [-- --quick] [--rounds N] [--seed S] [--round K] [--scenario NAME] [--soak N] [--correctness]
// Kills threads and processes at random moments and checks what the others see. Prints the figures;
// fails on any crash, anything lost or repeated, and on anything that grows with the rounds. Then the soak
// of sleeping and waking in Rust (scripts/soak.mjs), which is long: --soak 0 leaves it out.
// --quick: 100 rounds and no soak, where nothing else is said.
// --correctness judges what happens and not how long terminate() takes or how much memory is kept, which mean
// nothing under an instrument such as AddressSanitizer.

import { spawn, spawnSync } from 'node:child_process'
import { availableParallelism, loadavg } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { percentile, sortedFigures } from '../bench/harness/statistics.js'
import { columns } from '../scripts/tables.mjs'
import { slope } from './figures.js'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seed: { type: 'string' },
    round: { type: 'string' },
    scenario: { type: 'string' },
    soak: { type: 'string' },
    correctness: { type: 'boolean', default: false },
  },
})
const seed = number('seed', options.seed ?? String(Math.floor(Math.random() * 2 ** 31)))
const rounds = number('rounds', options.round === undefined ? (options.rounds ?? (options.quick ? '100' : '1000')) : '1')
const first = number('round', options.round ?? '0')
// Who looks for one round or one scenario does not mean the soak.
const whole = !options.quick && options.round === undefined && options.scenario === undefined
const soak = number('soak', options.soak ?? (whole ? '10000000' : '0'))

function number(name, text) {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value
  console.error(`--${name} takes a whole number, not ${text}`)
  process.exit(2)
}

/** Longer than any round may take with all that it waits for. */
const SILENCE = 120_000
/** More of them would say nothing new. */
const MOST_FAILURES = 10
/** terminate() is to take no longer, at the 99th percentile. */
const LIMIT = 100
/** Of fewer the slowest is the 99th percentile, and one proves nothing. */
const ENOUGH = 100
/** A thread without crosscore that takes this long says that the machine is busy. */
const BUSY = 30
/** Of the second half of the run, in KB per round. Node's own allocator moves by a few. */
const STEEPEST = 20

const done = {}
const latencies = { blocked: [], running: [], control: [] }
let slowest = { ms: 0 }
const samples = []
const failures = []
const started = performance.now()
console.log(`storm: ${rounds} rounds, seed ${seed}, Node ${process.versions.node}, ${availableParallelism()} processors`)

/** Plays rounds until all are done or the process dies; the next round to be played. */
function storm(from, count) {
  const file = fileURLToPath(new URL('./storm.js', import.meta.url))
  const args = ['--expose-gc', file, String(seed), String(from), String(count)]
  if (options.scenario !== undefined) args.push(options.scenario)
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => child.kill())
  let current = from
  let finished = false
  let silence
  const hear = () => {
    clearTimeout(silence)
    silence = setTimeout(() => child.kill('SIGKILL'), SILENCE)
  }
  hear()
  createInterface({ input: child.stdout }).on('line', (line) => {
    hear()
    const news = JSON.parse(line)
    if (news.start !== undefined) current = news.start
    else if (news.end !== undefined) end(news)
    else if (news.failed !== undefined) fail(news)
    else if (news.holdings !== undefined) samples.push(news)
    else finished = news.finished
  })
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(silence)
      if (finished && code === 0) return resolve(from + count)
      fail({ failed: current, kind: 'crashed', error: `the process of the storm ended with ${signal ?? code}` })
      resolve(current + 1)
    })
  })
}

function end({ end: round, scenario, figures }) {
  done[scenario] = (done[scenario] ?? 0) + 1
  for (const [name, values] of Object.entries(figures)) {
    for (const ms of [values].flat()) {
      latencies[name].push(ms)
      if (ms > slowest.ms) slowest = { ms, round, scenario }
    }
  }
  const total = Object.values(done).reduce((sum, n) => sum + n, 0)
  if (total % 100 === 0 && total < rounds) console.log(`  ${total} rounds, ${seconds()} s`)
}

function fail(news) {
  failures.push(news)
  console.log(`\nround ${news.failed} FAILED (${news.kind}) ${news.plan ?? ''}\n${news.error}`)
  console.log(`again: npm run test:faults -- --seed ${seed} --round ${news.failed}${options.scenario === undefined ? '' : ` --scenario ${options.scenario}`}\n`)
}

const seconds = () => ((performance.now() - started) / 1000).toFixed(1)
const percentiles = (values) => [50, 99, 100].map((p) => percentile(sortedFigures(values), p))
const kind = (name) => failures.filter((failure) => failure.kind === name).length

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
let next = first
while (next < first + rounds && failures.length < MOST_FAILURES) next = await storm(next, first + rounds - next)
report()
if (soak > 0) sleepAndWake()

function sleepAndWake() {
  console.log(`\nsoak: ${soak} rounds of sleeping and waking in Rust`)
  const script = fileURLToPath(new URL('../scripts/soak.mjs', import.meta.url))
  const { status } = spawnSync(process.execPath, [script, '--rounds', String(soak)], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}

function report() {
  const verdicts = []
  console.log(`\nrounds      ${Object.entries(done).map(([name, n]) => `${name} ${n}`).join(', ')}: ${seconds()} s`)
  console.log(`failures    crashed ${kind('crashed')}, lost ${kind('lost')}, repeated ${kind('repeated')}, stuck ${kind('stuck')}, other ${kind('wrong')}`)
  if (failures.length > 0) verdicts.push(`${failures.length} rounds failed: ${failures.map(({ failed }) => failed).join(', ')}`)

  if (slowest.ms > 0) {
    const lines = Object.entries(latencies).flatMap(([name, values]) => {
      const what = name === 'control' ? 'a busy thread without crosscore' : `while ${name}`
      return values.length > 0 ? [[what, ...percentiles(values).map((ms) => ms.toFixed(1)), `${values.length}`]] : []
    })
    console.log(`terminate() in ms; slowest in round ${slowest.round}, ${slowest.scenario}`)
    console.log(columns([['', 'p50', 'p99', 'max', 'times'], ...lines], '  '))
  }
  for (const name of ['blocked', 'running']) {
    const [, p99] = percentiles(latencies[name])
    if (options.correctness || !(p99 > LIMIT) || latencies[name].length < ENOUGH) continue
    // On a machine that is busy with something else every thread waits for a processor.
    const [, , slowest] = percentiles(latencies.control)
    if (slowest < BUSY && loadavg()[0] < 2 * availableParallelism()) {
      verdicts.push(`terminate() while ${name}: p99 is ${p99.toFixed(0)} ms, more than ${LIMIT}`)
    } else {
      console.log(`  (more than ${LIMIT} ms, but so is the machine busy: it does not count)`)
    }
  }
  holdingsReport(verdicts)
  for (const verdict of verdicts) console.log(`FAILED: ${verdict}`)
  console.log(`seed ${seed}: ${verdicts.length === 0 ? 'ok' : 'FAILED'}`)
  if (verdicts.length > 0) process.exitCode = 1
}

function holdingsReport(verdicts) {
  // After a crash another process has begun: then this says nothing.
  if (kind('crashed') > 0 || samples.length < 2) return
  const [begin, last] = [samples[0], samples.at(-1)]
  const second = samples.filter(({ round }) => round - first >= rounds / 2)
  const rss = slope(second.map(({ round, holdings }) => [round, holdings.rss * 1024]))
  const line = (name, unit = '', digits = 0) =>
    `${name} ${begin.holdings[name]?.toFixed(digits)} -> ${last.holdings[name]?.toFixed(digits)}${unit}`
  console.log(`memory      ${line('rss', ' MB', 1)}, ${rss.toFixed(1)} KB a round over the second half; ${line('maps')}`)
  console.log(`            ${line('fds')}, ${line('threads')}`)
  // Fewer rounds than this do not make a line.
  if (!options.correctness && rounds >= 500 && rss > STEEPEST) verdicts.push(`resident memory grows by ${rss.toFixed(1)} KB a round`)
  for (const name of ['fds', 'threads']) {
    const more = last.holdings[name] - begin.holdings[name]
    if (more > 0) verdicts.push(`${more} ${name} more than at the start`)
  }
}
