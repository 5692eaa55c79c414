// Builds an addon of this repository with cargo, and loads it.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** @param {string[]} names of packages; the files of their addons, in the same order */
export function buildAddons(...names) {
  // What is preloaded here, as a sanitizer is, is not for the compiler.
  const { LD_PRELOAD: _, ...env } = process.env
  const { status, stdout, error } = spawnSync(
    'cargo',
    ['build', '--profile', 'example', '--message-format', 'json-render-diagnostics', ...names.flatMap((name) => ['--package', name])],
    { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 2 ** 26 },
  )
  if (error) throw error
  if (status !== 0) throw new Error(`cargo build failed for ${names.join(' and ')}`)
  const built = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter(({ reason, target }) => reason === 'compiler-artifact' && target.kind.includes('cdylib'))
  return names.map((name) => {
    const { filenames } = built.find(({ target }) => target.name === name.replaceAll('-', '_'))
    return filenames.find((file) => ['.so', '.dylib', '.dll'].includes(path.extname(file)))
  })
}

/** Loads an addon whatever its file is called; `require` wants the name to end in .node. */
export function loadAddon(file) {
  const module = { exports: {} }
  process.dlopen(module, file)
  return module.exports
}
