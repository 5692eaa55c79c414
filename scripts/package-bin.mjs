// Where the command of an installed package starts, so that it runs under the Node that runs us:
// no shims, which differ by platform, and no other Node that happens to be first on the PATH.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** The arguments for `process.execPath` that start `command` of the installed package `name`. */
export function packageBin(name, command) {
  const folder = path.join(root, 'node_modules', name)
  let manifest
  try {
    manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  } catch {
    throw new Error(`${name} is not installed: run npm install`)
  }
  const bin = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[command ?? name]
  return [path.join(folder, bin)]
}
