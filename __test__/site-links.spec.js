// The check of the built site's links, on a site of three pages.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'ava'
import { brokenLinks } from '../scripts/site-links.mjs'

function site(t, pages) {
  const dist = mkdtempSync(path.join(tmpdir(), 'crosscore-links-'))
  t.teardown(() => rmSync(dist, { recursive: true }))
  for (const [file, text] of Object.entries(pages)) {
    mkdirSync(path.dirname(path.join(dist, file)), { recursive: true })
    writeFileSync(path.join(dist, file), text)
  }
  return dist
}

const link = (href) => `<p><a class="x" href="${href}">there</a></p>`
const repository = path.join(import.meta.dirname, '..')

test('links that lead somewhere: pages, folders, anchors with what HTML escapes, files of the repository, other hosts', (t) => {
  const dist = site(t, {
    'index.html': link('./a.html') + link('/docs/a.html#what-a&amp;b') + link('/docs/'),
    'a.html': '<h2 id="what-a&amp;b">A</h2>' + link('#what-a&amp;b') + link('https://github.com/crosscore/crosscore/blob/main/README.md'),
    'api/b.html': link('../a.html') + link('https://elsewhere.example/none'),
  })
  t.deepEqual(brokenLinks(dist, { base: '/docs/', repository }), { links: 7, broken: [] })
})

test('each that leads nowhere is named with its page', (t) => {
  const dist = site(t, {
    'index.html': link('./a') + link('#none') + link('/a.html#b'),
    'a.html': '<h2 id="B">B</h2>' + link('https://github.com/crosscore/crosscore/blob/main/none.md'),
  })
  t.deepEqual(brokenLinks(dist, { repository }).broken, [
    'a.html links to https://github.com/crosscore/crosscore/blob/main/none.md: no such file in the repository',
    'index.html links to ./a: no such page',
    'index.html links to #none: no such anchor',
    'index.html links to /a.html#b: no such anchor',
  ])
  t.is(brokenLinks(dist, { base: '/elsewhere/', repository }).broken.at(-1), 'index.html links to /a.html#b: outside of /elsewhere/')
})
