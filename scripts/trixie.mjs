// Debian 13 in a folder, for what this Debian has too old: wine 10 (8 lacks too much of Windows), and musl 1.2.5 (Node
// crashes on 1.2.3). Made once; root only.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { hasCommand, needPackages } from './debian-packages.mjs'
import { root } from './package-bin.mjs'
import { mustRun } from './processes.mjs'

const folder = path.join(root, 'target', 'trixie')

/** The folder of that system. */
export async function trixie() {
  if (existsSync(folder)) return folder
  needPackages('debootstrap', () => hasCommand('debootstrap'), ['debootstrap'])
  console.log('making a Debian 13 in target/trixie (some minutes)')
  const half = `${folder}.half`
  rmSync(half, { recursive: true, force: true })
  mkdirSync(path.dirname(half), { recursive: true })
  await mustRun('debootstrap', ['debootstrap', '--variant=minbase', '--include=wine64,musl', 'trixie', half, mirror()], { limit: 1_200_000 })
  const download = 'dpkg --add-architecture arm64 && apt-get update -qq && cd /var/cache && apt-get download -qq musl:arm64'
  await mustRun('fetching musl for arm64', ['chroot', half, 'sh', '-c', download])
  const archive = readdirSync(path.join(half, 'var', 'cache')).find((name) => /^musl_.*_arm64\.deb$/.test(name))
  await mustRun('unpacking musl for arm64', ['dpkg', '-x', path.join(half, 'var', 'cache', archive), path.join(half, 'opt', 'musl-arm64')])
  renameSync(half, folder)
  return folder
}

/** Where musl's dynamic linker is: `arch` is x64 or arm64. */
export async function muslLinker(arch) {
  const home = await trixie()
  return arch === 'x64'
    ? path.join(home, 'usr', 'lib', 'ld-musl-x86_64.so.1')
    : path.join(home, 'opt', 'musl-arm64', 'usr', 'lib', 'ld-musl-aarch64.so.1')
}

/** The archive that this machine's apt takes its own packages from. */
function mirror() {
  const command = ['indextargets', '--format', '$(SITE)', 'Created-By: Packages', 'Label: Debian', 'Component: main']
  const { stdout } = spawnSync('apt-get', command, { encoding: 'utf8' })
  const site = stdout?.split('\n').find((line) => /^https?:/.test(line))
  if (!site) throw new Error("apt names no archive of Debian's: apt-get update first, on Debian")
  return site
}
