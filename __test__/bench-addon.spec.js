// The threads of Rust that the benchmarks use are in no addon that is shipped.

import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import test from 'ava'

const root = new URL('../', import.meta.url)
const built = readdirSync(root).filter((name) => /^crosscore\..*node$/.test(name))

test('an addon exports what the package needs and nothing else', (t) => {
  // Not native.js, which hands on the names that were there when it was written.
  const require = createRequire(root)
  t.true(built.length > 0)
  for (const name of built) t.deepEqual(Object.keys(require(`./${name}`)).toSorted(), ['claim', 'createRing'], name)
})
