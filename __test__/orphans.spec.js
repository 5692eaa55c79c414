// A checkout whose last build was of sources that are gone since: what it left is not packed.

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { orphans } from '../scripts/orphans.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const LEFT = ['lib/kinds/gone.js', 'lib/kinds/gone.d.ts', 'cjs/lib/kinds/gone.js', 'cjs/lib/kinds/gone.d.ts', 'cjs/gone.js'].map(path.normalize)
const COPIED = ['scripts', 'lib', 'cjs', 'index.ts', 'index.js', 'index.d.ts', 'native.js', 'native.d.ts', 'package.json', 'Cargo.toml', 'tsconfig.json', 'tsconfig.cjs.json']

test('they are found, refused by pack, and removed by the next build', (t) => {
  const checkout = mkdtempSync(path.join(tmpdir(), 'crosscore-orphans-'))
  t.teardown(() => rmSync(checkout, { recursive: true, force: true }))
  for (const name of COPIED) cpSync(path.join(root, name), path.join(checkout, name), { recursive: true })
  // A junction needs no rights on Windows.
  symlinkSync(path.join(root, 'node_modules'), path.join(checkout, 'node_modules'), 'junction')
  const node = (...args) => spawnSync(process.execPath, args, { cwd: checkout, encoding: 'utf8' })
  t.deepEqual(orphans(checkout), [])

  for (const file of LEFT) writeFileSync(path.join(checkout, file), '')
  t.deepEqual(orphans(checkout).sort(), [...LEFT].sort())
  const packed = node('scripts/pack.mjs', '--partial')
  t.is(packed.status, 1, packed.stdout)
  for (const file of LEFT) t.true(packed.stderr.includes(file), packed.stderr)
  t.false(existsSync(path.join(checkout, 'target', 'packages')))

  const built = node('--input-type=module', '-e', "import { buildTypeScript } from './scripts/build.mjs'; await buildTypeScript()")
  t.is(built.status, 0, built.stdout + built.stderr)
  t.deepEqual(orphans(checkout), [])
  for (const file of LEFT) t.false(existsSync(path.join(checkout, file)), file)
  // And nothing else.
  for (const file of ['lib/kinds/kind.js', 'cjs/lib/kinds/kind.js', 'cjs/native.js', 'cjs/package.json']) t.true(existsSync(path.join(checkout, file)), file)
})
