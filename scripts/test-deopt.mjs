// npm run test:deopt [-- --quick | KIND...]   a kind by its name, or `record`; --quick: three kinds in one thread
//
// The hot calls of the package stay optimised: once warm, loops over push, pop, pushMany, popMany, drain, visit, reserve
// and commit, peek and release run without a single deoptimisation in index.js or lib/. V8 tells by --trace-deopt; what
// was optimised at all, so that there is something to lose, by --trace-opt. Then a ring of another kind after the warm-up,
// which must be found, or silence before would say nothing.

import path from 'node:path'
import { parseArgs } from 'node:util'
import { mustRun, run } from './processes.mjs'
import { root } from './package-bin.mjs'

/** As hot-loops.mjs prints it. */
const WATCHED = 'watched from here on'

/** What is not shown in place has no such loops. */
const IN_PLACE = new Set(['reserveCommitLoop', 'visitLoop', 'peekReleaseLoop'])
const NOT_IN_PLACE = new Set(['string', 'json', 'value'])

/** The loops of hot-loops.mjs and what they call: V8 optimises a call as part of its loop, or by itself. */
const HOT = {
  pushLoop: ['push'],
  pushManyLoop: ['pushMany'],
  reserveCommitLoop: ['reserve', 'commit'],
  popLoop: ['pop'],
  popManyLoop: ['popMany'],
  drainLoop: ['drain'],
  visitLoop: ['visit'],
  peekReleaseLoop: ['peek', 'release'],
}

// The table that the package itself asks: a kind that is added is watched.
await mustRun('building index.js', [process.execPath, 'scripts/build-if-needed.mjs'])
const { kindNames } = await import('../lib/kinds/table.js')

/** Each alone, as in most threads, and then kinds in one thread, where the classes have met several element types. */
const PROGRAMS = [...kindNames.map((kind) => [kind]), ['record'], ['f64', 'i32', 'bytes'], ['f64', 'f32', 'i32', 'u8', 'u64', 'bytes']]

let failed = 0
const { values: options, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true })
const named = options.quick && positionals.length === 0 ? ['f64', 'i32', 'bytes'] : positionals

for (const kinds of named.length > 0 ? [named] : PROGRAMS) {
  const { deopts, missing } = await watch(kinds)
  const wrong = [
    ...deopts.map(({ what, where }) => `${what} at ${where}`),
    ...missing.map((name) => `${name} was never optimised`),
  ]
  verdict(wrong.length === 0, `${kinds.join(', ')}: ${wrong.length === 0 ? 'no deoptimisation' : wrong.join('; ')}`)
}
const { deopts } = await watch(['f64', 'then', 'i32'])
const found = deopts.find(({ where }) => where.includes('lib/'))
verdict(found !== undefined, `wrong on purpose, another kind after the warm-up: ${found ? `${found.what} at ${found.where}` : 'NOT FOUND WRONG'}`)
if (failed > 0) process.exitCode = 1

/**
 * Runs the loops under V8's trace.
 *
 * @param {string[]} args
 * @returns {Promise<{ deopts: { what: string, where: string }[], missing: string[] }>} what was deoptimised after the
 *   warm-up, and which loops had not been optimised in it
 */
async function watch(args) {
  // Not concurrently: on a busy machine what is compiled in the background comes whenever it likes.
  const trace = ['--trace-opt', '--trace-deopt', '--trace-deopt-verbose', '--no-concurrent-recompilation']
  const { ok, output } = await run([process.execPath, ...trace, path.join('scripts', 'hot-loops.mjs'), ...args])
  const lines = output.split('\n')
  const from = lines.findIndex((line) => line.includes(WATCHED))
  if (!ok || from < 0) throw new Error(`the loops came to no end:\n${output.slice(-2000)}`)
  const optimised = new Set(
    lines.slice(0, from).flatMap((line) => line.match(/^\[completed (?:optimizing|compiling) .*<JSFunction (\S+) .*\(target (?:MAGLEV|TURBOFAN)/)?.[1] ?? []),
  )
  const missing = Object.entries(HOT)
    .filter(([loop]) => !(IN_PLACE.has(loop) && args.every((kind) => NOT_IN_PLACE.has(kind))))
    .filter(([loop, calls]) => !optimised.has(loop) && !calls.every((call) => optimised.has(call)))
    .map(([loop]) => loop)
  return { deopts: deoptsIn(lines.slice(from)), missing }
}

/** @param {string[]} lines */
function deoptsIn(lines) {
  return lines.flatMap((line, i) => {
    const [, kind, reason, name] = line.match(/^\[bailout \(kind: ([\w-]+), reason: (.*?)\): begin\. deoptimizing .*?<JSFunction ?(\S*)/) ?? []
    if (kind === undefined) return []
    // A lazy one has no place of its own: the code was thrown away from outside, and counts whosever it is.
    const at = lines.slice(i + 1, i + 4).find((next) => next.includes('deoptimize at'))
    const where = at?.slice(at.indexOf('<')).replaceAll(`file://${root}`, '') ?? `no place (${name})`
    return at === undefined || /<(?:lib\/|index\.js)/.test(where) ? [{ what: `${kind}, ${reason}`, where }] : []
  })
}

function verdict(ok, text) {
  if (!ok) failed += 1
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${text}`)
}
