// Runs a list of steps one after another, all of them even when one fails, and sums them up.
//
// A step is { name, command: [program, ...arguments], env?, tally? }. `tally` reads the step's
// output and returns { passed, failed } (scripts/tallies.mjs); a step without one counts as one test.

import { spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'
import { root } from './package-bin.mjs'

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

function runStep(step) {
  const started = performance.now()
  return new Promise((resolve) => {
    const [program, ...args] = step.command
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...(colour && { FORCE_COLOR: '1', CARGO_TERM_COLOR: 'always' }), ...step.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const tee = (to) => (text) => {
      output += text
      to.write(text)
    }
    child.stdout.setEncoding('utf8').on('data', tee(process.stdout))
    child.stderr.setEncoding('utf8').on('data', tee(process.stderr))

    let settled = false
    const settle = (ok) => {
      if (settled) return
      settled = true
      const tally = step.tally?.(stripVTControlCharacters(output)) ?? { passed: ok ? 1 : 0, failed: 0 }
      // What broke before any test could report itself is a failure too.
      if (!ok && tally.failed === 0) tally.failed = 1
      resolve({ name: step.name, ok: ok && tally.failed === 0, ...tally, ms: performance.now() - started })
    }
    child.on('error', (error) => {
      console.error(`${program}: ${error.message}`)
      settle(false)
    })
    child.on('close', (code) => settle(code === 0))
  })
}

function summarise(results) {
  const width = Math.max(...results.map(({ name }) => name.length))
  console.log(`\n${bold('== summary')}`)
  for (const result of results) {
    const columns = [
      result.ok ? 'ok    ' : 'FAILED',
      result.name.padEnd(width),
      seconds(result).padStart(8),
      `${result.passed} passed`.padStart(12),
      `${result.failed} failed`.padStart(10),
    ]
    console.log(columns.join('  '))
  }
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
