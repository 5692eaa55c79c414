// Runs a list of steps one after another, all of them even when one fails, and sums them up.
//
// A step is { name, command: [program, ...arguments], env?, tally? }. `tally` reads the step's
// output and returns { passed, failed } (scripts/tallies.mjs); a step without one counts as one test.

import { stripVTControlCharacters } from 'node:util'
import { root } from './package-bin.mjs'
import { run } from './processes.mjs'
import { columns } from './tables.mjs'

const colour = process.stdout.isTTY && !process.env.NO_COLOR
const bold = (text) => (colour ? `\u001B[1m${text}\u001B[22m` : text)

/**
 * Runs the steps, or those that `names` lists, prints the summary and sets the exit code.
 * The last line is `N passed, N failed`.
 */
export async function runSteps(steps, names = []) {
  const unknown = names.filter((name) => !steps.some((step) => step.name === name))
  if (unknown.length > 0) {
    console.error(`no such step: ${unknown.join(', ')}; there are: ${steps.map((step) => step.name).join(', ')}`)
    process.exitCode = 2
    return
  }
  const results = []
  for (const step of steps) {
    if (names.length > 0 && !names.includes(step.name)) continue
    console.log(`\n${bold(`== ${step.name}`)}: ${shown(step.command)}`)
    const result = await runStep(step)
    console.log(`${bold(`-- ${step.name}`)}: ${result.ok ? 'ok' : 'FAILED'} in ${seconds(result)}`)
    results.push(result)
  }
  summarise(results)
}

async function runStep({ name, command, env, tally: read }) {
  const coloured = colour && { FORCE_COLOR: '1', CARGO_TERM_COLOR: 'always' }
  const { ok, output, ms } = await run(command, { env: { ...coloured, ...env }, show: true, limit: Infinity }).catch((error) => {
    console.error(`${command[0]}: ${error.message}`)
    return { ok: false, output: '', ms: 0 }
  })
  const tally = read?.(stripVTControlCharacters(output)) ?? { passed: ok ? 1 : 0, failed: 0 }
  // What broke before any test could report itself is a failure too.
  if (!ok && tally.failed === 0) tally.failed = 1
  return { name, ok: ok && tally.failed === 0, ...tally, ms }
}

function summarise(results) {
  const lines = results.map((result) => [result.ok ? 'ok' : 'FAILED', result.name, seconds(result), `${result.passed}`, `${result.failed}`])
  console.log(`\n${bold('== summary')}\n${columns([['', 'step', 'time', 'passed', 'failed'], ...lines])}`)
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0)
  if (results.some(({ ok }) => !ok)) process.exitCode = 1
  console.log(`${total('passed')} passed, ${total('failed')} failed`)
}

function seconds({ ms }) {
  return `${(ms / 1000).toFixed(1)} s`
}

function shown([program, ...args]) {
  return [program === process.execPath ? 'node' : program, ...args]
    .map((word) => word.replace(root, ''))
    .map((word) => (/^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word}'`))
    .join(' ')
}
