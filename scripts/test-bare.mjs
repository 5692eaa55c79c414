// npm run test:bare
//
// The crate without std: built for bare-metal targets from the sources of core and alloc, so that nothing of std can
// slip in; refused in one error where atomics of 64 bits are missing; and its tests of behaviour run here with
// --no-default-features.
//
// It takes a compiler with the standard library's sources beside it: rustup's (`rustup component add rust-src`), or
// Debian's rustc-web and rust-web-src.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { needPackages } from './debian-packages.mjs'
import { root } from './package-bin.mjs'
import { run } from './processes.mjs'
import { cargoTally, withoutPasses } from './tallies.mjs'

const BUILT = ['aarch64-unknown-none', 'riscv64gc-unknown-none-elf', 'x86_64-unknown-none']
const REFUSED = ['thumbv7em-none-eabihf', 'thumbv6m-none-eabi']
const FEATURES = [[], ['--features', 'async'], ['--features', 'futures']]
const LIMIT_MS = 600_000

needPackages("the standard library's sources", () => compiler() !== undefined, ['rustc-web', 'rust-web-src'])
const env = {
  RUSTC: compiler(),
  // -Zbuild-std is for nightly compilers; nothing else here is.
  RUSTC_BOOTSTRAP: '1',
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
for (const target of REFUSED) {
  const { ok, output } = await build(target, FEATURES[2])
  const errors = output.match(/^error(?:\[|: (?!could not compile))/gm) ?? []
  const clear = output.includes('crosscore counts elements in atomics of 64 bits')
  verdict(!ok && clear && errors.length === 1, `${target}: refused in one error`, output)
}
for (const features of FEATURES) {
  const command = ['cargo', 'test', '-p', 'crosscore', '--no-default-features', ...features, '--lib', '--tests']
  const { ok, output } = await run(command, { limit: LIMIT_MS })
  const tally = cargoTally(output)
  const good = ok && tally !== undefined && tally.failed === 0 && tally.passed > 50
  verdict(good, `tests with ${features[1] ?? 'no features'}: ${tally?.passed ?? 0} passed`, output)
}

function build(target, features) {
  const command = ['cargo', 'build', '-p', 'crosscore', '--no-default-features', ...features]
  return run([...command, '--target', target, '-Zbuild-std=core,alloc'], { env, limit: LIMIT_MS })
}

/** The first rustc that has the sources of the standard library. */
function compiler() {
  return ['rustc', '/usr/bin/rustc'].find((rustc) => {
    const { status, stdout } = spawnSync(rustc, ['--print', 'sysroot'], { encoding: 'utf8' })
    return status === 0 && existsSync(path.join(stdout.trim(), 'lib/rustlib/src/rust/library/core/Cargo.toml'))
  })
}

function verdict(ok, what, output) {
  if (!ok) process.exitCode = 1
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${what}`)
  if (!ok) console.error(withoutPasses(output))
}
