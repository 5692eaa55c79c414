// Both ways of crossing into Rust have a row in the benchmarks, and --node hands on what each run needs.

import test from 'ava'
import { growthCases, plainCases } from '../bench/cases/catalogue.js'
import { withBothLanes } from '../bench/cases/lanes.js'
import { laneOf } from '../bench/contenders/crosscore-package.js'
import { NotAvailable } from '../bench/harness/contract.js'
import { withoutOurs } from '../bench/harness/other-nodes.js'

test('every case has one row of ours with the express lane switched off, after the one that it is compared with', (t) => {
  for (const { name, entries } of [...plainCases, ...growthCases.filter((growth) => growth.name.startsWith('growth-rings'))]) {
    const off = entries.filter(({ env }) => env?.CROSSCORE_EXPRESS === '0')
    t.is(off.length, 1, name)
    const on = entries[entries.indexOf(off[0]) - 1]
    t.deepEqual({ ...off[0], env: undefined }, { ...on, system: `${on.system} (node-api)`, env: undefined }, name)
  }
})

test('a case without a row of ours stays as it is', (t) => {
  const theirs = { name: 'a', entries: [{ system: 'ringbuf.js' }] }
  t.deepEqual(withBothLanes(theirs), theirs)
})

test.serial('a package that has one way of crossing has no row for the other', (t) => {
  const before = process.env.CROSSCORE_EXPRESS
  t.teardown(() => {
    if (before === undefined) delete process.env.CROSSCORE_EXPRESS
    else process.env.CROSSCORE_EXPRESS = before
  })
  process.env.CROSSCORE_EXPRESS = '0'
  t.throws(() => laneOf({}), { instanceOf: NotAvailable })
  const lane = { name: 'node-api', reason: 'switched off' }
  t.is(laneOf({ lane }), lane)
  delete process.env.CROSSCORE_EXPRESS
  t.is(laneOf({}), undefined)
})

test('what is said of Nodes, figures and README is not handed on to the single runs', (t) => {
  t.deepEqual(withoutOurs(['--quick', '--node', '20', '--node=24', '--json', 'a.json', '--json=b.json', '--readme', '--runs', '3']), [
    '--quick',
    '--runs',
    '3',
  ])
})
