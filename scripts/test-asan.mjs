// npm run test:asan [-- --quick | specs] [--node 24]…
//
// The ava suite, the storm of faults/, and its scenario in which memory is taken away many times more, in a Node whose
// addon is built with AddressSanitizer, which ends the process at the first access that is out of bounds or to memory
// that was freed. Then the specs that come closest to the memory and a short storm without the express lane. At last
// addons with a fault on purpose, which must be seen, or the silence before would say nothing. --quick: those specs
// alone, and fewer rounds. With names of specs: those, and no storm. --node: under these versions, not this one.
//
// Of the storm only what happens is judged (--correctness): under this instrument times and memory say nothing. What JavaScript
// reads it does not see, so all memory is written over when it is freed: then what was taken away shows it.
//
// Only the addon and the allocator (for the whole process) are under its eyes: V8 is not, and neither are leaks, of
// which Node has its own at exit. On a stable compiler, by RUSTC_BOOTSTRAP. x86-64 Linux.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { needPackages } from './debian-packages.mjs'
import { fetchOwnNode, versionOf } from './fetch-node.mjs'
import { packageBin, root } from './package-bin.mjs'
import { patchedCopy } from './patched-copy.mjs'
import { mustRun, PATIENCE, run } from './processes.mjs'
import { replaceFile } from './replace-file.mjs'
import { avaTally, stormTally, withoutPasses } from './tallies.mjs'

const target = 'x86_64-unknown-linux-gnu'
const LIMIT_MS = 1_800_000
const QUICK = ['numbers', 'drain', 'reservation', 'tokens'].map((name) => `__test__/${name}.spec.js`)

const ROUNDS = { storm: { quick: 20, full: 100 }, taken: { quick: 4, full: 60 } }
const SEED = 1

const { values: options, positionals } = parseArgs({
  options: { quick: { type: 'boolean' }, node: { type: 'string', multiple: true } },
  allowPositionals: true,
})
const form = options.quick ? 'quick' : 'full'
const specs = positionals.length > 0 ? positionals : options.quick ? QUICK : []

/** The buffer is read once more after it has been given back. */
const freed = 'unsafe { alloc::dealloc(block.as_ptr(), block_layout) };'
const usedAfterFree = [
  'crates/crosscore/src/alloc/heap.rs',
  freed,
  `${freed} std::hint::black_box(unsafe { buffer.base().cast::<u8>().read_volatile() });`,
]

/** Memory that a program has in another thread is freed with its environment. */
const freedUnderIt = ['crates/crosscore-node/src/visible.rs', 'Found::Escaped => false,', 'Found::Escaped => true,']

needPackages('the AddressSanitizer runtime', () => runtime() !== undefined, ['gcc', 'libc6-dev'])
await mustRun('building index.js', [process.execPath, 'scripts/build-if-needed.mjs'])
let failed = 0

const addon = await build(root, 'asan')
for (const version of options.node ?? [process.versions.node]) {
  const node = options.node ? await fetchOwnNode(version) : process.execPath
  console.log(`Node ${await versionOf(node)}`)
  await check(node, specs, form)
  if (form === 'full' && positionals.length === 0) await check(node, QUICK, 'quick', { CROSSCORE_EXPRESS: '0' })
}

const broken = await suite(process.execPath, await build(patchedCopy('asan use after free', [usedAfterFree]), 'asan-patched'), [
  '__test__/lifetime.spec.js',
  '--match=*memory of rings that are gone*',
])
const seen = broken.reports.find((report) => report.includes('heap-use-after-free'))
verdict(seen !== undefined, `wrong on purpose, a buffer that is read after it was freed: ${seen?.split('\n')[0] ?? 'NOT FOUND WRONG'}`)
if (seen === undefined) console.error(broken.output)
if (positionals.length === 0) {
  const freeing = await build(patchedCopy('asan freed under it', [freedUnderIt]), 'asan-patched')
  const { tally, output } = await storm(process.execPath, freeing, ROUNDS.taken.quick, ['--scenario', 'taken'])
  const found = tally?.failed > 0
  verdict(found, `wrong on purpose, memory that is freed although it was taken away: ${found ? `${tally.failed} rounds failed` : 'NOT FOUND WRONG'}`)
  if (!found) console.error(output)
}
if (failed > 0) process.exitCode = 1

/** Specs and storms with the addon as it is. */
async function check(node, specs, form, env = {}) {
  const lane = env.CROSSCORE_EXPRESS === '0' ? ', without the express lane' : ''
  mustBeClean(`specs${lane}`, await suite(node, addon, specs, env), ({ passed }) => `${passed} tests`)
  if (positionals.length > 0) return
  for (const [what, rounds] of Object.entries(ROUNDS)) {
    const scenario = what === 'storm' ? [] : ['--scenario', what]
    mustBeClean(`${what}, seed ${SEED}${lane}`, await storm(node, addon, rounds[form], scenario, env), ({ passed }) => `${passed} rounds`)
  }
}

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
async function suite(node, file, names, env) {
  const result = await underAsan(file, [node, ...packageBin('ava'), '--serial', `--timeout=${5 * PATIENCE}m`, ...names], env)
  return { ...result, tally: avaTally(result.output) }
}

/** Runs that many rounds of the storm with that addon. */
async function storm(node, file, rounds, scenario, env) {
  const options = ['--correctness', '--rounds', String(rounds), '--seed', String(SEED), '--soak', '0', ...scenario]
  const result = await underAsan(file, [node, 'faults/run.js', ...options], env)
  return { ...result, tally: stormTally(result.output) }
}

/** Runs a command with that addon: { ok, output, reports, timedOut, ms }. */
async function underAsan(file, command, env) {
  // To files, because not every parent passes on what its processes write on their way out.
  const folder = mkdtempSync(path.join(root, 'target', 'asan-report-'))
  try {
    const result = await run(command, {
      limit: LIMIT_MS,
      env: {
        LD_PRELOAD: runtime(),
        // What is freed is kept in quarantine, where a late access is seen. Less of it than by default, for a spec
        // bounds what stays of many rings; more than several of its rings, 8 MiB each with their second halves, or one
        // that is freed is unmapped at once. Its first part is written over.
        ASAN_OPTIONS: `detect_leaks=0:quarantine_size_mb=40:max_free_fill_size=65536:log_path=${path.join(folder, 'report')}`,
        NAPI_RS_NATIVE_LIBRARY_PATH: file,
        NO_COLOR: '1',
        FORCE_COLOR: '0',
        ...env,
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
