// index.d.ts is the reviewed public surface: it is emitted afresh here and compared with the one that
// git has staged (or committed). Nothing is written to the tree; `git add index.d.ts` accepts a change.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { packageBin, root } from './package-bin.mjs'

const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-declarations-'))
try {
  const fresh = emit(path.join(folder, 'emitted'))
  const { text: reviewed, from } = reviewedDeclarations()
  if (fresh === undefined) {
    console.error('index.d.ts: tsc could not emit it (is the addon built? npm run build)')
    process.exitCode = 1
  } else if (fresh === reviewed) {
    console.log(`index.d.ts: what tsc emits is what ${from} holds`)
  } else {
    console.error(`index.d.ts: tsc emits other declarations than ${from} holds.`)
    show(reviewed, fresh)
    console.error('If the public surface was meant to change: npm run build && git add index.d.ts')
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function emit(outDir) {
  const args = ['-p', 'tsconfig.json', '--emitDeclarationOnly', '--outDir', outDir]
  const { status, stdout } = spawnSync(process.execPath, [...packageBin('typescript', 'tsc'), ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) {
    console.error(stdout)
    return undefined
  }
  return readFileSync(path.join(outDir, 'index.d.ts'), 'utf8')
}

function reviewedDeclarations() {
  // Not the file on disk: every build writes that one.
  const staged = spawnSync('git', ['show', ':index.d.ts'], { cwd: root, encoding: 'utf8' })
  if (staged.status === 0) return { text: staged.stdout, from: 'git' }
  const file = path.join(root, 'index.d.ts')
  return { text: existsSync(file) ? readFileSync(file, 'utf8') : '', from: 'the file, which git does not track yet,' }
}

function show(before, after) {
  const [a, b] = [path.join(folder, 'reviewed.d.ts'), path.join(folder, 'fresh.d.ts')]
  writeFileSync(a, before)
  writeFileSync(b, after)
  const diff = spawnSync('git', ['diff', '--no-index', '--no-prefix', a, b], { encoding: 'utf8' })
  console.error(diff.stdout || 'no diff to show: git is not there')
}
