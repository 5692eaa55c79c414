// The comparison of machines that the bench workflow puts into its summary.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { compare } from '../bench/report/compare.js'

const script = fileURLToPath(new URL('../bench/report/compare.js', import.meta.url))

function result(arch, rows, aims = []) {
  return {
    machine: { cpu: 'a processor', cpus: 4, arch, os: 'Linux 6.1', memoryGiB: 8, virtual: true, pinned: true, loadAverageAtStart: [0, 0, 0] },
    node: '24.1.0',
    versions: {},
    method: { runs: 7, quick: false, startedAt: '2026-01-01T00:00:00Z', seconds: 1 },
    rows: rows.map(([name, system, median]) => ({
      case: name,
      system,
      unit: 'ns/element',
      median,
      runs: [],
      note: '',
      status: median === null ? 'not available yet' : 'measured',
    })),
    micro: [],
    aims,
  }
}

const aim = { case: 'f64-one', ours: 'crosscore', against: 'ringbuf.js', aim: '6 × as fast' }
const x64 = result(
  'x64',
  [
    ['f64-one', 'crosscore', 20],
    ['f64-one', 'ringbuf.js', 100],
    ['only-here', 'crosscore', 7],
  ],
  [{ ...aim, seen: '5 ×', met: false }],
)
const arm64 = result(
  'arm64',
  [
    ['f64-one', 'crosscore', 1000],
    ['f64-one', 'tuned ring', 500],
    ['f64-one', 'ringbuf.js', null],
  ],
  [{ ...aim, seen: 'not measured', met: null }],
)

test('each system stands against ours on the same machine', (t) => {
  const lines = compare([x64, arm64]).split('\n')
  t.true(lines.includes('| `f64-one`, ns/element | crosscore | 20 |  | 1000 |  |'))
  t.true(lines.includes('|  | ringbuf.js | 100 | 5 × | not available yet |  |'))
  t.true(lines.includes('|  | tuned ring |  |  | 500 | 0.5 × |'))
  t.true(lines.includes('| `only-here`, ns/element | crosscore | 7 |  |  |  |'))
  t.true(lines.includes('| `f64-one` | crosscore | ringbuf.js | 6 × as fast | 5 ×, not met | not measured |'))
})

test('every line of a table has as many cells as its head', (t) => {
  let head
  for (const line of compare([x64, arm64, x64]).split('\n')) {
    const cells = line.startsWith('|') ? line.split('|').length : undefined
    if (cells !== undefined && head !== undefined) t.is(cells, head, line)
    head = cells
  }
})

test('the command prints it, whatever the figures are, and refuses what are none', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-compare-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const files = [x64, arm64].map((figures, i) => {
    const file = path.join(folder, `${i}.json`)
    writeFileSync(file, JSON.stringify(figures))
    return file
  })
  t.is(execFileSync(process.execPath, [script, ...files], { encoding: 'utf8' }), compare([x64, arm64]))
  t.is(spawnSync(process.execPath, [script, files[0]]).status, 2)
  writeFileSync(files[1], '{}')
  t.not(spawnSync(process.execPath, [script, ...files]).status, 0)
})
