// The declarations as a user gets them, without the sources beside them, compiled without the DOM and without @types/node.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { packageBin, root } from './package-bin.mjs'

/** What is published of them (`files` in package.json), and what leads to it. */
const DECLARATIONS = ['index.d.ts', 'lib/adapters', 'lib/patterns']

const published = (source) => !source.endsWith('.ts') || source.endsWith('.d.ts')

const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-types-'))
try {
  const target = path.join(folder, 'node_modules', 'crosscore')
  for (const name of ['package.json', 'cjs/package.json', ...DECLARATIONS, ...DECLARATIONS.map((name) => `cjs/${name}`)]) {
    cpSync(path.join(root, name), path.join(target, name), { recursive: true, filter: published })
  }
  cpSync(path.join(root, '__test__', 'types', 'bare'), folder, { recursive: true })
  for (const type of ['module', 'commonjs']) {
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ type }))
    const { status } = spawnSync(process.execPath, [...packageBin('typescript', 'tsc'), '-p', folder], { stdio: 'inherit' })
    if (status !== 0) process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}
