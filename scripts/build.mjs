// npm run build [-- options of napi build, such as --target x86_64-apple-darwin]
// The addon and its declarations; index.ts and lib/ as ES modules beside their sources and as CommonJS in
// cjs/; and in both places native.js, which loads the addon.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { removeOrphans } from './orphans.mjs'
import { packageBin, root } from './package-bin.mjs'
import { platforms, readManifest } from './platforms.mjs'
import { needToolchain } from './toolchain.mjs'

/** Builds the addon: crosscore.<platform>.node and native.d.ts. */
export function buildAddon(options = []) {
  needToolchain()
  run('the addon (napi build)', [
    ...packageBin('@napi-rs/cli', 'napi'),
    'build',
    '--platform',
    '--release',
    '--no-const-enum',
    '--manifest-path',
    path.join('crates', 'crosscore-node', 'Cargo.toml'),
    '-o',
    '.',
    // lib/native/loader.ts is ours.
    '--no-js',
    // Not napi's default, index.d.ts: that one is the package's own.
    '--dts',
    'native.d.ts',
    ...options,
  ])
}

/** Compiles the package. Needs native.d.ts, so the addon comes first. */
export async function buildTypeScript() {
  needToolchain()
  run('index.ts and lib/ (tsc)', packageBin('typescript', 'tsc'))
  run('the same as CommonJS (tsc)', [...packageBin('typescript', 'tsc'), '-p', 'tsconfig.cjs.json'])
  await writeEntries()
  removeOrphans(root)
}

/** native.js and cjs/native.js: they name what native.d.ts declares, because an ES module cannot look its exports up. */
async function writeEntries() {
  const declared = readFileSync(path.join(root, 'native.d.ts'), 'utf8')
  const names = [...declared.matchAll(/^export declare (?:const|function|class) (\w+)/gm)].map(([, name]) => name)
  const { version } = readManifest()
  const origin = [`version: ${JSON.stringify(version)}`, `platforms: ${JSON.stringify((await platforms()).map(({ name }) => name))}`]
  const head = '// Written by scripts/build.mjs.\n'
  write(
    'native.js',
    `${head}import { loadAddon } from './lib/native/loader.js'

// A bundler leaves one of the two: import.meta.url in an ES module, __filename in what it turned into CommonJS.
const bases = [import.meta.url, typeof __filename === 'string' ? __filename : undefined]
const addon = loadAddon({ ${origin.join(', ')}, bases })

export default addon
export const { ${names.join(', ')} } = addon
`,
  )
  write(
    path.join('cjs', 'native.js'),
    `${head}const path = require('node:path')
const { loadAddon } = require('./lib/native/loader.js')

// The package's own folder is the one above; a bundle has its binary beside it.
module.exports = loadAddon({ ${origin.join(', ')}, bases: [path.join(__dirname, '..', 'native.js'), __filename] })
`,
  )
  write(path.join('cjs', 'native.d.ts'), declared)
  write(path.join('cjs', 'package.json'), '{ "type": "commonjs" }\n')
}

function write(file, text) {
  writeFileSync(path.join(root, file), text)
}

function run(what, args) {
  console.log(`build: ${what}`)
  const started = performance.now()
  const { status, error, signal } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) {
    console.error(`build: ${what} failed${signal ? ` (${signal})` : ''}`)
    process.exit(1)
  }
  console.log(`build: ${what} took ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  buildAddon(process.argv.slice(2))
  await buildTypeScript()
}
