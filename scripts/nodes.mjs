// npm run test:nodes [-- --quick] [22 24 26.1.0]
// The specs and a short storm under other versions of Node, which come from the npm registry: the addon is
// Node-API, so none of it is built again. Fails when a version cannot be had. --quick: a twentieth of the elements in the specs.

import path from 'node:path'
import { parseArgs } from 'node:util'
import { fetchOwnNode, isVersion, versionOf } from './fetch-node.mjs'
import { packageBin, root } from './package-bin.mjs'
import { run } from './processes.mjs'
import { columns } from './tables.mjs'
import { avaTally, withoutPasses } from './tallies.mjs'

const SUPPORTED = ['20', '22', '24', '26']

const { values: options, positionals: wanted } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true })
const bad = wanted.filter((version) => !isVersion(version))
if (bad.length > 0) {
  console.error(`not a version of Node: ${bad.join(', ')}; for example: npm run test:nodes -- 22 24.1.0`)
  process.exit(2)
}

const results = []
for (const version of wanted.length > 0 ? wanted : SUPPORTED) results.push(await testUnder(version))
console.log(`\n${columns([['Node', 'ava', 'storm', ''], ...results.map(({ version, ava, storm, ms }) => [version, ava, storm, `${(ms / 1000).toFixed(0)} s`])])}`)
if (results.some(({ ok }) => !ok)) process.exitCode = 1

async function testUnder(version) {
  let node
  let exact
  try {
    node = await fetchOwnNode(version)
    exact = await versionOf(node)
    if (!exact.startsWith(version)) throw new Error(`${node} says that it is ${exact}`)
  } catch (error) {
    console.error(`Node ${version}: cannot be had: ${error.message}`)
    return { version, ava: 'not run', storm: 'not run', ok: false, ms: 0 }
  }
  console.log(`\n== Node ${exact}: ava`)
  // FORCE_COLOR would put escapes into what is counted.
  const env = { NO_COLOR: '1', FORCE_COLOR: '0', ...(options.quick && { CROSSCORE_TEST_SHARE: '0.05' }) }
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
