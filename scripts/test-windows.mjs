// npm run test:windows [-- names of test files]
// The crate's tests as programs of Windows, built by mingw and run under wine 10. With fences: wine's
// FlushProcessWriteBuffers is a stub, so the barrier of a real Windows is not run here at all.

import { readdirSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { crossEnvironment } from './cross-builds.mjs'
import { root } from './package-bin.mjs'
import { run } from './processes.mjs'
import { cargoTally, withoutPasses } from './tallies.mjs'
import { wineProgram } from './wine.mjs'

const TARGET = 'x86_64-pc-windows-gnu'
const { env, buildStd } = await crossEnvironment('x86_64-pc-windows-msvc', { tests: true })
const runner = await wineProgram(path.join(root, 'target', 'cross', 'wine'))
// Not what looks at rustc's errors, or starts itself anew for each barrier.
const files = readdirSync(path.join(root, 'crates', 'crosscore', 'tests'))
  .filter((file) => file.endsWith('.rs') && !/^(?:loom|miri|spec|compile_fail|store_buffering)/.test(file))
  .map((file) => file.slice(0, -3))
const wanted = process.argv.length > 2 ? process.argv.slice(2) : ['lib', ...files]
const which = wanted.map((name) => (name === 'lib' ? '--lib' : `--test=${name}`))
const command = ['cargo', 'test', '-p', 'crosscore', '--all-features', '--release', '--target', TARGET, ...buildStd, ...which, '--no-fail-fast']
const { ok, output, ms } = await run([...command, '--', '--test-threads=1'], {
  limit: 2_400_000,
  env: { ...env, CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER: runner, CROSSCORE_BARRIER: 'fence' },
})
const tally = cargoTally(output) ?? { passed: 0, failed: 1 }
if (!ok) console.error(withoutPasses(output))
console.log(`crosscore on Windows (wine): ${(ms / 1000).toFixed(0)} s`)
console.log(`${tally.passed} passed, ${tally.failed} failed`)
if (!ok || tally.passed === 0) process.exitCode = 1
