// A copy of the workspace with some of its source changed, to see that a checker notices.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './package-bin.mjs'

/**
 * Makes the copy below target/patched/ and returns its path. A patch is [file, from, to]; `from` has to stand in
 * the file exactly once, so that a patch which has gone stale is an error and not a copy without a fault.
 */
export function patchedCopy(name, patches) {
  const folder = path.join(root, 'target', 'patched', name.replace(/\W+/g, '-'))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const entry of ['Cargo.toml', 'Cargo.lock', 'crates', 'examples/native-source', 'fuzz']) {
    // With new timestamps: cargo tells copies in one target directory apart by nothing else.
    cpSync(path.join(root, entry), path.join(folder, entry), { recursive: true, filter: isSource })
  }
  for (const [file, from, to] of patches) {
    const target = path.join(folder, file)
    const source = readFileSync(target, 'utf8')
    const parts = source.split(from)
    if (parts.length !== 2) {
      throw new Error(`${name}: ${JSON.stringify(from)} stands ${parts.length - 1} times in ${file}, not once`)
    }
    writeFileSync(target, parts.join(to))
  }
  return folder
}

/** Not what somebody has built inside of fuzz/. */
function isSource(file) {
  return file !== path.join(root, 'fuzz', 'target')
}
