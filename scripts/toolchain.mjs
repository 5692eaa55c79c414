// What a checkout needs before it can be built. What is missing is named in one line, with the way to get it.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { root } from './package-bin.mjs'

/** Ends the process with one line unless everything is there that `npm run build` calls. */
export function needToolchain() {
  const problem = missingPackages() ?? missingCargo() ?? missingLinker()
  if (problem === undefined) return
  console.error(`crosscore: ${problem}`)
  process.exit(1)
}

function missingPackages() {
  const { devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  for (const name of ['@napi-rs/cli', 'typescript']) {
    if (name in devDependencies && !existsSync(path.join(root, 'node_modules', name, 'package.json'))) {
      return `the build needs ${name}, which is not installed: run npm install`
    }
  }
  return undefined
}

function missingCargo() {
  const wanted = /^rust-version = "([\d.]+)"/m.exec(readFileSync(path.join(root, 'Cargo.toml'), 'utf8'))[1]
  const get = `install Rust ${wanted} or newer from https://rustup.rs (or with it: rustup update stable)`
  const { error, status, stdout, stderr } = spawnSync('cargo', ['--version'], { cwd: root, encoding: 'utf8' })
  if (error) return `the build needs cargo, which is not on the PATH: ${get}`
  if (status !== 0) return `cargo does not run (${stderr.trim().split('\n', 1)[0]}): ${get}`
  const found = /^cargo (\d+)\.(\d+)/.exec(stdout)
  const [major, minor] = wanted.split('.').map(Number)
  const fits = found && (Number(found[1]) > major || (Number(found[1]) === major && Number(found[2]) >= minor))
  return fits ? undefined : `${stdout.trim()} is too old: ${get}`
}

function missingLinker() {
  // Windows's is found by rustc itself, and not on the PATH.
  if (process.platform === 'win32' || process.env.RUSTFLAGS?.includes('linker')) return undefined
  if (!spawnSync('cc', ['--version']).error) return undefined
  const get = process.platform === 'darwin' ? 'xcode-select --install' : 'on Debian apt-get install gcc libc6-dev, on Fedora dnf install gcc, on Alpine apk add build-base'
  return `the build needs a C linker, and there is no cc on the PATH: ${get}`
}
