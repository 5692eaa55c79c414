// The garbage collector, when a test wants it.

import { setImmediate as turn } from 'node:timers/promises'
import { gc } from '../collection.js'

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
