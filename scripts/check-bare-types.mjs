// The declarations as a user gets them, without the sources beside them, compiled without the DOM and without @types/node.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { packageBin, root } from './package-bin.mjs'

/** Everything but sources. */
const declarations = (source) => !source.endsWith('.ts') || source.endsWith('.d.ts')

const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-types-'))
try {
  const target = path.join(folder, 'node_modules', 'crosscore')
  for (const name of ['package.json', 'index.js', 'index.d.ts']) cpSync(path.join(root, name), path.join(target, name))
  cpSync(path.join(root, 'lib'), path.join(target, 'lib'), { recursive: true, filter: declarations })
  cpSync(path.join(root, '__test__', 'types', 'bare'), folder, { recursive: true })
  const { status } = spawnSync(process.execPath, [...packageBin('typescript', 'tsc'), '-p', folder], { stdio: 'inherit' })
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true })
}
