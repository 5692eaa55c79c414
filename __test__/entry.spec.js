import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { createRequire } from 'node:module'
import test from 'ava'
import * as imported from 'crosscore'

const require = createRequire(import.meta.url)

test('import and require give the same module', (t) => {
  const required = require('crosscore')
  t.true(Object.keys(required).length > 0)
  t.deepEqual({ ...required }, { ...imported })
})

test('the package has one entry: the addon behind it cannot be imported', async (t) => {
  await t.throwsAsync(import('crosscore/native.js'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' })
  await t.throwsAsync(import('crosscore/lib/errors.js'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' })
})

// A program may read its input at once, which fails (EAGAIN) once anything has asked for process.stdin.
for (const load of ["import 'crosscore'", "require('crosscore')"]) {
  test(`${load} leaves the standard streams alone`, async (t) => {
    // What tells that it is loaded goes by fd 3: a write to another one might open it.
    const program = `${load}
      ;(${readsInput})(${load.startsWith('import') ? "await import('node:fs')" : "require('node:fs')"})`
    const type = load.startsWith('import') ? 'module' : 'commonjs'
    const child = spawn(process.execPath, [`--input-type=${type}`, '--eval', program], {
      cwd: import.meta.dirname,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    })
    child.stdio[3].once('data', () => child.stdin.end('input'))
    const [said, wrong] = await Promise.all([text(child.stdout), text(child.stderr)])
    t.deepEqual({ said, wrong }, { said: 'input', wrong: '' })
  })
}

function readsInput({ readFileSync, writeSync }) {
  writeSync(3, 'loaded')
  writeSync(1, readFileSync(0))
}
