// The threads of Rust that the benchmarks use are in no addon that is shipped.

import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import process from 'node:process'
import test from 'ava'

const root = new URL('../', import.meta.url)
/** What native.js would load: beside it there may be one for another processor, or the one that it is told to take. */
const told = process.env.NAPI_RS_NATIVE_LIBRARY_PATH
const own = `crosscore.${process.platform}-${process.arch}`
const built = told ? [told] : readdirSync(root).filter((name) => name.startsWith(own) && name.endsWith('.node')).map((name) => `./${name}`)

test('an addon exports what the package needs and nothing else', (t) => {
  // Not native.js, which hands on the names that were there when it was written.
  const require = createRequire(root)
  t.true(built.length > 0)
  for (const name of built) t.deepEqual(Object.keys(require(name)).toSorted(), ['claim', 'createRing', 'environment', 'foreignTable', 'isParked', 'origin', 'revoke'], name)
})
