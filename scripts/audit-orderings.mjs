// npm run audit:orderings [-- --site NAME | --check | --quick]
//
// Shows of every memory ordering of the ring that it is enough and that no weaker one would be: each
// site of ordering.rs is weakened by one step, in a copy and under Loom, and some test must fail. A weakening
// that every test survives is an error: the ordering is too strong, or a test is missing.
//
//   (nothing)    looks for the tests that fail under each weakening and writes docs/ORDERINGS.md; the slower
//                tests are tried only where no quick one fails
//   --check      every test that docs/ORDERINGS.md names must fail, and the document be current
//   --quick      the same for the first test that it names for each weakening, without compiling for the
//                processors
//   --site NAME  looks for one site only; writes nothing

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { buildLoomTests, runLoomTest } from './loom-tests.mjs'
import { orderingSites } from './ordering-sites.mjs'
import { knownCatches, knownInstructions, render } from './orderings-document.mjs'
import { root } from './package-bin.mjs'
import { onAllProcessors } from './processes.mjs'
import { siteInstructions } from './site-instructions.mjs'

/** For one test. A weakened one has more behaviours to explore than it has unweakened. */
const LIMIT_MS = 300_000
/** A test that takes longer, as it is, is tried only where no quicker one fails. */
const QUICK_MS = 3_000

const document = path.join(root, 'docs', 'ORDERINGS.md')
const { values: options } = parseArgs({
  options: { site: { type: 'string' }, check: { type: 'boolean' }, quick: { type: 'boolean' } },
})
const started = performance.now()
const problems = []

const sites = orderingSites()
const chosen = sites.filter(({ name }) => options.site === undefined || name === options.site)
if (chosen.length === 0) {
  console.error(`no site ${options.site}; there are: ${sites.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
for (const site of chosen) demandOnePlace(site)
const weakenings = chosen.flatMap((site) => weaker(site).map((to) => ({ site: site.name, to })))
const written = existsSync(document) ? readFileSync(document, 'utf8') : ''

const tests = await buildLoomTests()
console.log(`${chosen.length} sites, ${weakenings.length} weakenings, ${tests.length} Loom tests`)

if (options.quick || options.check) await confirmKnownCatches()
else await lookForCatches()

if (options.site === undefined && problems.length === 0) await compareOrWrite()
conclude()

/** The orderings one step below: what is left when half of it, or all of it, is taken away. */
function weaker({ name, ordering, kinds }) {
  if (ordering === 'SeqCst' && kinds.some((kind) => kind !== 'fence' && kind !== 'compiler_fence')) {
    // Loom counts a SeqCst access as AcqRel, so it could not tell the two apart.
    throw new Error(`${name}: a SeqCst access cannot be audited; use a fence`)
  }
  // Relaxed stands for no fence at all (weakened-copy.mjs).
  const steps = { SeqCst: ['AcqRel', 'Relaxed'], AcqRel: ['Acquire', 'Release'], Acquire: ['Relaxed'], Release: ['Relaxed'] }
  return steps[ordering] ?? []
}

/**
 * A site that makes an edge stands in one place: in two it would be weakened in both at once, and the one that
 * needs it would hide that the other does not. Compiler fences are not counted; Loom has no compiler.
 */
function demandOnePlace({ name, ordering, uses }) {
  const places = uses.filter(({ kind }) => kind !== 'compiler_fence').map(({ file, fn }) => `${file} ${fn}`)
  if (ordering !== 'Relaxed' && places.length > 1) {
    problem(`${name} is used in ${places.length} places, so none of them is audited: ${places.join(', ')}. Give each a site`)
  }
}

async function lookForCatches() {
  const unweakened = await onAllProcessors(tests, (test) => runLoomTest(test, { limit: LIMIT_MS }))
  unweakened.forEach(({ outcome, output }, at) => {
    if (outcome !== 'passed') problem(`${tests[at].name} ${outcome} with every ordering as it is`, output)
  })
  console.log(`as it is: ${tests.length} tests, ${seconds(sum(unweakened.map(({ ms }) => ms)))} of work`)
  if (unweakened.some(({ outcome }) => outcome !== 'passed')) return

  const inOrder = tests.map((test, at) => ({ test, at, ms: unweakened[at].ms }))
  const quick = inOrder.filter(({ ms }) => ms <= QUICK_MS)
  const slow = inOrder.filter(({ ms }) => ms > QUICK_MS).sort((a, b) => a.ms - b.ms)
  await onAllProcessors(weakenings, async (weakening) => {
    const began = performance.now()
    weakening.catches = []
    for (const { test } of quick) await tryOne(weakening, test)
    for (const { test } of slow) if (weakening.catches.length === 0) await tryOne(weakening, test)
    const { site, to, catches } = weakening
    const by = catches.length > 0 ? `caught by ${catches.length} tests` : 'SURVIVES'
    console.log(`${site} = ${to}: ${by}, ${seconds(performance.now() - began)}`)
    if (catches.length === 0) problem(`${site} = ${to} survives every Loom test`)
  })
}

async function tryOne(weakening, test) {
  const { site, to } = weakening
  const { outcome, reason, output } = await runLoomTest(test, { weaken: `${site}=${to}`, limit: LIMIT_MS })
  if (outcome === 'timed out') console.log(`${site} = ${to}: ${test.name} has no end in ${seconds(LIMIT_MS)}`)
  if (outcome !== 'failed') return
  if (reason === undefined) problem(`${site} = ${to}: ${test.name} fails for a reason that is none`, output)
  else weakening.catches.push({ test, reason })
}

async function confirmKnownCatches() {
  const known = knownCatches(written, tests)
  for (const weakening of weakenings) {
    const { site, to } = weakening
    weakening.catches = known(site, to)
    if (weakening.catches.length === 0) {
      problem(`docs/ORDERINGS.md names no test that fails with ${site} = ${to}: npm run audit:orderings`)
    }
  }
  const claims = weakenings.flatMap(({ site, to, catches }) =>
    (options.quick ? catches.slice(0, 1) : catches).map(({ test, reason }) => ({ site, to, test, reason })),
  )
  const named = [...new Set(claims.map(({ test }) => test))]
  await onAllProcessors(named, async (test) => {
    const { outcome, output } = await runLoomTest(test, { limit: LIMIT_MS })
    if (outcome !== 'passed') problem(`${test.name} ${outcome} with every ordering as it is`, output)
  })
  await onAllProcessors(claims, async ({ site, to, test, reason: expected }) => {
    const { outcome, reason, output } = await runLoomTest(test, { weaken: `${site}=${to}`, limit: LIMIT_MS })
    const asSaid = outcome === 'failed' && reason === expected
    if (asSaid) console.log(`${site} = ${to}: caught by ${test.name} (${reason})`)
    else problem(`${site} = ${to}: ${test.name} ${outcome}${reason ? ` (${reason})` : ''}, and not: ${expected}`, output)
  })
}

async function compareOrWrite() {
  // Compiled for three processors, which --quick leaves to test:codegen. The sites anew, for their lines: an edit since
  // the beginning may have moved them.
  const instructions = options.quick ? knownInstructions(written) : await siteInstructions(orderingSites())
  const text = render(sites, weakenings, instructions)
  const name = path.relative(root, document)
  if (!options.check && !options.quick) {
    mkdirSync(path.dirname(document), { recursive: true })
    writeFileSync(document, text)
    console.log(text === written ? `${name} was current` : `${name} written`)
  } else if (text !== written) {
    const [is, should] = [written.split('\n'), text.split('\n')]
    const at = should.findIndex((line, n) => line !== is[n])
    problem(`${name} is not current (line ${at + 1}): npm run audit:orderings\n  is:     ${is[at]}\n  should: ${should[at]}`)
  } else {
    console.log(`${name} is current`)
  }
}

function problem(text, output) {
  problems.push(text)
  console.error(`error: ${text}`)
  if (output) console.error(output.trimEnd().replace(/^/gm, '    '))
}

function conclude() {
  const caught = weakenings.filter(({ catches }) => catches?.length > 0).length
  console.log(
    `${weakenings.length} weakenings, ${caught} caught, ${problems.length} problems, ${seconds(performance.now() - started)}`,
  )
  if (problems.length > 0) process.exitCode = 1
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}
