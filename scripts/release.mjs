// npm run release -- --tag v1.2.3     publishes target/binaries' eight platforms, the main package and the crates
// npm run release -- --rehearse       the same against a registry on loopback, with what must be refused tried first
//
// Refuses before anything is published when a binary is missing or asks for too new a system, when the tag, package.json,
// the crates, what they ask of each other and CHANGELOG.md do not name one version, or when a crate does not build from what
// would be published of it. What an earlier try has published is left as it is, so a release that broke in the middle is
// finished by starting it again.

import assert from 'node:assert'
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { binaryFloor, printFloors } from './binary-floor.mjs'
import { publishOrder, workspaceCrates } from './crates.mjs'
import { localRegistry } from './local-registry.mjs'
import { npmProgram } from './npm-tool.mjs'
import { pack, sizes } from './pack.mjs'
import { root } from './package-bin.mjs'
import { readmeExample, SUM } from './package-test/readme-example.mjs'
import { User } from './package-test/user.mjs'
import { readManifest } from './platforms.mjs'
import { mustRun, run } from './processes.mjs'

const binaries = path.join(root, 'target', 'binaries')
const { values: options } = parseArgs({ options: { tag: { type: 'string' }, rehearse: { type: 'boolean' } } })

try {
  if (options.rehearse) await rehearse()
  else if (options.tag) await release({ tag: options.tag })
  else throw new Error('say --tag v<version>, or --rehearse')
} catch (error) {
  console.error(`release: ${error.message}`)
  process.exitCode = 1
}

/** `registry` is one on loopback; without it the packages go where npm and cargo send them. */
async function release({ tag, registry, changelog = readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8'), workspace }) {
  const { version } = readManifest()
  if (tag !== `v${version}`) throw new Error(`the tag is ${tag}, and package.json says ${version}`)
  const notes = new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\][^\\n]*\\n([\\s\\S]*?)(?=^## |^\\[|$(?![\\s\\S]))`, 'm').exec(changelog)?.[1]
  if (!notes?.trim()) throw new Error(`CHANGELOG.md has no section [${version}]`)
  const crates = publishOrder(workspace ?? (await workspaceCrates()), version)

  // Packing compares the versions of Cargo.toml and native.js, and refuses when a binary is missing.
  const packed = await pack({ binaries })
  console.log(sizes(packed))
  const floors = []
  for (const file of readdirSync(binaries).filter((name) => name.endsWith('.node'))) floors.push(await binaryFloor(path.join(binaries, file)))
  if (printFloors(floors) > 0) throw new Error('a binary asks for more than is promised')
  writeFileSync(path.join(root, 'target', 'packages', 'notes.md'), notes.trim())
  await tryCrates(crates, registry !== undefined)

  // The main package last: it must not be out before what it depends on.
  for (const { name, tarball } of packed) {
    if (await isPublished(name, version, registry)) {
      console.log(`${name}@${version} is there already`)
      continue
    }
    await (registry ? registry.publish(tarball) : npmPublish(tarball))
    console.log(`${name}@${version} is published`)
  }
  if (!registry) for (const crate of crates) await publishCrate(crate, version)
}

async function npmPublish(tarball) {
  await mustRun(`npm publish ${path.basename(tarball)}`, [process.execPath, npmProgram(), 'publish', tarball, '--ignore-scripts', '--access', 'public'], {
    show: true,
  })
}

async function isPublished(name, version, registry) {
  const where = registry ? ['--registry', registry.url] : []
  const command = [process.execPath, npmProgram(), 'view', `${name}@${version}`, 'version', '--loglevel=error', '--prefer-online', ...where]
  const { ok, output } = await run(command, { cwd: tmpdir() })
  if (ok) return output.trim() === version
  if (output.includes('E404')) return false
  throw new Error(`whether ${name}@${version} is out cannot be told:\n${output}`)
}

/**
 * Packs all of them and builds each from what was packed, against what was packed of the others (cargo 1.90 and later), so that
 * crosscore-napi can be tried before crosscore is out.
 */
async function tryCrates(crates, dirty) {
  const command = ['cargo', 'publish', ...crates.flatMap((name) => ['-p', name]), '--locked', '--dry-run', ...(dirty ? ['--allow-dirty'] : [])]
  const { output } = await mustRun(command.join(' '), command, { limit: 900_000, env: { CARGO_TERM_COLOR: 'never' } })
  const uploads = [...output.matchAll(/^ *Uploading (\S+)/gm)].map(([, name]) => name)
  assert.deepEqual(uploads, crates, "cargo's order is another one")
  console.log(`crates ${crates.join(', then ')}: packed and built, not uploaded`)
}

async function publishCrate(name, version) {
  // cargo waits until the crate is in the index, where the next one looks for it.
  const command = ['cargo', 'publish', '-p', name, '--locked']
  const { ok, output } = await run(command, { limit: 900_000 })
  if (!ok && /already (?:exists|uploaded)/.test(output)) console.log(`crate ${name} ${version} is there already`)
  else if (!ok) throw new Error(`${command.join(' ')} failed:\n${output}`)
  else console.log(`crate ${name} ${version} is published`)
}

async function rehearse() {
  const { version } = readManifest()
  const tag = `v${version}`
  const changelog = `## [${version}] - today\n\n### Added\n\n- A rehearsal.\n`
  const registry = await localRegistry()
  try {
    await refused('a tag of another version', /the tag is v0\.0\.0/, { tag: 'v0.0.0', registry, changelog })
    await refused('a changelog without the version', /no section/, { tag, registry, changelog: '## [0.0.0]\n\n- Old.\n' })
    const workspace = await workspaceCrates()
    const changed = (change) => {
      const crates = structuredClone(workspace)
      change(crates.find(({ name }) => name === 'crosscore-napi'))
      return crates
    }
    const other = changed((crate) => (crate.version = '0.0.0'))
    await refused('a crate of another version', /crate crosscore-napi 0\.0\.0/, { tag, registry, changelog, workspace: other })
    const older = changed(({ dependencies }) => (dependencies.find(({ name }) => name === 'crosscore').req = '^0.0.0'))
    await refused('a crate that asks for another version of its neighbour', /asks for crosscore \^0\.0\.0/, { tag, registry, changelog, workspace: older })
    const one = path.join(binaries, 'crosscore.linux-arm64-musl.node')
    renameSync(one, `${one}.away`)
    try {
      await refused('a missing target', /missing in .*: crosscore\.linux-arm64-musl\.node/, { tag, registry, changelog })
    } finally {
      renameSync(`${one}.away`, one)
    }
    assert.equal(await isPublished('crosscore-linux-x64-gnu', version, registry), false, 'something was published after all')
    await release({ tag, registry, changelog })
    console.log('once more, as after a release that broke in the middle:')
    await release({ tag, registry, changelog })
    const user = new User(registry.url)
    await user.npm('install', 'crosscore')
    user.write('example.mjs', readmeExample()['example.mjs'])
    assert.equal(await user.must(['example.mjs']), SUM)
    console.log(`rehearsed: ${readdirSync(binaries).length} platforms, and README's example runs from what was published`)
    console.log('1 passed, 0 failed')
  } finally {
    await registry.stop()
  }
}

async function refused(what, pattern, how) {
  await assert.rejects(release(how), pattern)
  console.log(`refused: ${what}`)
}
