// node scripts/site.mjs
//
// Builds the documentation site into site/.vitepress/dist: the pages of site/, those of docs/ that belong to it, and the
// API from index.ts; and the report of the benchmarks, if npm run bench has left one. What it needs it installs into
// site/node_modules. A link that leads nowhere is a failure. DOCS_BASE is the folder that it is served from, `/` by default.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './package-bin.mjs'
import { mustRun } from './processes.mjs'
import { brokenLinks } from './site-links.mjs'
import { COPIED } from './site-pages.mjs'

const site = path.join(root, 'site')
const REPOSITORY = 'https://github.com/crosscore/crosscore/blob/main/'

/** A page's text with its relative links turned to the site's own pages or into the repository. */
function relinked(text, source) {
  const ownPages = new Map(Object.entries(COPIED).map(([page, file]) => [file, page]))
  return text.replace(/(\]\(|src="|srcset="|href=")(?![a-z]+:|#)([^)"#\s]+)(#[^)"\s]*)?/g, (_, before, target, hash = '') => {
    const file = path.posix.normalize(path.posix.join(path.posix.dirname(source), target))
    const page = ownPages.get(file)
    if (page !== undefined) return `${before}./${page}${hash}`
    if (!existsSync(path.join(root, file))) throw new Error(`${source} links to ${target}, which is not there`)
    return `${before}${REPOSITORY}${file}${hash}${/\.(svg|png)$/.test(file) ? '?raw=true' : ''}`
  })
}

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const tool = (name, command) => path.join(site, 'node_modules', name, command)

if (!existsSync(tool('vitepress', 'bin/vitepress.js')) || !existsSync(tool('typedoc', 'bin/typedoc'))) {
  await mustRun('npm install in site/', [npm, 'install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: site })
}
await mustRun('the addon and the declarations', [process.execPath, 'scripts/build-if-needed.mjs'])

for (const [page, source] of Object.entries(COPIED)) {
  // A ratio in a narrow column stays in one line.
  writeFileSync(path.join(site, page), relinked(readFileSync(path.join(root, source), 'utf8'), source).replaceAll(/(?<=\d) ×/g, '\u00a0×'))
}

const report = path.join(site, 'public', 'report')
rmSync(report, { recursive: true, force: true })
if (existsSync(path.join(root, 'bench', 'report', 'index.html'))) {
  for (const folder of ['', 'arm64']) {
    const from = path.join(root, 'bench', 'report', folder)
    if (!existsSync(from)) continue
    for (const file of readdirSync(from, { withFileTypes: true }).filter(({ name }) => /\.(html|svg)$/.test(name))) {
      cpSync(path.join(from, file.name), path.join(report, folder, file.name))
    }
  }
}

rmSync(path.join(site, 'api'), { recursive: true, force: true })
mkdirSync(path.join(site, 'api'))
await mustRun(
  'the API from index.ts',
  [
    process.execPath,
    tool('typedoc', 'bin/typedoc'),
    '--plugin',
    tool('typedoc-plugin-markdown', 'dist/index.js'),
    '--entryPoints',
    path.join(root, 'index.ts'),
    '--tsconfig',
    path.join(root, 'tsconfig.json'),
    '--out',
    path.join(site, 'api'),
    '--readme',
    'none',
    '--disableSources',
    '--hidePageHeader',
    // TypeScript itself checks the types, in npm run lint, with the version that the project uses.
    '--skipErrorChecking',
  ],
  { cwd: site },
)
await mustRun('the site', [process.execPath, tool('vitepress', 'bin/vitepress.js'), 'build', site], { show: true })
const dist = path.join(site, '.vitepress', 'dist')
const { links, broken } = brokenLinks(dist, { base: process.env.DOCS_BASE, repository: root })
for (const line of broken) console.error(line)
if (broken.length > 0) process.exitCode = 1
console.log(`${links} links, ${broken.length} of them lead nowhere`)
console.log(`the site is in ${path.relative(process.cwd(), dist)}`)
