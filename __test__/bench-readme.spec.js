// The figures that `npm run bench -- --readme` puts into README.md and docs/PERFORMANCE.md.

import { readFileSync } from 'node:fs'
import test from 'ava'
import { DARK, LIGHT } from '../bench/report/palette.js'
import { NARROW, picture } from '../bench/report/picture.js'
import { between, readmeSection, readmeTable } from '../bench/report/readme.js'

function row(name, system, median) {
  return { case: name, system, unit: 'ns/element', median, runs: [median], note: '', status: median === null ? 'failed' : 'measured' }
}

const result = {
  machine: { cpu: 'a processor', cpus: 4, arch: 'x64', os: 'Linux 6.1', memoryGiB: 8, virtual: false, pinned: true, loadAverageAtStart: [0, 0, 0] },
  node: '24.1.0',
  versions: {},
  method: { runs: 7, quick: false, startedAt: '2026-01-01T00:00:00Z', seconds: 1 },
  rows: [
    row('f64-one', 'crosscore', 20.123),
    row('f64-one', 'crosscore (node-api)', 30),
    row('f64-one', 'crosscore, drain', 10),
    row('f64-one', 'hand-written ring', 50),
    row('f64-one', 'tuned ring', 15),
    row('f64-one', 'ringbuf.js', null),
    row('f64-one', 'postMessage', 800),
  ],
  micro: [],
  aims: [],
}

test('ours on both lanes, the quickest of each other kind, and the command', (t) => {
  const lines = readmeTable([result]).split('\n')
  t.is(lines.length, 3)
  t.regex(lines[2], /\| 24 \| \*\*20\.1\*\*, Node-API 30 \| 15 tuned ring \|  \| 800 postMessage \| `npm run bench -- --case f64-one` \|$/)
})

function told(quick, runs) {
  return readmeTable([{ ...result, method: { ...result.method, quick, runs } }]).match(/`(.*)`/)[1]
}

test('the command says what was not the default', (t) => {
  t.is(told(true, 3), 'npm run bench -- --quick --case f64-one')
  t.is(told(true, 7), 'npm run bench -- --quick --runs 7 --case f64-one')
  t.is(told(false, 9), 'npm run bench -- --runs 9 --case f64-one')
})

for (const name of ['README.md', 'docs/PERFORMANCE.md']) {
  test(`what is between the markers of ${name} is replaced and nothing else; again gives the same`, (t) => {
    const text = readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
    const once = between(text, readmeSection([result]))
    t.true(once.startsWith(text.slice(0, text.indexOf('<!-- bench:begin -->'))))
    t.true(once.endsWith(text.slice(text.indexOf('<!-- bench:end -->'))))
    t.true(once.includes('**20.1**'))
    t.is(between(once, readmeSection([result])), once)
  })
}

test('of several Nodes each has a row for each case', (t) => {
  const lines = readmeTable([result, { ...result, node: '26.1.0' }]).split('\n')
  t.is(lines.length, 4)
  t.regex(lines[2], /^\| one f64.*\| 24 \| \*\*20\.1\*\*/)
  t.regex(lines[3], /^\|  \| 26 \| \*\*20\.1\*\*/)
})

test('a text without the markers is refused', (t) => {
  t.throws(() => between('# a project', []), { message: /bench:begin/ })
})

for (const [name, palette] of Object.entries({ LIGHT, DARK })) {
  for (const shape of [{}, NARROW]) {
    test(`the picture has no colour that a renderer without CSS would leave black (${name}, ${shape === NARROW ? 'narrow' : 'wide'})`, async (t) => {
      const drawn = await picture(result, palette, shape)
      t.notRegex(drawn, /var\(|<style|class="title"/)
      const colours = new Set([...drawn.matchAll(/fill="(#\w+)"/g)].map(([, colour]) => colour))
      t.true(colours.size >= 4)
    })
  }
}

const widthOf = (drawn) => Number(/ width="([\d.]+)"/.exec(drawn)[1])
/** What the bars say, and the words around them. */
const said = (drawn) => [...drawn.matchAll(/aria-label="([^"]+ ns[^"]+)"/g)].map(([, label]) => label)
const words = (drawn) => [...drawn.matchAll(/<text fill="#\w+" x="[\d.]+" y="[\d.]+">([^<]*)</g)].map(([, text]) => text).join(' ')

test('the narrow picture fits a phone, and says all that the other says', async (t) => {
  const [wide, narrow] = await Promise.all([picture(result, LIGHT), picture(result, LIGHT, NARROW)])
  t.true(widthOf(narrow) <= 480)
  t.true(widthOf(wide) > 480)
  t.true(said(wide).length > 0)
  t.deepEqual(said(narrow), said(wide))
  t.is(words(narrow), words(wide))
})
