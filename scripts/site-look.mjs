// node scripts/site-look.mjs [PAGE...]
//
// Looks at the built site (npm run docs) in Chromium: light and dark, in two windows and at a phone's width. Pictures go into
// target/site-look/, for a person to look at. What a program can see it checks: that nothing is wider than the window, that no
// script fails, that nothing comes from anywhere but the site, and that the search finds things without a network.
// Chromium or Chrome must be installed; CHROMIUM names another executable.

import { existsSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, FLAGS } from './chromium.mjs'
import { root } from './package-bin.mjs'

const PAGES = ['', 'getting-started', 'kinds', 'how-it-works', 'performance', 'runtimes', 'api/README', 'api/interfaces/Producer']
const SIZES = { desk: { width: 1280, height: 900 }, wide: { width: 1680, height: 1000 }, phone: { width: 390, height: 844 } }
/** May be wider than the window: they scroll by themselves. */
const SCROLLS = 'table, pre, figure, [class*="language-"]'
const SCHEMES = ['light', 'dark']
/** What is typed into the search, and a page that has to be among its answers. */
const QUERIES = { backpressure: 'waiting', 'pushManySync timeout': 'Producer', electron: 'runtimes' }

const site = path.join(root, 'site')
const dist = path.join(site, '.vitepress', 'dist')
if (!existsSync(dist)) throw new Error('the site is not built: npm run docs')
const executablePath = chromium()
const load = (file) => import(pathToFileURL(path.join(site, 'node_modules', file)).href)
const { preview } = await load('vite/dist/node/index.js')
const { chromium: browsers } = await load('playwright-core/index.mjs')

const shots = path.join(root, 'target', 'site-look')
rmSync(shots, { recursive: true, force: true })
mkdirSync(shots, { recursive: true })

const server = await preview({
  root: site,
  configFile: false,
  appType: 'mpa',
  logLevel: 'error',
  build: { outDir: dist },
  preview: { host: '127.0.0.1', port: 4790 },
})
const [home] = server.resolvedUrls.local
const browser = await browsers.launch({ executablePath, args: FLAGS })
const problems = []
try {
  const named = process.argv.slice(2)
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const scheme of SCHEMES) {
      const context = await browser.newContext({ viewport, colorScheme: scheme, isMobile: size === 'phone', hasTouch: size === 'phone' })
      for (const name of named.length > 0 ? named : PAGES) await look(context, name, `${size}-${scheme}`)
      if (named.length === 0) await search(context, `${size}-${scheme}`)
      await context.close()
    }
  }
} finally {
  await browser.close()
  await server.close()
}
for (const problem of problems) console.error(problem)
console.log(`pictures in ${path.relative(process.cwd(), shots)}; ${problems.length === 0 ? 'no problems' : `${problems.length} problems`}`)
if (problems.length > 0) process.exitCode = 1

/** Opens a page of the site, and hears of what goes wrong on it. */
async function open(context, name) {
  const page = await context.newPage()
  const wrong = (what) => problems.push(`${name || 'home'}: ${what}`)
  page.on('pageerror', (error) => wrong(error.message))
  page.on('console', (message) => message.type() === 'error' && wrong(message.text()))
  page.on('requestfailed', (request) => wrong(`${request.url()}: ${request.failure()?.errorText}`))
  await page.route(
    (url) => !url.href.startsWith(home) && url.protocol !== 'data:' && url.protocol !== 'blob:',
    (route) => {
      wrong(`asks for ${route.request().url()}`)
      return route.abort()
    },
  )
  const answer = await page.goto(`${home}${name === '' ? '' : `${name}.html`}`, { waitUntil: 'networkidle' })
  if (!answer.ok()) wrong(`status ${answer.status()}`)
  return page
}

async function look(context, name, kind) {
  const page = await open(context, name)
  const { wide, widest } = await page.evaluate((scrolls) => {
    const width = document.documentElement.clientWidth
    const over = [...document.querySelectorAll('.vp-doc *, .VPHome *')].find(
      (element) => element.getBoundingClientRect().right > width + 1 && !element.closest(scrolls),
    )
    return { wide: document.documentElement.scrollWidth > width, widest: over?.outerHTML.slice(0, 100) }
  }, SCROLLS)
  if (wide || widest) problems.push(`${name || 'home'} (${kind}): wider than the window${widest ? `: ${widest}` : ''}`)
  const file = `${(name || 'home').replaceAll('/', '-')}-${kind}`
  await page.screenshot({ path: path.join(shots, `${file}.png`) })
  await page.screenshot({ path: path.join(shots, `${file}-full.png`), fullPage: true })
  await page.close()
}

/** Types into the search and looks at what it finds. */
async function search(context, kind) {
  const page = await open(context, '')
  for (const [query, wanted] of Object.entries(QUERIES)) {
    await page.locator('.VPNavBarSearch button').first().click()
    await page.locator('.VPLocalSearchBox input').fill(query)
    // Until then the answers to the query before are there.
    await page.locator(`.VPLocalSearchBox .result[href*="${wanted}"]`).first().waitFor({ timeout: 10_000 }).catch(() => undefined)
    const found = await page.locator('.VPLocalSearchBox .result').evaluateAll((results) => results.map((result) => result.getAttribute('href')))
    if (!found.some((link) => link.includes(wanted))) problems.push(`search for ${query} (${kind}): ${found.length} results, none in ${wanted}`)
    else console.log(`search for ${query} (${kind}): ${found.length} results`)
    await page.screenshot({ path: path.join(shots, `search-${query.split(' ')[0]}-${kind}.png`) })
    await page.keyboard.press('Escape')
  }
  await page.locator('.VPNavBarSearch button').first().click()
  await page.locator('.VPLocalSearchBox input').fill('backpressure')
  await page.locator('.VPLocalSearchBox .result').first().click()
  await page.waitForURL((url) => url.pathname !== '/', { timeout: 10_000 })
  await page.close()
}
