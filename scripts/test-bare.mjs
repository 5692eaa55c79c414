// npm run test:bare
//
// The crate without std: built for bare-metal targets, which have core and alloc and no std; linked there into a program
// without an allocator; refused in one error where atomics of 64 bits are missing; and its tests of behaviour run here with
// --no-default-features.
//
// It takes rustup, which adds the targets.

import path from 'node:path'
import { root } from './package-bin.mjs'
import { mustRun, run } from './processes.mjs'
import { cargoTally, withoutPasses } from './tallies.mjs'

const BUILT = ['aarch64-unknown-none', 'riscv64gc-unknown-none-elf', 'x86_64-unknown-none']
const REFUSED = ['thumbv7em-none-eabihf', 'thumbv6m-none-eabi']
const FEATURES = [[], ['--features', 'async'], ['--features', 'alloc,futures']]
/** With alloc there are most of the tests; without it those of rings in static storage. */
const TESTED = [
  { features: [], least: 8 },
  { features: ['--features', 'alloc'], least: 50 },
  { features: ['--features', 'alloc,async'], least: 50 },
  { features: ['--features', 'alloc,futures'], least: 50 },
]
const LIMIT_MS = 600_000

await mustRun('adding the targets', ['rustup', 'target', 'add', ...BUILT, ...REFUSED])
const env = {
  // The errors are counted, and colours would stand before their first word.
  CARGO_TERM_COLOR: 'never',
  CARGO_TARGET_DIR: path.join(root, 'target', 'bare'),
}

for (const target of BUILT) {
  for (const features of FEATURES) {
    const { ok, output } = await build(target, features)
    verdict(ok, `${target}, ${features[1] ?? 'no features'}: builds`, output)
  }
}
// rustc refuses to link a program that has an allocator in it anywhere and does not say which.
for (const target of BUILT) {
  const { ok, output } = await run(['cargo', 'build', '-p', 'crosscore-bare', '--target', target], { env, limit: LIMIT_MS })
  verdict(ok, `${target}: a program without an allocator links`, output)
}
{
  const { ok, output } = await run(['cargo', 'run', '-p', 'crosscore-bare'], { limit: LIMIT_MS })
  verdict(ok, 'the same program runs here', output)
}
for (const target of REFUSED) {
  const { ok, output } = await build(target, FEATURES[2])
  const errors = output.match(/^error(?:\[|: (?!could not compile))/gm) ?? []
  const clear = output.includes('crosscore counts elements in atomics of 64 bits')
  verdict(!ok && clear && errors.length === 1, `${target}: refused in one error`, output)
}
for (const { features, least } of TESTED) {
  const command = ['cargo', 'test', '-p', 'crosscore', '--no-default-features', ...features, '--lib', '--tests']
  const { ok, output } = await run(command, { limit: LIMIT_MS })
  const tally = cargoTally(output)
  const good = ok && tally !== undefined && tally.failed === 0 && tally.passed >= least
  verdict(good, `tests with ${features[1] ?? 'no features'}: ${tally?.passed ?? 0} passed`, output)
}

function build(target, features) {
  const command = ['cargo', 'build', '-p', 'crosscore', '--no-default-features', ...features]
  return run([...command, '--target', target], { env, limit: LIMIT_MS })
}

function verdict(ok, what, output) {
  if (!ok) process.exitCode = 1
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${what}`)
  if (!ok) console.error(withoutPasses(output))
}
