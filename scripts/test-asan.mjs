// npm run test:asan [-- --quick | specs]
//
// The ava suite, and the storm of faults/ once, in a Node whose addon is built with AddressSanitizer, which ends the
// process at the first access that is out of bounds or to memory that was freed. Then an addon with a fault on
// purpose, which it must report, or its silence before would say nothing. --quick: the few specs that come closest to
// the memory, and fewer rounds. With names of specs: those, and no storm.
//
// Of the storm only what happens is judged (--correctness): under this instrument times and memory say nothing.
//
// Only the addon and the allocator (for the whole process) are under its eyes: V8 is not, and neither are leaks, of
// which Node has its own at exit. On a stable compiler, by RUSTC_BOOTSTRAP. x86-64 Linux.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { needPackages } from './debian-packages.mjs'
import { packageBin, root } from './package-bin.mjs'
import { patchedCopy } from './patched-copy.mjs'
import { mustRun, run } from './processes.mjs'
import { replaceFile } from './replace-file.mjs'
import { avaTally, stormTally, withoutPasses } from './tallies.mjs'

const target = 'x86_64-unknown-linux-gnu'
const LIMIT_MS = 1_800_000
const QUICK = ['numbers', 'drain', 'reservation', 'tokens'].map((name) => `__test__/${name}.spec.js`)

const ROUNDS = { quick: 20, full: 100 }
const SEED = 1

const { values: options, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true })
const specs = positionals.length > 0 ? positionals : options.quick ? QUICK : []

/** The buffer is read once more after it has been given back. */
const freed = 'unsafe { alloc::dealloc(block.as_ptr(), block_layout) };'
const usedAfterFree = [
  'crates/crosscore/src/alloc/heap.rs',
  freed,
  `${freed} std::hint::black_box(unsafe { buffer.base().cast::<u8>().read_volatile() });`,
]

needPackages('the AddressSanitizer runtime', () => runtime() !== undefined, ['gcc', 'libc6-dev'])
await mustRun('building index.js', [process.execPath, 'scripts/build-if-needed.mjs'])
let failed = 0

const addon = await build(root, 'asan')
mustBeClean('specs', await suite(addon, specs), ({ passed }) => `${passed} tests`)
if (positionals.length === 0) {
  const rounds = options.quick ? ROUNDS.quick : ROUNDS.full
  mustBeClean(`storm, seed ${SEED}`, await storm(addon, rounds), ({ passed }) => `${passed} rounds`)
}

const broken = await suite(await build(patchedCopy('asan use after free', [usedAfterFree]), 'asan-patched'), ['__test__/lifetime.spec.js', '--match=*memory of rings that are gone*'])
const seen = broken.reports.find((report) => report.includes('heap-use-after-free'))
verdict(seen !== undefined, `wrong on purpose, a buffer that is read after it was freed: ${seen?.split('\n')[0] ?? 'NOT FOUND WRONG'}`)
if (seen === undefined) console.error(broken.output)
if (failed > 0) process.exitCode = 1

function mustBeClean(what, { ok, output, reports, tally, timedOut, ms }, count) {
  const clean = ok && tally !== undefined && tally.passed > 0 && tally.failed === 0 && reports.length === 0
  const found = reports[0]?.split('\n')[0] ?? (timedOut ? 'no end' : `${tally?.failed ?? 'nobody knows how many'} failed`)
  verdict(clean, `${what}: ${clean ? `${count(tally)}, nothing found` : found} (${(ms / 1000).toFixed(0)} s)`)
  if (!clean) console.error(withoutPasses(output))
}

/** Builds the addon of a tree; resolves to the path of a .node file of its own. */
async function build(source, name) {
  const folder = path.join(root, 'target', name)
  await mustRun(
    `building the addon with AddressSanitizer (${name})`,
    ['cargo', 'build', '--release', '-p', 'crosscore-node', '--target', target],
    {
      cwd: source,
      env: {
        RUSTC_BOOTSTRAP: '1',
        // The runtime is preloaded and not linked: it has to come before Node's own allocations.
        RUSTFLAGS: '-Zsanitizer=address -Zexternal-clangrt',
        CARGO_TARGET_DIR: folder,
        CARGO_PROFILE_RELEASE_LTO: 'off',
        CARGO_PROFILE_RELEASE_STRIP: 'none',
        CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only',
        CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS: 'true',
      },
    },
  )
  const library = path.join(folder, target, 'release', 'libcrosscore_node.so')
  const { stdout } = spawnSync('nm', ['-D', library], { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (!stdout.includes('__asan_')) throw new Error(`${library} is not instrumented`)
  const file = path.join(folder, 'crosscore.asan.node')
  mkdirSync(folder, { recursive: true })
  replaceFile(library, file)
  return file
}

/** Runs specs, all if none are named, with that addon. */
async function suite(file, names) {
  const result = await underAsan(file, [process.execPath, ...packageBin('ava'), '--serial', '--timeout=5m', ...names])
  return { ...result, tally: avaTally(result.output) }
}

/** Runs that many rounds of the storm with that addon. */
async function storm(file, rounds) {
  const options = ['--correctness', '--rounds', String(rounds), '--seed', String(SEED), '--soak', '0']
  const result = await underAsan(file, [process.execPath, 'faults/run.js', ...options])
  return { ...result, tally: stormTally(result.output) }
}

/** Runs a command with that addon: { ok, output, reports, timedOut, ms }. */
async function underAsan(file, command) {
  // To files, because not every parent passes on what its processes write on their way out.
  const folder = mkdtempSync(path.join(root, 'target', 'asan-report-'))
  try {
    const result = await run(command, {
      limit: LIMIT_MS,
      env: {
        LD_PRELOAD: runtime(),
        // What is freed is kept in quarantine, where a late access is seen. Less of it than by default, for a spec
        // bounds what stays of many rings; more than several of its rings, 8 MiB each with their second halves, or one
        // that is freed is unmapped at once.
        ASAN_OPTIONS: `detect_leaks=0:quarantine_size_mb=40:log_path=${path.join(folder, 'report')}`,
        NAPI_RS_NATIVE_LIBRARY_PATH: file,
        NO_COLOR: '1',
        FORCE_COLOR: '0',
      },
    })
    const reports = readdirSync(folder)
      .map((entry) => readFileSync(path.join(folder, entry), 'utf8'))
      .filter((text) => text.includes('ERROR: AddressSanitizer'))
      .map((text) => text.slice(text.indexOf('ERROR: AddressSanitizer')))
    return { ...result, output: `${result.output}\n${reports.join('\n')}`, reports }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The shared runtime of the installed gcc. */
function runtime() {
  const { stdout, status } = spawnSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' })
  const file = stdout?.trim()
  // gcc answers with the bare name when it has none.
  return status === 0 && path.isAbsolute(file) && existsSync(file) ? file : undefined
}

function verdict(ok, text) {
  if (!ok) failed += 1
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${text}`)
}
