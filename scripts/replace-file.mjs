// A file that may be in use is replaced, not written into.

import { copyFileSync, renameSync } from 'node:fs'

/**
 * Puts a copy of one file in the place of another. A process that has loaded the old one keeps it: to write into a
 * library that is mapped takes away its relocations and its data, and the process goes wrong and dies of SIGBUS.
 */
export function replaceFile(from, to) {
  const fresh = `${to}.${process.pid}`
  copyFileSync(from, fresh)
  renameSync(fresh, to)
}
