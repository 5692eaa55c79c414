// npm start in a checkout that cannot be built yet: one line that names what is missing and how to get it.

import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const root = fileURLToPath(new URL('../', import.meta.url))
// Programs stand in for cargo and cc by name, which is how they are looked for; Windows finds its linker otherwise.
const posix = process.platform === 'win32' ? test.skip : test

/** A checkout with nothing built, and what the build says in it with these programs on the PATH. */
function build(t, { packages = true, programs = {} }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-checkout-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(path.join(root, 'scripts'), path.join(folder, 'scripts'), { recursive: true })
  for (const file of ['package.json', 'Cargo.toml']) cpSync(path.join(root, file), path.join(folder, file))
  if (packages) symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  const bin = path.join(folder, 'bin')
  mkdirSync(bin)
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${text}\n`)
    chmodSync(path.join(bin, name), 0o755)
  }
  const { start } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).scripts
  t.regex(start, /^node scripts\/build-if-needed\.mjs /, 'npm start begins otherwise')
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/build-if-needed.mjs'], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: bin },
  })
  t.is(status, 1)
  t.is(stdout, '')
  t.is(stderr.trim().split('\n').length, 1, stderr)
  return stderr
}

const NEW = { cargo: 'echo cargo 1.95.0', cc: 'echo cc' }

posix('before npm install', (t) => {
  t.regex(build(t, { packages: false, programs: NEW }), /@napi-rs\/cli, which is not installed: run npm install/)
})

posix('without cargo', (t) => {
  t.regex(build(t, { programs: { cc: NEW.cc } }), /needs cargo, which is not on the PATH: install Rust 1\.88 or newer from https:\/\/rustup\.rs/)
})

posix('with a cargo that is too old', (t) => {
  const debian = 'echo "cargo 1.65.0 (4bc8f24d3 2022-10-20)"'
  t.regex(build(t, { programs: { ...NEW, cargo: debian } }), /cargo 1\.65\.0 .* is too old: install Rust 1\.88 or newer/)
})

posix('with a rustup that has no toolchain', (t) => {
  const cargo = 'echo "error: rustup could not choose a version of cargo to run" >&2; exit 1'
  t.regex(build(t, { programs: { ...NEW, cargo } }), /cargo does not run \(error: rustup could not choose/)
})

posix('without a linker', (t) => {
  t.regex(build(t, { programs: { cargo: NEW.cargo } }), /needs a C linker, and there is no cc on the PATH: .+/)
})
