// npm run proofs
// The parked handshake under total store order, by exhaustive search (proofs/parked_handshake.pml): with the
// barriers that the crate has nobody sleeps for ever, and with one of them missing somebody does.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { hasCommand, needPackages } from './debian-packages.mjs'
import { root } from './package-bin.mjs'
import { mustRun, run } from './processes.mjs'

const model = path.join(root, 'proofs', 'parked_handshake.pml')

const right = [
  { what: 'membarrier at the parker, nothing at the publisher', defines: ['MEMBARRIER'] },
  { what: 'the same with clocks that run out', defines: ['MEMBARRIER', 'TIMEOUTS=2'] },
  { what: 'the same with more elements', defines: ['MEMBARRIER', 'TIMEOUTS=2', 'ITEMS=6'] },
  { what: 'a fence on both sides', defines: ['PUBLISHER_FENCE', 'PARKER_FENCE'] },
  { what: 'the same with clocks that run out', defines: ['PUBLISHER_FENCE', 'PARKER_FENCE', 'TIMEOUTS=2'] },
]
const wrong = [
  { what: 'no barrier', defines: [] },
  { what: 'a fence at the parker only', defines: ['PARKER_FENCE'] },
  { what: 'a fence at the publisher only', defines: ['PUBLISHER_FENCE'] },
  { what: 'membarrier before the flag, not after it', defines: ['MEMBARRIER_EARLY'] },
  { what: 'a membarrier that is no fence for its caller', defines: ['MEMBARRIER_OTHERS'] },
  { what: 'membarrier, but no second look', defines: ['MEMBARRIER', 'NO_SECOND_LOOK'] },
  { what: 'membarrier, but the compiler reorders the publisher', defines: ['MEMBARRIER', 'COMPILER_REORDERS'] },
]

needPackages('SPIN', () => hasCommand('spin') && hasCommand('cc'), ['spin', 'gcc', 'libc6-dev'])

let failures = 0
for (const variant of right) await check(variant, 'nobody sleeps for ever')
for (const variant of wrong) await check(variant, 'somebody sleeps for ever')
console.log(`${right.length + wrong.length - failures} passed, ${failures} failed`)
if (failures > 0) process.exitCode = 1

async function check({ what, defines }, expected) {
  const { found, states, ms, output } = await explore(defines)
  const ok = found === expected
  if (!ok) failures += 1
  const columns = [ok ? 'ok    ' : 'FAILED', `${states} states`.padStart(14), `${Math.round(ms)} ms`.padStart(8), found]
  console.log(`${columns.join('  ')}: ${what}`)
  if (!ok) console.error(output.trimEnd().replace(/^/gm, '    '))
}

/** Makes the checker of one variant and runs it to the end, or to the first state that must not be. */
async function explore(defines) {
  const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-proof-'))
  const flags = defines.map((define) => `-D${define}`)
  try {
    await mustRun('spin', ['spin', '-a', ...flags, model], { cwd: folder })
    await mustRun('cc', ['cc', '-O2', '-w', '-DSAFETY', '-o', 'pan', 'pan.c'], { cwd: folder })
    // Deep enough for all of them: "max search depth too small" would be a search that is not complete.
    const { output, ms } = await run([path.join(folder, 'pan'), '-m1000000'], { cwd: folder })
    const states = Number(output.match(/(\d+) states, stored/)?.[1])
    return { found: verdict(output), states, ms, output }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function verdict(output) {
  if (/max search depth too small|Search not completed/.test(output) && !/errors: [1-9]/.test(output)) return 'no end'
  if (/invalid end state/.test(output.match(/^pan:1:.*$/m)?.[0] ?? '')) return 'somebody sleeps for ever'
  if (/^pan:1:/m.test(output)) return 'something else is wrong'
  return /errors: 0\b/.test(output) ? 'nobody sleeps for ever' : 'no answer'
}
