// A program may change any built-in after the package was loaded: rings go on as they are.

import test from 'ava'
import { start } from './workers/start.js'

const ways = [
  'a clock that stands still',
  'timers that never come',
  'the methods of functions',
  'the species of typed arrays',
  'the methods of typed arrays',
  'the constructors of typed arrays',
  'setters and toJSON of all objects',
]

for (const tamper of ways) {
  // INV-JS-9
  test(`rings work with ${tamper}`, async (t) => {
    t.deepEqual(await start('tampered.js', { tamper }).result, [])
  })
}
