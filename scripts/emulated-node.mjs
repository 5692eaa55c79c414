// A Node for another processor, started through qemu, as if it were a program of this machine.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { hasCommand, hasPackage, needPackages } from './debian-packages.mjs'

export const emulator = 'qemu-aarch64-static'

/** Installs qemu, and the libraries that Node for arm64 takes from glibc's system. */
export function needEmulator() {
  // Never `qemu -L` with the cross compiler's libraries: beside libc6:arm64 the first thread spins for ever.
  needPackages('qemu', () => hasCommand(emulator), ['qemu-user-static'])
  const libraries = ['libatomic1', 'libstdc++6']
  needPackages('libraries for arm64', () => libraries.every((name) => hasPackage(`${name}:arm64`)), [], { arm64: libraries })
}

/**
 * In `folder`: a program that is that Node, emulated, and a module that makes it start itself anew the same way, for
 * without binfmt_misc the system cannot run process.execPath. `{ command, preload }`.
 */
export function emulatedNode(node, folder, name) {
  mkdirSync(folder, { recursive: true })
  const command = path.join(folder, `node-${name}`)
  writeFileSync(command, `#!/bin/sh\nexec /usr/bin/${emulator} '${node}' "$@"\n`)
  chmodSync(command, 0o755)
  const preload = path.join(folder, `exec-path-${name}.cjs`)
  writeFileSync(preload, `process.execPath = ${JSON.stringify(command)}\n`)
  return { command, preload }
}
