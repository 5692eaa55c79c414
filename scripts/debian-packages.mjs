// What the checkers take from Debian. Installed when missing, by root or through a sudo that asks nothing; otherwise
// the error says what to do.

import { spawnSync } from 'node:child_process'

/** Two checkers at once would refuse each other's apt; the timeout is for everybody else's. */
const ONE_AT_A_TIME = ['flock', '/run/lock/crosscore-apt.lock']
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
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND']
  const allowed = asRoot.length === 0 || spawnSync('sudo', ['-n', 'true']).status === 0
  if (!allowed || !hasCommand('apt-get')) throw new Error(byHand)
  console.log(`${what} is missing: installing ${all.join(' ')}`)
  for (const step of steps) {
    const wait = step[0] === 'apt-get' ? ['-o', 'DPkg::Lock::Timeout=600'] : []
    const [program, ...args] = [...asRoot, ...ONE_AT_A_TIME, ...step, ...wait]
    if (spawnSync(program, args, apt).status !== 0) throw new Error(`${byHand} (tried, and ${step[0]} failed)`)
  }
  if (!isThere()) throw new Error(`${what} is still missing after installing ${all.join(' ')}`)
}

export function hasCommand(name) {
  return spawnSync('which', [name], { stdio: 'ignore' }).status === 0
}

/** Whether dpkg has it installed; `name:architecture` for another than the machine's. */
export function hasPackage(name) {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' })
  return stdout === 'install ok installed'
}
