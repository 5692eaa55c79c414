// Every example in the documentation runs, and prints what its comments say.

import test from 'ava'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { packageBin } from '../scripts/package-bin.mjs'
import { COPIED } from '../scripts/site-pages.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

/** The ```js and ```ts blocks of a text, each with the line that it starts on. */
function blocks(text) {
  return [...text.matchAll(/^```([jt]s)\n(.*?)^```$/gms)].map(({ 1: language, 2: code, index }) => ({
    language,
    code,
    line: text.slice(0, index).split('\n').length,
  }))
}

/** The text of the doc comments of a TypeScript file, on the lines where it was. */
function docComments(source) {
  return source
    .split('\n')
    .map((line) => /^ *\* ?(.*)$/.exec(line)?.[1] ?? '')
    .join('\n')
}

/** Blocks that begin with the name of a file belong together; any other is a program of its own. */
function programs(file, text) {
  const found = []
  for (const { language, code, line } of blocks(text)) {
    const name = /^\/\/ ([\w.-]+\.m?[jt]s)\n/.exec(code)?.[1]
    const last = found.at(-1)
    if (name !== undefined && last?.named && last.language === language) last.files.push({ name, code })
    else found.push({ title: `${file}:${line}`, language, named: name !== undefined, files: [{ name: name ?? `example.${language}`, code }] })
  }
  return found
}

/** What the comments behind console.log say, in order; `1, then 2` for a line that runs twice. */
function promised(code) {
  return [...code.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].flatMap(([, comment]) => comment.split(', then '))
}

const patterns = readdirSync(path.join(root, 'lib', 'patterns'))
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
  .map((name) => `lib/patterns/${name}`)

const pages = readdirSync(path.join(root, 'site'))
  .filter((name) => name.endsWith('.md') && !(name in COPIED))
  .map((name) => `site/${name}`)

const found = [
  ...patterns.flatMap((file) => programs(file, docComments(readFileSync(path.join(root, file), 'utf8')))),
  ...programs('index.ts', docComments(readFileSync(path.join(root, 'index.ts'), 'utf8'))),
  ...['README.md', ...pages, ...Object.values(COPIED)].flatMap((file) => programs(file, readFileSync(path.join(root, file), 'utf8'))),
]

test('there are examples in all places', (t) => {
  for (const file of ['index.ts', 'README.md', 'lib/patterns/', 'site/']) t.true(found.some(({ title }) => title.startsWith(file)))
})

test('there is one in TypeScript', (t) => {
  t.true(found.some(({ language }) => language === 'ts'))
})

/** As in a user's folder: within the repository tsc would take our sources for the user's. */
async function compile(folder, files) {
  mkdirSync(path.join(folder, 'node_modules'))
  symlinkSync(root, path.join(folder, 'node_modules', 'crosscore'), 'junction')
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
  const types = ['--preserveSymlinks', '--typeRoots', path.join(root, 'node_modules', '@types'), '--types', 'node']
  const tsc = [...packageBin('typescript', 'tsc'), '--strict', '--target', 'es2022', '--module', 'nodenext', ...types, ...files]
  await run(process.execPath, tsc, { cwd: folder })
}

for (const { title, language, files } of found) {
  test(`the example at ${title} does what it says`, async (t) => {
    // Inside the repository, where 'crosscore' is the package itself.
    const folder = mkdtempSync(language === 'ts' ? path.join(tmpdir(), 'crosscore-example-') : path.join(root, '__test__', '.example-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    for (const { name, code } of files) writeFileSync(path.join(folder, name), code)
    if (language === 'ts') await compile(folder, files.map(({ name }) => name))
    const { stdout, stderr } = await run(process.execPath, [path.join(folder, files[0].name.replace(/ts$/, 'js'))])
    t.is(stderr, '')
    const logs = files.flatMap(({ code }) => code.match(/console\.log\(/g) ?? [])
    const expected = files.flatMap(({ code }) => promised(code))
    if (logs.length > 0) t.true(expected.length > 0, 'it prints something, and no comment says what')
    t.deepEqual(stdout.split('\n').filter(Boolean), expected)
  })
}
