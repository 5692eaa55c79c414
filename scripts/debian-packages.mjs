// What the checkers take from Debian. Installed when missing, by root; otherwise the error says what to do.

import { spawnSync } from 'node:child_process'

const apt = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }

/** Installs the packages unless `isThere` says that what they bring is there. `arm64` are of that architecture. */
export function needPackages(what, isThere, packages, { arm64 = [] } = {}) {
  if (isThere()) return
  const all = [...packages, ...arm64.map((name) => `${name}:arm64`)]
  const command = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...all]
  const steps = [
    ...(arm64.length > 0 ? [['dpkg', '--add-architecture', 'arm64']] : []),
    ['apt-get', 'update', '-qq'],
    command,
  ]
  const byHand = `${what} is missing. On Debian, as root: ${steps.map((step) => step.join(' ')).join(' && ')}`
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) throw new Error(byHand)
  console.log(`${what} is missing: installing ${all.join(' ')}`)
  for (const [program, ...args] of steps) {
    if (spawnSync(program, args, apt).status !== 0) throw new Error(`${byHand} (tried, and ${program} failed)`)
  }
  if (!isThere()) throw new Error(`${what} is still missing after installing ${all.join(' ')}`)
}

export function hasCommand(name) {
  return spawnSync('which', [name], { stdio: 'ignore' }).status === 0
}
