// npm run test:nodes [-- 22 24 26.1.0]
// The specs and a short storm under other versions of Node, which come from the npm registry: the addon is
// Node-API, so none of it is built again. Fails when a version cannot be had.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fetchNode } from './fetch-node.mjs'
import { packageBin, root } from './package-bin.mjs'
import { run } from './processes.mjs'
import { avaTally, withoutPasses } from './tallies.mjs'

const SUPPORTED = ['20', '22', '24', '26']
const system = process.platform === 'win32' ? 'win' : process.platform
const name = `node-${system}-${process.arch}`

const wanted = process.argv.slice(2)
const bad = wanted.filter((version) => !/^\d+(\.\d+){0,2}$/.test(version))
if (bad.length > 0) {
  console.error(`not a version of Node: ${bad.join(', ')}; for example: npm run test:nodes -- 22 24.1.0`)
  process.exit(2)
}

const results = []
for (const version of wanted.length > 0 ? wanted : SUPPORTED) results.push(await testUnder(version))
table(results)

async function testUnder(version) {
  let node
  try {
    node = await fetchNode(name, version)
  } catch (error) {
    console.error(`Node ${version}: cannot be had: ${error.message}`)
    return { version, ava: 'not run', storm: 'not run', ok: false, ms: 0 }
  }
  const exact = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout?.trim()
  if (!exact?.startsWith(version)) {
    console.error(`Node ${version}: ${node} says that it is ${exact || 'nothing'}`)
    return { version, ava: 'not run', storm: 'not run', ok: false, ms: 0 }
  }
  console.log(`\n== Node ${exact}: ava`)
  // FORCE_COLOR would put escapes into what is counted.
  const env = { NO_COLOR: '1', FORCE_COLOR: '0' }
  const ava = await run([node, ...packageBin('ava')], { env, limit: 1_800_000 })
  const tally = avaTally(ava.output)
  if (!ava.ok) console.error(withoutPasses(ava.output))
  console.log(`== Node ${exact}: storm`)
  const storm = await run([node, path.join(root, 'faults', 'run.js'), '--rounds', '60', '--seed', '1', '--soak', '0'], { env })
  console.log(storm.output)
  return {
    version: exact,
    ava: ava.ok && tally !== undefined ? `${tally.passed} passed` : `FAILED${tally ? ` (${tally.failed})` : ''}`,
    storm: storm.ok ? '60 rounds ok' : 'FAILED',
    ok: ava.ok && tally !== undefined && storm.ok,
    ms: ava.ms + storm.ms,
  }
}

function table(results) {
  const columns = [
    ['Node', ({ version }) => version],
    ['ava', ({ ava }) => ava],
    ['storm', ({ storm }) => storm],
    ['', ({ ms }) => `${(ms / 1000).toFixed(0)} s`],
  ]
  const rows = [columns.map(([title]) => title), ...results.map((result) => columns.map(([, cell]) => cell(result)))]
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i].length)))
  console.log()
  for (const row of rows) console.log(row.map((cell, i) => cell.padEnd(widths[i])).join('  ').trimEnd())
  if (results.some(({ ok }) => !ok)) process.exitCode = 1
}
