// node scripts/import-time.mjs [processes]
// What preparing the barrier of parked waits adds to the import of the package, and to the first ring: the
// median of so many processes with it and with fences, which need no preparation, in turn.

import { spawnSync } from 'node:child_process'
import { median } from '../bench/harness/statistics.js'
import { root } from './package-bin.mjs'
import { columns } from './tables.mjs'

/** The most that it may add to the import, in ms (DESIGN.md, section 5). */
const MOST = 5
const processes = Number(process.argv[2] ?? 20)

const source = `
  const start = performance.now()
  const { createRing } = await import('crosscore')
  const imported = performance.now()
  createRing({ of: 'f64', capacity: 1024 })
  const first = performance.now()
  createRing({ of: 'f64', capacity: 1024 })
  const second = performance.now()
  console.log(JSON.stringify({ import: imported - start, 'first createRing': first - imported, 'second createRing': second - first }))`

const ways = { membarrier: {}, fence: { CROSSCORE_BARRIER: 'fence' } }
const times = { membarrier: [], fence: [] }
for (let i = 0; i < processes; i++) {
  for (const [way, env] of Object.entries(ways)) {
    const options = { cwd: root, encoding: 'utf8', env: { ...process.env, CROSSCORE_BARRIER: '', ...env } }
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], options)
    if (status !== 0) throw new Error(stderr)
    times[way].push(JSON.parse(stdout))
  }
}

const lines = Object.keys(times.fence[0]).map((what) => {
  const [prepared, plain] = [times.membarrier, times.fence].map((all) => median(all.map((time) => time[what])))
  if (what === 'import' && prepared - plain > MOST) process.exitCode = 1
  return [what].concat([prepared, plain, prepared - plain].map((ms) => ms.toFixed(2)))
})
console.log(columns([['ms', 'prepared', 'with fences', 'more'], ...lines]))
