// npm run test:package [-- --quick] [-- PLATFORM…] [--binaries FOLDER] [--minutes N]
//
// Packs every package, publishes them to a registry on loopback, and installs them from there in empty folders of somebody
// who has Node and no Rust: by npm, pnpm and yarn; README's example as ES module, CommonJS and TypeScript; two workers, a
// moved handle, every known failure to load, uninstall.
// Then the same for the other platforms that run on this machine (package-test/platforms.mjs), with the binaries of
// `npm run build:all`, which is called for those that are missing: README's example and the specs that say most.
// --quick: this platform alone, with the addon that `npm run build` has made. PLATFORM…: these alone.
// --minutes: how long the specs of each other platform may take (60; sixteen by the slowest, on an idle machine).

import assert from 'node:assert'
import { copyFileSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { localRegistry } from './local-registry.mjs'
import { npmProgram, npmTool } from './npm-tool.mjs'
import { packedForTest, sizes } from './pack.mjs'
import { packageBin, root } from './package-bin.mjs'
import { loadFailures } from './package-test/load-failures.mjs'
import { PLATFORMS } from './package-test/platforms.mjs'
import { readmeExample, SUM } from './package-test/readme-example.mjs'
import { assertNoRust, home, User } from './package-test/user.mjs'
import { readManifest } from './platforms.mjs'
import { mustRun, onAllProcessors, PATIENCE, run } from './processes.mjs'
import { avaTally, withoutPasses } from './tallies.mjs'

const PUBLINT = '0.3.25'
const ATTW = '0.18.5'
const PNPM = '12.21.0'
const YARN = '4.18.1'

/**
 * The specs that come closest to what differs between platforms: streams between threads and waiting first, and the two that
 * start 70 workers and more last, for a worker is what costs under an emulator, and a run that is cut has seen most of the rest.
 */
const SPECS = ['entry', 'threads', 'waiting-ready', 'tokens', 'messages', 'numbers', 'lifetime', 'waiting-sync']

const { values: options, positionals } = parseArgs({
  options: { quick: { type: 'boolean' }, binaries: { type: 'string' }, minutes: { type: 'string', default: '60' } },
  allowPositionals: true,
})
const specsLimit = Number(options.minutes) * 60_000
if (!(specsLimit > 0)) throw new Error(`--minutes is a number above 0, not ${options.minutes}`)
const { version } = readManifest()
let passed = 0
let failed = 0

const platform = readdirSync(root)
  .map((name) => new RegExp(`^crosscore\\.(${process.platform}-${process.arch}.*)\\.node$`).exec(name)?.[1])
  .find(Boolean)
const unknown = positionals.filter((name) => name !== platform && !(name in PLATFORMS))
if (unknown.length > 0) throw new Error(`no such platform: ${unknown.join(', ')}; there are: ${[platform, ...Object.keys(PLATFORMS)].join(', ')}`)
/** Whether this machine's own platform is tried. */
const own = positionals.length === 0 || positionals.includes(platform)
const others = options.quick ? [] : Object.keys(PLATFORMS).filter((name) => positionals.length === 0 || positionals.includes(name))
const binaries = options.quick ? root : path.resolve(options.binaries ?? path.join(root, 'target', 'binaries'))
// Beside a platform with musl, the package for glibc of the same processor is installed, wrongly.
if (!options.quick) await needBinaries(new Set([...(own ? [platform] : []), ...others.flatMap((name) => [name, name.replace('-musl', '-gnu')])]))
const packed = await packedForTest({ binaries })
console.log(sizes(packed))
const main = packed.at(-1)

const registry = await localRegistry()
try {
  for (const { tarball } of packed) await registry.publish(tarball)
  assertNoRust()
  if (own) await onOwnPlatform()
  for (const name of others) await onPlatform(name)
} finally {
  await registry.stop()
}
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1

async function onOwnPlatform() {
  await check('publint', async () => {
    // Not --pack: it would run npm pack in the checkout.
    await must([process.execPath, ...(await npmTool('publint', PUBLINT)), main.tarball, '--strict'])
  })
  await check('are the types wrong', async () => {
    await must([process.execPath, ...(await npmTool('@arethetypeswrong/cli', ATTW, { command: 'attw' })), main.tarball])
  })
  await installedByNpm()
  await installedByPnpm()
  await installedByYarn()
  const work = mkdtempSync(path.join(tmpdir(), 'crosscore-checkout-'))
  await mustRun('npm pack in the checkout', [process.execPath, npmProgram(), 'pack', '--ignore-scripts', '--pack-destination', work])
  const checkout = path.join(work, readdirSync(work)[0])
  await loadFailures({ check, registry: registry.url, platform, version, checkout })
  rmSync(work, { recursive: true, force: true })
}

async function installedByNpm() {
  const user = new User(registry.url)
  await check('npm install', async () => {
    await user.npm('install', 'crosscore')
    const installed = readdirSync(user.path('node_modules')).filter((name) => !name.startsWith('.'))
    assert.deepEqual(installed, ['crosscore', `crosscore-${platform}`])
  })
  for (const [file, text] of Object.entries(readmeExample())) user.write(file, text)
  for (const name of ['moved-handle', 'both-builds', 'two-copies']) {
    copyFileSync(path.join(root, 'scripts', 'package-test', `${name}.mjs`), user.path(`${name}.mjs`))
  }
  await check("README's example as an ES module", async () => assert.equal(await user.must(['example.mjs']), SUM))
  await check("README's example as CommonJS", async () => assert.equal(await user.must(['example.cjs']), SUM))
  for (const module of ['node16', 'nodenext']) {
    await check(`README's example as TypeScript, ${module}, from an ES module and from CommonJS`, async () => {
      const compiled = user.path(`compiled-${module}`)
      const types = path.join(root, 'node_modules', '@types')
      const flags = ['--strict', '--target', 'es2022', '--module', module, '--typeRoots', types, '--types', 'node', '--outDir', compiled]
      // Our TypeScript: the user's registry has none.
      await user.must([...packageBin('typescript', 'tsc'), ...flags, 'example.mts', 'example.cts'])
      assert.equal(await user.must([path.join(compiled, 'example.mjs')]), SUM)
      assert.equal(await user.must([path.join(compiled, 'example.cjs')]), SUM)
    })
  }
  await check('a handle that goes to a worker and back', async () => assert.equal(await user.must(['moved-handle.mjs']), 'moved'))
  await check('the ES module and the CommonJS build in one process', async () => {
    // Without the flag, require takes the ES module too.
    assert.equal(await user.must(['--no-experimental-require-module', 'both-builds.mjs']), 'one')
  })
  await check('two copies in one tree', async () => {
    await user.npm('install', 'crosscore-again@npm:crosscore')
    assert.equal(await user.must(['two-copies.mjs']), 'one')
  })
  await check('npm uninstall', async () => {
    await user.npm('uninstall', 'crosscore', 'crosscore-again')
    const left = existsSync(user.path('node_modules')) ? readdirSync(user.path('node_modules')).filter((name) => !name.startsWith('.')) : []
    assert.deepEqual(left, [])
    assert.match((await user.start(['example.mjs'])).output, /ERR_MODULE_NOT_FOUND/)
  })
}

async function installedByPnpm() {
  const pnpm = await npmTool('pnpm', PNPM)
  const user = new User(registry.url)
  // What has been out for less than a day is not taken by default.
  user.write('pnpm-workspace.yaml', 'minimumReleaseAge: 0\n')
  await check('pnpm', async () => {
    // pnpm is a program of its own, not one for node.
    await user.must([...pnpm, 'add', 'crosscore', '--registry', registry.url], {}, [])
    await examples(user)
  })
}

async function installedByYarn() {
  const yarn = await npmTool('@yarnpkg/cli-dist', YARN, { command: 'yarn' })
  for (const linker of ['node-modules', 'pnp']) {
    const user = new User(registry.url)
    user.write(
      '.yarnrc.yml',
      `nodeLinker: ${linker}
npmRegistryServer: ${registry.url}
unsafeHttpWhitelist: [127.0.0.1]
enableTelemetry: false
npmMinimalAgeGate: 0
enableImmutableInstalls: false
`,
    )
    await check(`yarn, ${linker}`, async () => {
      await user.must([...yarn, 'add', 'crosscore'])
      await examples(user, [...yarn, 'node'])
    })
  }
}

/** Installs the package of another platform, and runs what it runs there. */
async function onPlatform(name) {
  const { install, runtime } = PLATFORMS[name]
  const { ava: avaNode, ...itsNode } = await runtime(home)
  const user = new User(registry.url, {
    ...itsNode,
    manifest: { type: 'module', ava: { files: ['__test__/**/*.spec.js'], workerThreads: false } },
  })
  await check(`${name}: npm install brings its package and no other`, async () => {
    await user.npm('install', 'crosscore', ...install)
    assert.deepEqual(
      readdirSync(user.path('node_modules')).filter((entry) => entry.startsWith('crosscore')),
      ['crosscore', `crosscore-${name}`],
    )
    console.log(`       ${(await user.must(['--print', '`Node ${process.version}, ${process.platform} ${process.arch}`'])).trim()}`)
  })
  await check(`${name}: README's example, and a handle that goes to a worker and back`, () => examples(user))
  if (name.endsWith('-musl')) {
    await check(`${name}: with the package for glibc alone`, async () => {
      const wrong = new User(registry.url, { node: user.node, env: user.runtimeEnv })
      await wrong.npm('install', 'crosscore', ...install.filter((flag) => !flag.startsWith('--libc')), '--libc=glibc')
      const { output } = await wrong.start(['--eval', "import('crosscore').catch((error) => console.log(error.message))"])
      const other = name.replace('-musl', '-gnu')
      assert.match(output, new RegExp(`^crosscore: no binary for ${name}: .* installed instead: crosscore-${other} .*or of another libc`, 'm'))
    })
  }
  await check(`${name}: specs`, async () => {
    cpSync(path.join(root, '__test__'), user.path('__test__'), { recursive: true })
    // kinds.js compares itself with the package's own list, by path: the installed package has no such entry.
    for (const part of ['lib', 'native.js']) cpSync(user.path('node_modules', 'crosscore', part), user.path(part), { recursive: true })
    // All of them, since node.exe under wine takes what lies behind a link for a file of the folder that the link is in.
    for (const tool of readdirSync(path.join(root, 'node_modules')).filter((entry) => !entry.startsWith('.'))) {
      symlinkSync(path.join(root, 'node_modules', tool), user.path('node_modules', tool))
    }
    const specs = SPECS.filter((spec) => existsSync(path.join(root, '__test__', `${spec}.spec.js`)))
    const ava = path.relative(root, packageBin('ava').at(-1))
    const end = performance.now() + specsLimit * PATIENCE
    // Under wine what was cut has said nothing, since its output comes at the end.
    const results = await onAllProcessors(specs, async (spec) => {
      const left = Math.max(1, end - performance.now()) / PATIENCE
      const { output, ok, timedOut } = await user.start([ava, '--serial', `--timeout=${10 * PATIENCE}m`, `__test__/${spec}.spec.js`], user.runtimeEnv, avaNode ?? user.node, left)
      const tally = avaTally(output)
      const passes = tally?.passed ?? 0
      const wrong = timedOut ? `cut after ${passes} tests` : !ok || !tally || tally.failed > 0 || passes === 0 ? 'failed' : undefined
      console.log(`       ${spec}: ${wrong ?? `${passes} tests`}`)
      return { spec, passes, wrong, output }
    })
    const passes = results.reduce((sum, result) => sum + result.passes, 0)
    const wrong = results.filter((result) => result.wrong)
    if (wrong.length > 0) {
      const told = wrong.map((result) => `${result.spec}: ${result.wrong}\n${withoutPasses(result.output)}`)
      throw new Error(`${passes} tests passed; of ${specs.length} specs ${wrong.length} were not passed in ${options.minutes} minutes\n${told.join('\n')}`)
    }
    console.log(`       ${passes} tests of ${specs.length} specs`)
  })
}

async function needBinaries(names) {
  const missing = [...names].filter((name) => !existsSync(path.join(binaries, `crosscore.${name}.node`)))
  if (missing.length === 0) return
  await mustRun('building what is missing', [process.execPath, 'scripts/build-all.mjs', ...missing], { show: true, limit: 3_600_000 })
}

async function examples(user, start = []) {
  for (const [file, text] of Object.entries(readmeExample())) user.write(file, text)
  copyFileSync(path.join(root, 'scripts', 'package-test', 'moved-handle.mjs'), user.path('moved-handle.mjs'))
  assert.equal(await user.must([...start, 'example.mjs']), SUM)
  assert.equal(await user.must([...start, 'example.cjs']), SUM)
  assert.equal(await user.must([...start, 'moved-handle.mjs']), 'moved')
}

async function must(command) {
  const { ok, output } = await run(command, { limit: 300_000 })
  if (!ok) throw new Error(output)
  return output
}

async function check(name, work) {
  const started = performance.now()
  const error = await work().then(
    () => undefined,
    (reason) => reason,
  )
  console.log(`${error ? 'FAILED' : 'ok    '} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
  if (error) {
    failed += 1
    console.error(error.message)
  } else passed += 1
}
