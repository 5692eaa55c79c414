// The machine code of crates/crosscore-probes, as text, for each processor that is looked at.

import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { arm64Environment, arm64Target } from './arm64-toolchain.mjs'
import { root } from './package-bin.mjs'
import { mustRun } from './processes.mjs'

export const processors = {
  x86_64: { title: 'x86-64', architecture: 'x86_64', target: 'x86_64-unknown-linux-gnu', flags: '' },
  aarch64: { title: 'AArch64', architecture: 'aarch64', target: arm64Target, flags: '' },
  aarch64_rcpc: { title: 'AArch64 with RCpc', architecture: 'aarch64', target: arm64Target, flags: '-Ctarget-feature=+rcpc' },
}

/**
 * Compiles a program of crosscore-probes with the shipped profile. `source` is another tree than this one. Resolves
 * to the assembly text.
 */
export async function assemblyOf(program, processor, { source = root } = {}) {
  const { architecture, target, flags } = processors[processor]
  const folder = path.join(root, 'target', 'codegen', 'asm')
  mkdirSync(folder, { recursive: true })
  const tree = source === root ? '' : `.${path.basename(source)}`
  const file = path.join(folder, `${program}.${processor}${tree}.s`)
  const command = ['cargo', 'rustc', '--release', '-p', 'crosscore-probes', '--bin', program, '--target', target]
  await mustRun(
    `compiling ${program} for ${processors[processor].title}`,
    [...command, '--', '--emit', `asm=${file}`],
    {
      cwd: source,
      env: {
        ...(architecture === 'aarch64' && arm64Environment()),
        // -Zverbose-asm writes the source lines beside the instructions; nothing else changes by it.
        RUSTC_BOOTSTRAP: '1',
        RUSTFLAGS: `-Cdebuginfo=line-tables-only -Zverbose-asm ${flags}`.trim(),
        CARGO_PROFILE_RELEASE_STRIP: 'none',
        // Apart, because cargo would take the one tree's crates for the other's.
        CARGO_TARGET_DIR: path.join(root, 'target', source === root ? 'codegen' : 'codegen-patched'),
      },
    },
  )
  return readFileSync(file, 'utf8')
}
