// npm run loom [-- name of a test]
// Explores the interleavings of the shipped ring (crates/crosscore/tests/loom*.rs). Each test says
// itself whether it is exhaustive; LOOM_MAX_PREEMPTIONS=n bounds those that leave it open.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './package-bin.mjs'

export const loomTests = ['test', '--release', '-p', 'crosscore', '--all-features', '--test', 'loom*']

export function loomEnvironment() {
  return {
    ...process.env,
    RUSTFLAGS: `${process.env.RUSTFLAGS ?? ''} --cfg loom`.trim(),
    // Its own, because other flags would rebuild the ordinary one from scratch each time.
    CARGO_TARGET_DIR: path.join(root, 'target', 'loom'),
    // The addon's release profile makes models slow to build and a failed one hard to read.
    CARGO_PROFILE_RELEASE_LTO: 'off',
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
    CARGO_PROFILE_RELEASE_STRIP: 'none',
    // What a debug build asserts has to hold in every interleaving.
    CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS: 'true',
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const command = [...loomTests, '--', ...process.argv.slice(2)]
  const { status, error } = spawnSync('cargo', command, { cwd: root, stdio: 'inherit', env: loomEnvironment() })
  if (error) throw error
  process.exitCode = status ?? 1
}
