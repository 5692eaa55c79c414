// npm run test:express [-- 20.19.0 22 24 26]
// The express lane by itself (crates/crosscore-node/src/express.rs), under versions of Node from the npm registry
// and with the options of V8 and Node that change how code is compiled, watched or collected. Fails where the lane is
// not taken, where a call has a wrong result, and where the process dies.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { benchAddon } from '../bench/harness/bench-addon.js'
import { fetchNode } from './fetch-node.mjs'
import { root } from './package-bin.mjs'
import { run } from './processes.mjs'

/** The versions that express.rs lists, the oldest Node that is supported, and the newest of each. */
const VERSIONS = ['20.19.0', '20', '22', '24', '25', '26']

/** Options of Node, and of the probe. */
const RUNS = [
  { options: [], probe: ['--time'] },
  { options: [], probe: ['--workers'] },
  { options: ['--jitless'], probe: ['--off'] },
  { options: ['--no-opt'], probe: ['--off'] },
  { options: ['--no-turbo-fast-api-calls'], probe: ['--off'] },
  { options: ['--stress-compaction'], probe: [] },
  { options: ['--cpu-prof', '--cpu-prof-dir', '.'], probe: [] },
  { options: ['--prof'], probe: [] },
  { options: ['--inspect=0'], probe: ['--profile'] },
  { options: [], probe: ['--debug'] },
  { options: ['--predictable-gc-schedule'], probe: [] },
  { options: ['--max-semi-space-size=1'], probe: [] },
]

const wanted = process.argv.slice(2)
const bad = wanted.filter((version) => !/^\d+(\.\d+){0,2}$/.test(version))
if (bad.length > 0) {
  console.error(`not a version of Node: ${bad.join(', ')}; for example: npm run test:express -- 22 24.1.0`)
  process.exit(2)
}

const addon = await benchAddon()
const system = process.platform === 'win32' ? 'win' : process.platform
const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-express-'))
let failed = 0
try {
  for (const version of wanted.length > 0 ? wanted : VERSIONS) {
    const node = await fetchNode(`node-${system}-${process.arch}`, version)
    for (const { options, probe } of RUNS) {
      const command = [node, ...options, path.join(root, 'scripts', 'express-probe.mjs'), addon, ...probe]
      // The profilers write files into the folder.
      const { ok, output, signal, code, ms } = await run(command, { cwd: folder, limit: 300_000 })
      const said = output.split('\n').find((line) => line.startsWith('{'))
      const result = said === undefined ? {} : JSON.parse(said)
      const passed = ok && result.lane === 'express'
      if (!passed) failed++
      const outcome = passed ? 'ok' : result.lane === 'node-api' ? `NO LANE: ${result.reason}` : `FAILED (${signal ?? code})\n${output}`
      console.log(`Node ${version} ${[...options, ...probe].join(' ')}: ${outcome}, ${result.hits ?? 'no'} hits${result.ns ? `, ns ${JSON.stringify(result.ns)}` : ''}, ${(ms / 1000).toFixed(1)} s`)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (failed > 0) {
  console.error(`the express lane: ${failed} failed`)
  process.exitCode = 1
}
