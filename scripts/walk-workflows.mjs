// node scripts/walk-workflows.mjs [--list] [--short] [--keep-builds] [WORKFLOW/JOB…]
//
// Runs every `run:` line of the workflows' Linux x64 jobs, in order, each job in a clean clone of what is committed, as root
// of a Debian would: with the first combination of a matrix, without containers but Debian's own, which this machine stands
// for. Of the actions it does our own, what moves files between jobs (upload-artifact, download-artifact), and what brings the
// Node and the Rust that a job asks for (setup-node, rust-toolchain), into target/walk and not into this machine's own; others
// are named and left out. A job that publishes is never run, since the clone is at no tag. All of them take hours.
// --short: what takes long in the form that .ci/run has of it, or in part; the result says so.
// --keep-builds: what cargo has built in one job is there in the next, as rust-cache would have it.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { runInNewContext } from 'node:vm'
import { fetchOwnNode, isVersion } from './fetch-node.mjs'
import { npmFolder } from './npm-tool.mjs'
import { root } from './package-bin.mjs'
import { mustRun, run } from './processes.mjs'

const LIMIT_MS = 7_200_000
/** Root has no sudo in a container. */
const SUDO = 'command -v sudo >/dev/null || sudo() { while [[ $1 == --* ]]; do shift; done; "$@"; }\n'

/** With --short: what stands for a command, by what it is; null: it is left out, and the result says so. */
const SHORT = [
  [/^npm test -- build ava faults$/, 'npm test -- build && npx ava __test__/lane.spec.js __test__/numbers.spec.js && npm run test:faults -- --rounds 20 --seed 1 --soak 0'],
  [/^npm test$/, 'npm test -- build rust-features types oxlint'],
  [/^npx ava$/, 'npx ava __test__/entry.spec.js __test__/numbers.spec.js'],
  [/^npm run loom.*/, 'LOOM_MAX_PREEMPTIONS=1 npm run loom'],
  [/^npm run audit:orderings.*/, 'npm run audit:orderings -- --quick'],
  [/^npm run test:deopt.*/, 'npm run test:deopt -- f64'],
  [/^npm run test:faults.*/, 'npm run test:faults -- --rounds 60 --soak 0'],
  [/^npm run test:fuzz.*/, 'npm run test:fuzz -- --quick'],
  [/^npm run test:compat$/, 'npm run test:compat -- esbuild vitest piscina deno'],
  [/^npm run bench --.*/s, 'npm run bench -- --quick --no-micro --case f64-one'],
  [/^npm run test:(?:codegen|tsan|asan|arm64|mutants)$/, '$& -- --quick'],
  [/^npm run build:all$/, '$& -- linux-x64-gnu linux-x64-musl'],
  [/^npm run release -- --rehearse/, null], // it wants all eight
  [/^npm run test:package$/, '$& -- linux-x64-gnu linux-x64-musl --minutes 10'],
  [/^(npm run test:package -- --binaries \S+ linux-x64-gnu) linux-.*/, '$1'],
  [/^(cargo miri test .*) --test model/, '$1'], // by far the longest
  [/^set -o pipefail\ncargo miri test/, 'MIRIFLAGS=${MIRIFLAGS/0..32/0..2}\n$&'],
]

const { values: options, positionals: wanted } = parseArgs({
  options: { list: { type: 'boolean' }, short: { type: 'boolean' }, 'keep-builds': { type: 'boolean' } },
  allowPositionals: true,
})
const tools = await npmFolder('yaml', { yaml: '2.8.1' })
const { parse } = createRequire(path.join(tools, 'package.json'))('yaml')
const folder = path.join(root, '.github', 'workflows')
const work = mkdtempSync(path.join(tmpdir(), 'crosscore-walk-'))
process.once('exit', () => rmSync(work, { recursive: true, force: true }))

const jobs = readdirSync(folder).flatMap((file) => {
  const workflow = parse(readFileSync(path.join(folder, file), 'utf8'))
  return Object.entries(workflow.jobs).map(([name, job]) => ({ name: `${file.replace('.yml', '')}/${name}`, job, env: workflow.env }))
})
const unknown = wanted.filter((name) => !jobs.some((job) => job.name === name))
if (unknown.length > 0) throw new Error(`no such job: ${unknown.join(', ')}`)

/** The image that is as this machine, if it is a Debian. */
const debian = existsSync('/etc/debian_version') ? `debian:${readFileSync('/etc/debian_version', 'utf8').split('.')[0]}` : undefined
const results = []
for (const { name, job, env } of jobs) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const matrix = combination(job.strategy?.matrix)
  const context = { matrix, github: { event_name: 'push', ref: 'refs/heads/main', ref_name: 'main', event: {}, token: '' }, steps: {}, env: {} }
  const runsOn = filled(job['runs-on'], context)
  const image = filled(job.container?.image ?? job.container ?? '', context)
  const container = image !== '' && image !== debian
  if (runsOn !== 'ubuntu-latest' || container || (job.if && !truth(job.if, context))) {
    results.push({ name, result: job.if && runsOn === 'ubuntu-latest' ? `not run: if ${job.if}` : `not run: ${container ? 'container' : runsOn}`, ms: 0 })
    continue
  }
  results.push(options.list ? { name, result: `${JSON.stringify(matrix)}`, ms: 0 } : await walk(name, job, env, context))
}
console.log()
for (const { name, result, ms } of results) console.log(`${name.padEnd(28)} ${`${(ms / 1000).toFixed(0)} s`.padStart(7)}  ${result}`)
const failed = results.filter(({ result }) => result.startsWith('FAILED')).length
console.log(`${results.filter(({ result }) => result.startsWith('ok')).length} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1

async function walk(name, job, env, context) {
  const started = performance.now()
  const clone = path.join(work, name.replaceAll('/', '-'))
  await mustRun('git clone', ['git', 'clone', '--quiet', root, clone])
  if (options['keep-builds']) moveBuilds(path.join(work, 'kept'), clone)
  let shortened = ''
  const leftOut = []
  const summary = path.join(work, 'summary.md')
  writeFileSync(summary, '')
  const base = { ...env, ...job.env, CI: 'true', GITHUB_STEP_SUMMARY: summary, GITHUB_REF_NAME: 'main', NO_COLOR: '1', FORCE_COLOR: undefined }
  const machine = {}
  for (const step of job.steps.flatMap((step) => expanded(step, context))) {
    if (step.if && !truth(step.if, { ...context, inputs: step.inputs })) continue
    const here = { ...context, inputs: step.inputs ?? {} }
    if (step.uses) {
      await action(step, here, clone, machine)
      continue
    }
    const whole = filled(step.run, here).trim()
    const text = options.short ? short(whole) : whole
    if (text === null) {
      console.log(`\n#### ${name}: left out: ${whole}`)
      leftOut.push(whole)
      continue
    }
    if (text !== whole) shortened = ', short'
    console.log(`\n#### ${name}: ${text}`)
    const variables = Object.fromEntries(Object.entries({ ...base, ...machine, ...step.env }).map(([key, value]) => [key, value === undefined ? value : filled(String(value), here)]))
    const { ok, output, code, signal } = await run(['bash', '-eo', 'pipefail', '-c', SUDO + text], { cwd: clone, env: variables, limit: LIMIT_MS })
    console.log(output.split('\n').slice(ok ? -4 : -40).join('\n'))
    if (!ok) return { name, result: `FAILED (${signal ?? code}): ${text.split('\n')[0]}`, ms: performance.now() - started }
  }
  if (options['keep-builds']) moveBuilds(clone, path.join(work, 'kept'))
  rmSync(clone, { recursive: true, force: true })
  return { name, result: ['ok' + shortened, ...leftOut].join(', without '), ms: performance.now() - started }
}

function short(command) {
  const [pattern, instead] = SHORT.find(([pattern]) => pattern.test(command)) ?? []
  if (!instead) return pattern ? null : command
  const report = /--report --json \S+$/.exec(command)
  return report ? `${instead} ${report[0]}` : command.replace(pattern, instead)
}

/** Moves cargo's folders below `target`, and nothing else that lies there. */
function moveBuilds(from, to) {
  const home = path.join(from, 'target')
  const isBuild = (name) => ['debug', 'release', '.rustc_info.json'].includes(name) || existsSync(path.join(home, name, 'CACHEDIR.TAG'))
  const names = existsSync(home) ? readdirSync(home).filter(isBuild) : []
  mkdirSync(path.join(to, 'target'), { recursive: true })
  for (const name of names) {
    rmSync(path.join(to, 'target', name), { recursive: true, force: true })
    renameSync(path.join(home, name), path.join(to, 'target', name))
  }
}

/** A step of ours as the steps of its action. */
function expanded(step, context) {
  if (!step.uses?.startsWith('./')) return [step]
  const definition = parse(readFileSync(path.join(root, step.uses, 'action.yml'), 'utf8'))
  const defaults = Object.fromEntries(Object.entries(definition.inputs).map(([key, input]) => [key, input.default]))
  const given = Object.fromEntries(Object.entries(step.with ?? {}).map(([key, value]) => [key, filled(String(value), context)]))
  const inputs = { ...defaults, ...given }
  return definition.runs.steps.map((inner) => Object.assign(inner, { inputs }))
}

/** Does what an action does, or says that it does not; what later steps find changed of their environment goes into `machine`. */
async function action({ uses, with: inputs = {} }, context, clone, machine) {
  const [name, version] = uses.split('@')
  const artifacts = path.join(work, 'artifacts')
  if (name === 'actions/upload-artifact') {
    const to = path.join(artifacts, filled(inputs.name, context))
    for (const pattern of filled(inputs.path, context).trim().split('\n')) copyMatching(clone, pattern.trim(), to)
  } else if (name === 'actions/download-artifact') {
    const to = path.join(clone, filled(inputs.path ?? '.', context))
    const pattern = new RegExp(`^${filled(inputs.name ?? inputs.pattern, context).replaceAll('*', '.*')}$`)
    const found = existsSync(artifacts) ? readdirSync(artifacts).filter((entry) => pattern.test(entry)) : []
    if (found.length === 0) console.log(`#### no artifact ${pattern.source}: the job that makes it was not walked before`)
    for (const entry of found) cpSync(path.join(artifacts, entry), inputs.name || inputs['merge-multiple'] ? to : path.join(to, entry), { recursive: true })
  } else if (name === 'actions/setup-node' && isVersion(filled(inputs['node-version'], context))) {
    const node = await fetchOwnNode(filled(inputs['node-version'], context))
    machine.PATH = [path.dirname(node), machine.PATH ?? process.env.PATH].join(path.delimiter)
    console.log(`#### Node is ${node}`)
  } else if (name === 'dtolnay/rust-toolchain') {
    const { toolchain = version, components = '', targets = '' } = inputs
    await rustToolchain(filled(toolchain, context), filled(components, context), filled(targets, context), machine)
  } else console.log(`#### not run: uses ${uses}`)
}

/** Installs a toolchain as the action does, in a home of rustup's that is ours alone. */
async function rustToolchain(toolchain, components, targets, machine) {
  const home = path.join(root, 'target', 'walk')
  const command = ['rustup', 'toolchain', 'install', toolchain, '--profile', 'minimal', '--no-self-update']
  Object.assign(machine, { RUSTUP_HOME: path.join(home, 'rustup'), RUSTUP_TOOLCHAIN: toolchain, CARGO_INSTALL_ROOT: path.join(home, 'cargo') })
  machine.PATH = [path.join(home, 'cargo', 'bin'), machine.PATH ?? process.env.PATH].join(path.delimiter)
  await mustRun(`installing Rust ${toolchain}`, [...command, ...repeated('--component', components), ...repeated('--target', targets)], { env: machine })
  const { output } = await run(['rustc', '--version'], { env: machine })
  console.log(`#### Rust is ${output.trim()}`)
}

/** Like the action: what lies below the first star keeps its path from there. */
function copyMatching(clone, pattern, to) {
  const fixed = pattern.includes('*') ? path.dirname(pattern.slice(0, pattern.indexOf('*') + 1)) : path.dirname(pattern)
  const matches = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('**/', '(?:.+/)?').replaceAll(/(?<!\))\*/g, '[^/]*')}(?:/.*)?$`)
  const base = pattern.includes('**') ? '.' : fixed
  for (const entry of readdirSync(path.join(clone, base), { recursive: true, withFileTypes: true })) {
    const file = path.relative(clone, path.join(entry.parentPath ?? entry.path, entry.name))
    if (!entry.isFile() || file.startsWith('node_modules') || !matches.test(file)) continue
    const place = path.join(to, path.relative(base, file))
    mkdirSync(path.dirname(place), { recursive: true })
    cpSync(path.join(clone, file), place)
  }
}

/** The first combination of a matrix that runs on Linux x64. */
function combination(matrix) {
  if (!matrix) return {}
  const { include = [], exclude: _exclude, ...axes } = matrix
  const first = Object.fromEntries(Object.entries(axes).map(([key, values]) => [key, values[0]]))
  if (Object.keys(axes).length === 0) return include[0]
  const more = include.filter((entry) => Object.entries(entry).every(([key, value]) => !(key in first) || first[key] === value))
  return Object.assign(first, ...more)
}

/** An option once for each name of a list with commas. */
function repeated(option, names) {
  return names.split(',').flatMap((name) => (name.trim() ? [option, name.trim()] : []))
}

/** Text with its expressions evaluated; GitHub's are JavaScript but for their functions. */
function filled(text, context) {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression) => evaluated(expression, context) ?? '')
}

function truth(condition, context) {
  return Boolean(evaluated(String(condition).replace(/^\$\{\{(.*)\}\}$/s, '$1'), context))
}

function evaluated(expression, context) {
  return runInNewContext(expression, {
    ...context,
    secrets: {},
    always: () => true,
    failure: () => false,
    success: () => true,
    startsWith: (text, start) => text.startsWith(start),
    endsWith: (text, end) => text.endsWith(end),
    format: (text, ...values) => text.replaceAll(/\{(\d)\}/g, (_, n) => values[n]),
  })
}
