// What an earlier build has left in lib/ and cjs/ of sources that are gone. npm would pack it.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'

/** What scripts/build.mjs writes there itself. */
const WRITTEN = new Set(['native.js', 'native.d.ts'])

/** Emitted files without a source, relative to `checkout`. */
export function orphans(checkout) {
  return ['lib', 'cjs'].flatMap((folder) => {
    const home = path.join(checkout, folder)
    const emitted = existsSync(home) ? readdirSync(home, { recursive: true }).filter((file) => /\.(js|d\.ts)$/.test(file)) : []
    const sources = folder === 'cjs' ? checkout : home
    return emitted
      .filter((file) => !(folder === 'cjs' && WRITTEN.has(file)))
      .filter((file) => !existsSync(path.join(sources, file.replace(/\.(js|d\.ts)$/, '.ts'))))
      .map((file) => path.join(folder, file))
  })
}

export function removeOrphans(checkout) {
  for (const file of orphans(checkout)) {
    rmSync(path.join(checkout, file))
    console.log(`build: removed ${file}, whose source is gone`)
  }
}
