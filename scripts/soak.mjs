// npm run soak [-- --rounds N | --mutants]
//
// Each side sleeps and is woken, N times (10 million), with each strategy of park/handshake.rs that the
// platform has; a lost wake-up ends it with an error (crates/crosscore/examples/soak.rs).
//
//   --mutants  takes one of the two fences away at a time instead, and the wake-up must be lost. Only on
//              x86-64, where a weaker fence is no instruction at all.

import path from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './package-bin.mjs'
import { mustRun, run } from './processes.mjs'
import { weakenedCopy } from './weakened-copy.mjs'

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '10000000' }, mutants: { type: 'boolean' } },
})

/** A lost wake-up is seen after 20 s; this is for a machine that is very busy. */
const LIMIT_MS = 4 * 3_600_000

if (options.mutants) {
  for (const weaken of ['FENCE_PUBLISHER=AcqRel', 'FENCE_PARKER=AcqRel']) await mustLose(weaken)
} else {
  const soak = await build(path.join(root, 'target'), root)
  await mustRun('the soak', [soak, options.rounds], { limit: LIMIT_MS, show: true })
}

async function mustLose(weaken) {
  const soak = await build(path.join(root, 'target', 'mutants'), weakenedCopy(weaken))
  const env = { CROSSCORE_STRESS: 'fence', CROSSCORE_BARRIER: 'fence', CROSSCORE_SPIN: '0' }
  const { ok, output } = await run([soak, options.rounds, 'store-buffering'], { env, limit: LIMIT_MS })
  if (!ok && /a wake-up was lost after \d+ rounds/.test(output)) {
    console.log(`${weaken}: ${output.match(/.*a wake-up was lost after \d+ rounds/)[0]}, as it must be`)
  } else {
    console.error(`${output.trimEnd()}\nerror: ${weaken} loses no wake-up`)
    process.exitCode = 1
  }
}

/** Builds the example; resolves to its path. */
async function build(target, cwd) {
  const command = ['cargo', 'build', '--release', '-p', 'crosscore', '--example', 'soak', '--message-format=json-render-diagnostics']
  const { output } = await mustRun('building the soak', command, {
    cwd,
    env: { CARGO_TARGET_DIR: target, CARGO_PROFILE_RELEASE_LTO: 'off', CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16' },
  })
  const built = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .find(({ executable, target: made }) => executable && made.name === 'soak')
  return built.executable
}
