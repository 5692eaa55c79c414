// Garbage collection on demand.

import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')

/** Collects until `condition` holds; whether it came to hold. Finalizers run in later turns, so one collection is not enough. */
export async function collectUntil(condition) {
  for (let i = 0; i < 200; i++) {
    if (condition()) return true
    gc()
    await turn()
  }
  return condition()
}
