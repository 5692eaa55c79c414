// npm run test:tsan [-- --quick]
//
// Every protocol of the shipped ring on two threads under ThreadSanitizer, which must find nothing. Then builds in
// which one ordering is weakened, in which it must find a race, or its silence above would say nothing.
// --quick: fewer elements, and of the weakened builds the first only.
//
// On a stable compiler: RUSTC_BOOTSTRAP lets it take -Zsanitizer. x86-64 Linux.

import path from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './package-bin.mjs'
import { mustRun, run } from './processes.mjs'
import { weakenedCopy } from './weakened-copy.mjs'

const target = 'x86_64-unknown-linux-gnu'
const suppressions = path.join(root, 'crates', 'crosscore-probes', 'tsan.supp')
const { values: options } = parseArgs({ options: { quick: { type: 'boolean' } } })

const protocols = ['publish', 'slices', 'reserve', 'drain', 'raw', 'close', 'park']
const elements = options.quick ? 10_000 : 200_000
const LIMIT_MS = 600_000

/** An ordering, and a protocol that has a race without it. */
const weakened = [
  ['PUBLISH_TAIL=Relaxed', 'publish'],
  ['OBSERVE_TAIL=Relaxed', 'publish'],
  ['PUBLISH_HEAD=Relaxed', 'slices'],
  ['OBSERVE_HEAD=Relaxed', 'slices'],
  ['PARK=Relaxed', 'park'],
  ['TAKE_WAKER=Relaxed', 'park'],
]

let passed = 0
let failed = 0

const binary = await build()
for (const protocol of protocols) {
  const { clean, report, ms } = await stress(binary, protocol)
  verdict(clean, `${protocol}: ${clean ? `${elements} elements, nothing found` : report} (${seconds(ms)})`)
}
for (const [weaken, protocol] of options.quick ? weakened.slice(0, 1) : weakened) {
  const program = await build(weaken)
  // It does not find every race in every run, so the share says how much a clean run is worth.
  const runs = []
  for (let n = 0; n < 5; n += 1) runs.push(await stress(program, protocol))
  const found = runs.filter(({ raced }) => raced)
  const what = found.length > 0 ? found[0].report.split('\n')[1].trim() : runs[0].report
  verdict(found.length > 0, `wrong on purpose, ${weaken} in ${protocol}: found in ${found.length} of ${runs.length} runs: ${what}`)
}
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1

async function build(weaken) {
  const folder = path.join(root, 'target', weaken ? 'tsan-weakened' : 'tsan')
  await mustRun(
    `building for ThreadSanitizer${weaken ? ` with ${weaken}` : ''}`,
    ['cargo', 'build', '--release', '-p', 'crosscore-probes', '--bin', 'tsan-stress', '--target', target],
    {
      cwd: weaken ? weakenedCopy(weaken) : root,
      env: {
        RUSTC_BOOTSTRAP: '1',
        // The standard library is not instrumented, which the compiler would refuse to mix.
        RUSTFLAGS: '-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer',
        CARGO_TARGET_DIR: folder,
        CARGO_PROFILE_RELEASE_LTO: 'off',
        CARGO_PROFILE_RELEASE_STRIP: 'none',
        CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only',
      },
    },
  )
  return path.join(folder, target, 'release', 'tsan-stress')
}

/** Runs one protocol: { clean, raced, report, ms }, the report without what is below the interesting frames. */
async function stress(program, protocol) {
  const { ok, timedOut, output, ms } = await run([program, protocol, String(elements)], {
    limit: LIMIT_MS,
    env: { TSAN_OPTIONS: `halt_on_error=1 exitcode=66 history_size=7 suppressions=${suppressions}` },
  })
  // It writes its name only if it came to its end.
  const clean = ok && output.includes(`${protocol}: ${elements} elements`) && !output.includes('ThreadSanitizer')
  const raced = output.includes('WARNING: ThreadSanitizer: data race')
  const report = timedOut ? 'no end' : output.split('\n').filter((line) => line.trim() && !/^=+$/.test(line)).slice(0, 12)
  return { clean, raced, report: Array.isArray(report) ? report.map((line) => line.slice(0, 160)).join('\n') : report, ms }
}

function verdict(ok, text) {
  if (ok) passed += 1
  else failed += 1
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${text}`)
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}
