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
