// A compiler and a linker for aarch64-unknown-linux-gnu: rustup's, where it has the target, or Debian's.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { hasCommand, needPackages } from './debian-packages.mjs'

export const arm64Target = 'aarch64-unknown-linux-gnu'

/** The environment in which cargo builds for arm64. Installs what is missing. */
export function arm64Environment() {
  needPackages('a linker for arm64', () => hasCommand('aarch64-linux-gnu-gcc'), [
    'gcc-aarch64-linux-gnu',
    'libc6-dev-arm64-cross',
  ])
  needPackages(`rustc's standard library for ${arm64Target}`, () => compiler() !== undefined, ['rustc-web'], {
    arm64: ['libstd-rust-web-dev'],
  })
  return {
    RUSTC: compiler(),
    RUSTDOC: compiler().replace(/rustc$/, 'rustdoc'),
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER: 'aarch64-linux-gnu-gcc',
  }
}

/** The first rustc that has the standard library for arm64. */
function compiler() {
  return ['rustc', '/usr/bin/rustc'].find((rustc) => {
    const { status, stdout } = spawnSync(rustc, ['--print', 'target-libdir', '--target', arm64Target], { encoding: 'utf8' })
    return status === 0 && existsSync(stdout.trim())
  })
}
