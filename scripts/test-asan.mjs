// npm run test:asan [-- --quick | specs]
//
// The ava suite in a Node whose addon is built with AddressSanitizer, which ends the process at the first access
// that is out of bounds or to memory that was freed. Then an addon with a fault on purpose, which it must report, or
// its silence before would say nothing. --quick: the few specs that come closest to the memory.
//
// Only the addon and the allocator (for the whole process) are under its eyes: V8 is not, and neither are leaks, of
// which Node has its own at exit. On a stable compiler, by RUSTC_BOOTSTRAP. x86-64 Linux.

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { needPackages } from './debian-packages.mjs'
import { packageBin, root } from './package-bin.mjs'
import { patchedCopy } from './patched-copy.mjs'
import { mustRun, run } from './processes.mjs'
import { avaTally } from './tallies.mjs'

const target = 'x86_64-unknown-linux-gnu'
const LIMIT_MS = 1_800_000
const QUICK = ['numbers', 'drain', 'reservation', 'tokens'].map((name) => `__test__/${name}.spec.js`)

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
const { ok, output, reports, tally, ms } = await suite(addon, specs)
const clean = ok && tally !== undefined && tally.passed > 0 && reports.length === 0
const found = reports[0] ?? (tally ? `${tally.failed} tests failed` : 'ava came to no end')
verdict(clean, `${clean ? `${tally.passed} tests, nothing found` : found} (${(ms / 1000).toFixed(0)} s)`)
if (!clean) console.error(output)

const broken = await suite(await build(patchedCopy('asan use after free', [usedAfterFree]), 'asan-patched'), ['__test__/lifetime.spec.js', '--match=*memory of rings that are gone*'])
const seen = broken.reports.find((report) => report.includes('heap-use-after-free'))
verdict(seen !== undefined, `wrong on purpose, a buffer that is read after it was freed: ${seen?.split('\n')[0] ?? 'NOT FOUND WRONG'}`)
if (seen === undefined) console.error(broken.output)
if (failed > 0) process.exitCode = 1

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
  copyFileSync(library, file)
  return file
}

/** Runs specs, all if none are named, with that addon: { ok, output, reports, tally, ms }. */
async function suite(file, names) {
  // To files, because ava keeps what its processes write on their way out to itself.
  const folder = mkdtempSync(path.join(root, 'target', 'asan-report-'))
  try {
    const result = await run([process.execPath, ...packageBin('ava'), '--serial', '--timeout=5m', ...names], {
      limit: LIMIT_MS,
      env: {
        LD_PRELOAD: runtime(),
        // A small quarantine: specs measure that memory is given back.
        ASAN_OPTIONS: `detect_leaks=0:quarantine_size_mb=16:log_path=${path.join(folder, 'report')}`,
        NAPI_RS_NATIVE_LIBRARY_PATH: file,
        NO_COLOR: '1',
        FORCE_COLOR: '0',
      },
    })
    const reports = readdirSync(folder)
      .map((entry) => readFileSync(path.join(folder, entry), 'utf8'))
      .filter((text) => text.includes('ERROR: AddressSanitizer'))
      .map((text) => text.slice(text.indexOf('ERROR: AddressSanitizer')))
    return { ...result, output: `${result.output}\n${reports.join('\n')}`, reports, tally: avaTally(result.output) }
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
