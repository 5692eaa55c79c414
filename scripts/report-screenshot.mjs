// node scripts/report-screenshot.mjs [FILE...]
//
// Draws the bench report and the README's picture in Chromium, light and dark, into bench/results/, for a person to look at:
// labels that collide or colours that vanish are found by no test. By default bench/report/index.html, in several
// pictures from its top to its end, and picture.svg.
// Chromium or Chrome must be installed; CHROMIUM names another executable.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, FLAGS } from './chromium.mjs'
import { root } from './package-bin.mjs'

const WIDTH = 1000
/** The height of a picture: what can be looked at without making it smaller. */
const HEIGHT = 1800

/** What Blink is told the reader prefers. */
const SCHEMES = { dark: 0, light: 1 }

const executable = chromium()
const named = process.argv.slice(2)
const files = named.length > 0 ? named : ['bench/report/index.html', 'bench/report/picture.svg']
const folder = path.join(root, 'bench', 'results')
mkdirSync(folder, { recursive: true })

for (const file of files) {
  const source = path.resolve(root, file)
  if (!existsSync(source)) {
    console.error(`${file} is not there: npm run bench writes it`)
    process.exitCode = 1
    continue
  }
  for (const scheme of Object.keys(SCHEMES)) {
    for (const picture of draw(source, scheme, path.join(folder, `${path.basename(file).replaceAll('.', '-')}-${scheme}`))) {
      console.log(path.relative(root, picture))
    }
  }
}

/** Draws a file in as many pictures as it takes; returns their names. */
function draw(source, scheme, name) {
  const profile = mkdtempSync(path.join(tmpdir(), 'crosscore-chromium-'))
  const flags = [...FLAGS, `--user-data-dir=${profile}`, `--blink-settings=preferredColorScheme=${SCHEMES[scheme]}`]
  const file = path.join(profile, 'page.html')
  const url = pathToFileURL(file).href
  try {
    writeFileSync(file, `${pageOf(source, scheme)}<script>document.title = document.documentElement.scrollHeight</script>`)
    const dom = run([...flags, `--window-size=${WIDTH},${HEIGHT}`, '--dump-dom', url])
    const height = Number(dom.match(/<title>(\d+)<\/title>/)?.[1] ?? HEIGHT)
    const pictures = []
    for (let top = 0; top < height; top += HEIGHT) {
      const picture = `${name}-${pictures.length + 1}.png`
      writeFileSync(file, `${pageOf(source, scheme)}<style>html { position: relative; top: -${top}px }</style>`)
      run([...flags, `--window-size=${WIDTH},${Math.min(HEIGHT, height - top)}`, `--screenshot=${picture}`, url])
      pictures.push(picture)
    }
    return pictures
  } finally {
    rmSync(profile, { recursive: true, force: true })
  }
}

function pageOf(source, scheme) {
  if (source.endsWith('.svg')) {
    // A picture is looked at as README shows it: as an image in a page, which gives it no colours.
    return `<!doctype html><title></title><body style="margin:0;background:${scheme === 'dark' ? '#0d1117' : '#fff'}"><img src="${pathToFileURL(source)}">`
  }
  // Whatever is folded away is unfolded: it can look wrong too.
  return readFileSync(source, 'utf8').replaceAll('<details>', '<details open>')
}

function run(args) {
  const { status, error, stdout, stderr } = spawnSync(executable, args, { encoding: 'utf8', timeout: 120_000, maxBuffer: 1 << 26 })
  if (error) throw error
  if (status !== 0) throw new Error(`${executable}: exit code ${status}\n${stderr}`)
  return stdout
}
