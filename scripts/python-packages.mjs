// Packages from PyPI in a virtual environment of our own: zig and cargo-zigbuild, and what reads binaries of any system.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { needPackages } from './debian-packages.mjs'
import { root } from './package-bin.mjs'
import { mustRun } from './processes.mjs'

const hasVenv = () => spawnSync('python3', ['-c', 'import ensurepip, venv'], { stdio: 'ignore' }).status === 0

/** The folder of the environment's programs, pip among them; it holds these packages, each `name==version`. */
export async function pythonPackages(name, packages) {
  const home = path.join(root, 'node_modules', '.cache', 'crosscore', 'python', name)
  const bin = path.join(home, 'bin')
  const done = path.join(home, 'installed.txt')
  const wanted = packages.join('\n')
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return bin
  needPackages("Python's venv", hasVenv, ['python3', 'python3-venv'])
  mkdirSync(path.dirname(home), { recursive: true })
  if (packages.length > 0) console.log(`installing ${packages.join(' ')}`)
  await mustRun('python3 -m venv', ['python3', '-m', 'venv', home])
  if (packages.length > 0) await mustRun('pip install', [path.join(bin, 'pip'), 'install', '--quiet', '--disable-pip-version-check', ...packages])
  writeFileSync(done, wanted)
  return bin
}
