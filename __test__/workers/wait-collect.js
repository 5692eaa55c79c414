// The garbage collector, when a test wants it.

import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')

/** Collects until `done` says so; finalizers run between turns. False if it never does. */
export async function collectUntil(done) {
  for (let i = 0; i < 100; i++) {
    gc()
    await turn()
    if (done()) return true
  }
  return false
}

/** Collects a few times. */
export async function collect() {
  let times = 0
  await collectUntil(() => ++times === 5)
}
