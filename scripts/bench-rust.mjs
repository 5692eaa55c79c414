// npm run bench:rust [-- OPTIONS]; --help tells which
// crosscore beside the other SPSC rings of the crate registry. Built by itself (bench/rust is a workspace
// of its own), so that the peers are not in the default build.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { root } from './package-bin.mjs'

const crate = path.join(root, 'bench', 'rust')

const version = spawnSync('rustc', ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? ''

const build = run('cargo', ['build', '--release', '--locked', '--quiet', '--manifest-path', path.join(crate, 'Cargo.toml')], {
  ...process.env,
  // Its own, whatever the caller's is: the program is looked for there.
  CARGO_TARGET_DIR: path.join(crate, 'target'),
  CROSSCORE_BENCH_RUSTC: version,
})
if (build === 0) {
  const program = path.join(crate, 'target', 'release', process.platform === 'win32' ? 'crosscore-bench.exe' : 'crosscore-bench')
  process.exitCode = run(program, process.argv.slice(2), process.env)
} else {
  process.exitCode = build
}

function run(command, args, env) {
  // Where the caller is, so that --json takes paths from there.
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env })
  if (error) throw error
  return status ?? 1
}
