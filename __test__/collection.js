// Garbage collection on demand.

import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
/** One collection of everything. */
export const gc = globalThis.Bun ? () => globalThis.Bun.gc(true) : runInNewContext('gc')

/**
 * Collects until `condition` holds; whether it came to hold. Finalizers run in later turns, so one collection is not
 * enough. And a WeakRef that `condition` asks holds its target until the turn is over: to collect in the same turn
 * would find it held each time.
 */
export async function collectUntil(condition) {
  for (let i = 0; i < 200; i++) {
    if (condition()) return true
    await turn()
    gc()
    await turn()
  }
  return condition()
}
