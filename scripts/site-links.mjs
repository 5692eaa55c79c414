// Links of the built site that lead nowhere. VitePress looks at the pages that Markdown links to; not at anchors, at links
// in HTML, or at those into the repository.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const OURS = /^https:\/\/github\.com\/crosscore\/crosscore\/(?:blob|tree)\/main\/([^?#]+)/
const ORIGIN = 'http://site'

/**
 * One line for each of them.
 * @param {string} dist folder of the built site
 * @param {{ base?: string, repository: string }} options where the site is served, and the folder that its links into the repository mean
 * @returns {{ links: number, broken: string[] }}
 */
export function brokenLinks(dist, { base = '/', repository }) {
  const pages = new Map()
  for (const file of readdirSync(dist, { recursive: true }).map((name) => name.split(path.sep).join('/')).sort()) {
    // The report is a page of its own, and 404 is shown under any address.
    if (file.endsWith('.html') && !file.startsWith('report/') && file !== '404.html') pages.set(file, pageOf(path.join(dist, file)))
  }
  const broken = []
  let links = 0
  for (const [page, { hrefs }] of pages) {
    for (const href of hrefs) {
      const wrong = whatIsWrong(page, href)
      if (wrong) broken.push(`${page} links to ${href}: ${wrong}`)
      links += 1
    }
  }
  return { links, broken }

  function whatIsWrong(page, href) {
    if (/^[a-z]+:/.test(href)) {
      const file = OURS.exec(href)?.[1]
      return file && !existsSync(path.join(repository, file)) ? 'no such file in the repository' : undefined
    }
    const { pathname, hash } = new URL(href, `${ORIGIN}${base}${page}`)
    if (!pathname.startsWith(base)) return `outside of ${base}`
    // Not every server finds page.html under /page, so links in HTML have to name the file.
    const file = pathname.slice(base.length).replace(/(^|\/)$/, '$1index.html')
    if (!existsSync(path.join(dist, file))) return 'no such page'
    const anchor = decodeURIComponent(hash.slice(1))
    return anchor && pages.has(file) && !pages.get(file).anchors.has(anchor) ? 'no such anchor' : undefined
  }
}

function pageOf(file) {
  const text = readFileSync(file, 'utf8')
  const all = (pattern) => new Set([...text.matchAll(pattern)].map(([, value]) => value.replaceAll('&amp;', '&')))
  return { anchors: all(/\sid="([^"]+)"/g), hrefs: all(/<a\s[^>]*?href="([^"]+)"/g) }
}
