// npm run test:compat [-- NAME…]
// Bundlers, test runners, pools of threads and other runtimes, each with the package as it is installed from a registry.
// What is told about them in docs/COMPATIBILITY.md was seen here. Linux; heavy, and so in no other command.

import process from 'node:process'
import { fetchNode } from '../fetch-node.mjs'
import { localRegistry } from '../local-registry.mjs'
import { packedForTest } from '../pack.mjs'
import { makeApp } from './app.mjs'
import { bundlers } from './bundlers.mjs'
import { pools } from './pools.mjs'
import { runners } from './runners.mjs'
import { runtimes } from './runtimes.mjs'

const all = { ...bundlers, ...runners, ...pools, ...runtimes }
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in all))
if (unknown.length > 0) {
  console.error(`no such name: ${unknown.join(', ')}; there are: ${Object.keys(all).join(', ')}`)
  process.exit(2)
}

// Some of the tools run on no older one.
const node = await fetchNode(`node-${process.platform}-${process.arch}`, '24')
const registry = await localRegistry()
let passed = 0
let failed = 0
try {
  for (const { tarball } of await packedForTest()) await registry.publish(tarball)
  for (const [name, work] of Object.entries(all)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const started = performance.now()
    let error
    try {
      await work((options) => makeApp({ name, registry: registry.url, node, ...options }))
      passed += 1
    } catch (reason) {
      failed += 1
      error = reason
    }
    console.log(`${error ? 'FAILED' : 'ok    '} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
    if (error) console.error(error.message)
  }
} finally {
  await registry.stop()
}
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1
