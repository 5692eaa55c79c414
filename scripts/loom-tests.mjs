// The Loom tests one by one: built once, then each in a process of its own, because a model that fails
// in the middle of an unwinding ends its whole process.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { loomEnvironment, loomTests } from './loom.mjs'
import { root } from './package-bin.mjs'
import { mustRun, run } from './processes.mjs'
import { copyToBeWeakenedUnderLoom } from './weakened-copy.mjs'

/**
 * Builds them, in a copy whose orderings can be weakened one at a time. Resolves to the tests in the order of their
 * sources: { name, file, binary }.
 */
export async function buildLoomTests() {
  const build = ['cargo', ...loomTests, '--no-run', '--message-format=json-render-diagnostics']
  const env = { ...loomEnvironment(), CARGO_TARGET_DIR: path.join(root, 'target', 'loom-weakened') }
  const { output } = await mustRun('building the Loom tests', build, { cwd: copyToBeWeakenedUnderLoom(), env })
  const binaries = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter(({ executable, target }) => executable && target.kind.includes('test'))
  const lists = await Promise.all(binaries.map((binary) => testsIn(binary)))
  const tests = lists.flat()
  if (tests.length === 0) throw new Error('there are no Loom tests')
  return tests
}

async function testsIn({ executable, target }) {
  const { output } = await mustRun(`listing ${target.name}`, [executable, '--list'])
  const source = readFileSync(path.resolve(root, target.src_path), 'utf8')
  const place = (name) => source.indexOf(`fn ${name.split('::').at(-1)}(`)
  return [...output.matchAll(/^(\S+): test$/gm)]
    .map(([, name]) => ({ name, file: `${target.name}.rs`, binary: executable }))
    .sort((a, b) => place(a.name) - place(b.name))
}

/**
 * Runs one, with `weaken` (SITE=Ordering) or as it is. Resolves to { outcome, reason, ms, output }, the
 * outcome being passed, failed or timed out, and the reason why it failed.
 */
export async function runLoomTest({ name, binary }, { weaken, limit }) {
  const env = { RUST_BACKTRACE: '0', ...(weaken && { CROSSCORE_WEAKEN: weaken }) }
  const { ok, timedOut, output, ms } = await run([binary, '--exact', name], { env, limit })
  if (timedOut) return { outcome: 'timed out', ms, output }
  // A name that the binary does not have would pass too.
  if (ok && /^test result: ok\. 1 passed;/m.test(output)) return { outcome: 'passed', ms, output }
  return { outcome: 'failed', reason: reasonOf(output), ms, output }
}

/** What the first panic says. Undefined when it is nothing that a model can find. */
function reasonOf(output) {
  const first = output.match(/panicked at [^\n]*\n([\s\S]*?)(?:\nnote:|\nstack backtrace|\n\n|$)/)?.[1] ?? ''
  if (first.startsWith('Causality violation')) return 'race'
  if (first.startsWith('deadlock; threads')) return 'nobody wakes it'
  if (first.startsWith('Model exceeded maximum number of branches')) return 'no end'
  if (/^assertion|^called `(?:Option|Result)::/.test(first)) return 'wrong value'
  return undefined
}
