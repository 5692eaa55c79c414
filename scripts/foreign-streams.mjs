// npm run test:foreign
// Other people's tests of streams, run on ours: the suites of duplexify and pumpify, whose passthroughs become a writer and
// a reader of a ring. Each suite runs first as it is, then with rings, and must pass as many assertions.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** With what their tests need, in versions that run together. */
const PACKAGES = ['duplexify@4.1.3', 'pumpify@2.0.1', 'tape@5.9.0', 'through2@4.0.2', 'concat-stream@2.0.0']
const SUITES = ['duplexify', 'pumpify']

const hook = fileURLToPath(new URL('./foreign-streams/ring-through.cjs', import.meta.url))
const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-foreign-'))
let failed = false
try {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  execFileSync(npm, ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefix', folder, ...PACKAGES], { stdio: 'ignore' })
  for (const suite of SUITES) {
    const file = path.join(folder, 'node_modules', suite, 'test.js')
    const plain = run(file, [])
    const ours = run(file, ['--require', hook])
    const right = ours.passed === plain.passed && ours.failed === 0 && ours.rings > 0
    failed ||= !right
    console.log(
      `${suite} ${version(suite)}: ${ours.passed} assertions of ${plain.passed} passed on ${ours.rings} rings, ${ours.failed} failed: ${right ? 'ok' : 'NOT OK'}`,
    )
    if (!right) console.log(ours.output)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (failed) process.exitCode = 1

function run(file, options) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...options, file], { encoding: 'utf8', timeout: 60_000 })
  const count = (pattern) => (stdout.match(pattern) ?? []).length
  return {
    passed: count(/^ok /gm),
    failed: count(/^not ok /gm) + (status === 0 ? 0 : 1),
    rings: Number(/^# rings (\d+)$/m.exec(stdout)?.[1] ?? 0),
    output: stdout + stderr,
  }
}

function version(name) {
  return JSON.parse(readFileSync(path.join(folder, 'node_modules', name, 'package.json'), 'utf8')).version
}
