// For a git checkout: builds what is missing or older than its sources, and says so.
// npm start and npm test call this; nothing calls it when the published package is installed.

import { lstatSync, readdirSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { buildAddon, buildTypeScript } from './build.mjs'
import { removeOrphans } from './orphans.mjs'
import { root } from './package-bin.mjs'

const addon = {
  sources: () => [
    ...files('crates', (name) => !/\.(md|stderr)$/.test(name), ['tests', 'benches', 'examples']),
    ...present('Cargo.toml', 'Cargo.lock', 'package.json', '.cargo/config.toml'),
  ],
  outputs: () => {
    const built = readdirSync(root).filter(
      (name) => name.startsWith(`crosscore.${process.platform}-${process.arch}`) && name.endsWith('.node'),
    )
    return [...(built.length > 0 ? built : ['crosscore.node']), 'native.d.ts']
  },
  build: () => buildAddon(),
}

const typeScript = {
  sources: () => [...modules(), ...present('tsconfig.json', 'tsconfig.cjs.json', 'package.json', 'native.d.ts', 'scripts/build.mjs')],
  outputs: () => ['native.js', ...modules().map((name) => name.replace(/\.ts$/, '.js'))].flatMap((name) => [name, path.join('cjs', name)]),
  build: () => buildTypeScript(),
}

// In this order: index.ts is compiled against the addon's declarations.
for (const part of [addon, typeScript]) {
  const newest = Math.max(...part.sources().map(modified))
  const oldest = Math.min(...part.outputs().map(modified))
  if (newest <= oldest) continue
  const started = new Date()
  await part.build()
  // The outputs count from when the build began: a source saved during it is newer than they are.
  for (const output of part.outputs()) utimesSync(path.join(root, output), started, started)
}
// Also when nothing was built: a source that goes makes nothing older.
removeOrphans(root)

/** TypeScript sources, without what is emitted beside them. */
function modules() {
  return ['index.ts', ...files('lib', (name) => name.endsWith('.ts') && !name.endsWith('.d.ts'), [])]
}

/** Files below `folder` that `wanted` accepts, without the folders named in `skipped`. */
function files(folder, wanted, skipped) {
  let entries
  try {
    entries = readdirSync(path.join(root, folder), { withFileTypes: true })
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
  return entries.flatMap((entry) => {
    const name = path.join(folder, entry.name)
    if (entry.isDirectory()) return skipped.includes(entry.name) ? [] : files(name, wanted, skipped)
    return wanted(entry.name) ? [name] : []
  })
}

function present(...names) {
  return names.filter((name) => modified(name) > 0)
}

/** When the file was last written, in ms; 0 if it is not there. */
function modified(name) {
  return lstatSync(path.join(root, name), { throwIfNoEntry: false })?.mtimeMs ?? 0
}
