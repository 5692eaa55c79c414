// Which crates a release publishes, in which order, and what it refuses.

import test from 'ava'
import { publishOrder } from '../scripts/crates.mjs'

const crate = (name, dependencies = [], more = {}) => ({ name, version: '1.2.3', publish: null, dependencies, ...more })
const on = (name, more = {}) => ({ name, req: '^1.2.3', kind: null, path: `/crates/${name}`, ...more })
const elsewhere = { name: 'libc', req: '^0.2', kind: null }

test('what others depend on comes first, and what is not published is left out', (t) => {
  const crates = [crate('c', [on('b'), on('a')]), crate('b', [on('a'), elsewhere]), crate('a', [elsewhere]), crate('addon', [on('b')], { publish: [] })]
  t.deepEqual(publishOrder(crates, '1.2.3'), ['a', 'b', 'c'])
  t.deepEqual(publishOrder([crate('b', [on('tests', { kind: 'dev', req: '*' })]), crate('tests', [], { publish: [] })], '1.2.3'), ['b'])
})

test('versions that disagree are refused', (t) => {
  const message = (crates, pattern) => t.throws(() => publishOrder(crates, '1.2.3'), { message: pattern })
  message([crate('a'), crate('b', [], { version: '1.2.2' })], 'package.json says 1.2.3, crate b 1.2.2')
  message([crate('a'), crate('b', [on('a', { req: '^1.2.0' })])], 'package.json says 1.2.3, and crate b asks for a ^1.2.0')
  message([crate('b', [on('a', { req: '*' })]), crate('a')], 'package.json says 1.2.3, and crate b asks for a *')
})

test('what could not be published is refused', (t) => {
  t.throws(() => publishOrder([crate('b', [on('a')]), crate('a', [], { publish: [] })], '1.2.3'), { message: 'crate b depends on a, which is not published' })
  t.throws(() => publishOrder([crate('a', [on('b')]), crate('b', [on('a')])], '1.2.3'), { message: 'crates depend on each other: a -> b -> a' })
})
