// The platforms that have a package of their own: package.json's "napi.targets", and what napi-rs calls each of them.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './package-bin.mjs'

export function readManifest() {
  return JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
}

/** [{ target: 'x86_64-unknown-linux-gnu', name: 'linux-x64-gnu', platform, arch, abi }], in the order of package.json. */
export async function platforms() {
  // Here and not above: what imports this file must run before npm install too.
  const { parseTriple } = await import('@napi-rs/cli')
  return readManifest().napi.targets.map((target) => {
    const { platformArchABI, platform, arch, abi } = parseTriple(target)
    return { target, name: platformArchABI, platform, arch, abi }
  })
}
