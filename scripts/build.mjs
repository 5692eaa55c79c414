// npm run build [-- options of napi build, such as --target x86_64-apple-darwin]
// The addon, its loader and its declarations; then index.ts and lib/ beside their sources.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageBin, root } from './package-bin.mjs'

/** Builds the addon: crosscore.<platform>.node, native.js and native.d.ts. */
export function buildAddon(options = []) {
  run('the addon (napi build)', [
    ...packageBin('@napi-rs/cli', 'napi'),
    'build',
    '--platform',
    '--release',
    '--esm',
    '--no-const-enum',
    '--manifest-path',
    path.join('crates', 'crosscore-node', 'Cargo.toml'),
    '-o',
    '.',
    // Not napi's defaults, index.js and index.d.ts: those two are the package's own.
    '--js',
    'native.js',
    '--dts',
    'native.d.ts',
    ...options,
  ])
}

/** Compiles index.ts and lib/ to .js and .d.ts. Needs native.d.ts, so the addon comes first. */
export function buildTypeScript() {
  run('index.ts and lib/ (tsc)', packageBin('typescript', 'tsc'))
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
  buildTypeScript()
}
