// Tools from the npm registry that one script alone uses, installed when that script first runs: verdaccio, yarn and such
// would be most of what `npm install` brings.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { root } from './package-bin.mjs'
import { run } from './processes.mjs'

/** The folder that holds exactly these packages, `{ name: version }`, in its node_modules. */
export async function npmFolder(name, dependencies, overrides = {}) {
  const folder = path.join(root, 'target', 'tools', name)
  const manifest = JSON.stringify({ name: `crosscore-${name}`, private: true, dependencies, overrides })
  const file = path.join(folder, 'package.json')
  const done = path.join(folder, 'installed.json')
  if (existsSync(done) && readFileSync(done, 'utf8') === manifest) return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, manifest)
  if (Object.keys(dependencies).length === 0) return folder
  console.log(`installing ${Object.entries(dependencies).map((pair) => pair.join('@')).join(' ')}`)
  const command = [process.execPath, npmProgram(), 'install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error']
  const { ok, output } = await run(command, { cwd: folder, limit: 600_000 })
  if (!ok) throw new Error(`npm install of ${Object.keys(dependencies).join(', ')} failed:\n${output}`)
  writeFileSync(done, manifest)
  return folder
}

/** The arguments for node that start a command of one package from the registry. */
export async function npmTool(name, version, { command = name, overrides } = {}) {
  const folder = await npmFolder(name.replaceAll(/[^\w.-]/g, '-'), { [name]: version }, overrides)
  const home = path.join(folder, 'node_modules', name)
  const { bin } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8'))
  return [path.join(home, typeof bin === 'string' ? bin : bin[command])]
}

/** npm's own program, so that it runs under the Node that runs us. */
export function npmProgram() {
  if (process.env.npm_execpath?.endsWith('npm-cli.js')) return process.env.npm_execpath
  const places = [
    path.join(path.dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    path.join(path.dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    '/usr/share/nodejs/npm/bin/npm-cli.js',
  ]
  const found = places.find((file) => existsSync(file))
  if (!found) throw new Error(`npm is not beside ${process.execPath}: start this by npm run`)
  return found
}
