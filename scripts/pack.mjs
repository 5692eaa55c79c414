// npm run pack [-- --binaries FOLDER] [--partial]
//
// The packages as they are published, in target/packages: one for each platform of package.json's "napi.targets", and the
// main one, which depends on all of them with exact versions. FOLDER holds the .node files (the checkout by default).
// Refuses when a binary is missing, a version disagrees, or an earlier build has left files of sources that are gone.
// --partial is for tests: a platform without a binary gets its package all the same, empty, and no package manager may
// choose it.
//
// The checkout's own package.json names no platform package, since `npm install` there would look for versions that are
// not out yet.

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { npmProgram } from './npm-tool.mjs'
import { orphans } from './orphans.mjs'
import { packageBin, root } from './package-bin.mjs'
import { platforms, readManifest } from './platforms.mjs'
import { mustRun } from './processes.mjs'
import { columns } from './tables.mjs'

/** Relative to the checkout, as napi wants it. */
const PACKAGES = path.join('target', 'packages')

/** Packs everything into `folder`, a path in the checkout; returns [{ name, version, tarball, built, packed, unpacked }], the main package last. Sizes in bytes. */
export async function pack({ binaries = root, partial = false, folder = PACKAGES } = {}) {
  const { version } = readManifest()
  const cargo = /^version = "(.+)"/m.exec(readFileSync(path.join(root, 'Cargo.toml'), 'utf8'))[1]
  if (cargo !== version) throw new Error(`package.json says ${version}, Cargo.toml ${cargo}`)
  // What native.js was built for is what it looks for.
  const entry = readFileSync(path.join(root, 'native.js'), 'utf8')
  if (!entry.includes(`version: "${version}"`)) throw new Error('native.js is of another version: run npm run build')

  const left = orphans(root)
  if (left.length > 0) throw new Error(`left by an earlier build, their sources are gone (npm run build removes them): ${left.join(', ')}`)

  rmSync(path.join(root, folder), { recursive: true, force: true })
  mkdirSync(path.join(root, folder), { recursive: true })
  const npmDirs = path.join(folder, 'npm')
  await mustRun('writing the platform packages', [
    process.execPath,
    ...packageBin('@napi-rs/cli', 'napi'),
    'create-npm-dirs',
    '--npm-dir',
    npmDirs,
  ])
  const packed = []
  const missing = []
  for (const { name } of await platforms()) {
    const home = path.join(root, npmDirs, name)
    const binary = `crosscore.${name}.node`
    const built = existsSync(path.join(binaries, binary))
    if (built) copyFileSync(path.join(binaries, binary), path.join(home, binary))
    else missing.push(binary)
    // The licences ask to go with every copy.
    for (const file of ['LICENSE-MIT', 'LICENSE-APACHE']) copyFileSync(path.join(root, file), path.join(home, file))
    const file = path.join(home, 'package.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, json({ ...manifest, files: [...manifest.files, 'LICENSE-MIT', 'LICENSE-APACHE'] }))
    packed.push({ ...(await packFolder(home, folder)), built })
  }
  if (missing.length > 0 && !partial) throw new Error(`missing in ${binaries}: ${missing.join(', ')}`)
  packed.push({ ...(await packMain(packed, folder)), built: true })
  return packed
}

async function packMain(platformPackages, folder) {
  const home = path.join(root, folder, 'npm', 'crosscore')
  // npm says which files "files" means.
  const { files } = await npmPack(root, ['--dry-run'])
  for (const { path: file } of files) {
    mkdirSync(path.dirname(path.join(home, file)), { recursive: true })
    copyFileSync(path.join(root, file), path.join(home, file))
  }
  // What only a checkout needs does not go out.
  const { scripts: _scripts, devDependencies: _tools, ava: _ava, napi: _napi, ...manifest } = readManifest()
  const optionalDependencies = Object.fromEntries(platformPackages.map(({ name, version }) => [name, version]))
  writeFileSync(path.join(home, 'package.json'), json({ ...manifest, optionalDependencies }))
  return packFolder(home, folder)
}

async function packFolder(home, folder) {
  const { name, version, filename, size, unpackedSize } = await npmPack(home, ['--pack-destination', path.join(root, folder)])
  return { name, version, tarball: path.join(root, folder, filename), packed: size, unpacked: unpackedSize }
}

async function npmPack(home, options) {
  const command = [process.execPath, npmProgram(), 'pack', '--json', '--ignore-scripts', '--loglevel=error', ...options]
  const { output } = await mustRun(`npm pack in ${home}`, command, { cwd: home })
  const report = JSON.parse(output.slice(output.search(/^[[{]/m)))
  // An array up to npm 11, by package name in later ones.
  return Object.values(report)[0]
}

/** A folder for the packages of one run of a test, which goes with the process. */
export function packedForTest(options) {
  const folder = path.join('target', `packages-${process.pid}`)
  process.once('exit', () => rmSync(path.join(root, folder), { recursive: true, force: true }))
  return pack({ ...options, partial: true, folder })
}

const kib = (bytes) => (bytes / 1024).toFixed(1)

/** The table of what was packed. */
export function sizes(packed) {
  const lines = packed.map(({ name, built, packed, unpacked }) => [name, kib(packed), kib(unpacked), built ? '' : '(no binary)'])
  return columns([['package', 'packed KiB', 'unpacked', ''], ...lines])
}

function json(value) {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { binaries: { type: 'string' }, partial: { type: 'boolean' } } })
  try {
    const packed = await pack({ ...values, binaries: values.binaries && path.resolve(values.binaries) })
    console.log(sizes(packed))
    console.log(`in ${PACKAGES}`)
  } catch (error) {
    console.error(`pack: ${error.message}`)
    process.exitCode = 1
  }
}
