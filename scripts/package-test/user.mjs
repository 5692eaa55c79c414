// An empty folder of somebody who has Node and nothing else: no Rust, none of our caches or settings.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { npmProgram } from '../npm-tool.mjs'
import { run } from '../processes.mjs'

const LIMIT_MS = 180_000
/** All users' folders are in it. */
export const home = mkdtempSync(path.join(tmpdir(), 'crosscore-user-'))
process.once('exit', () => rmSync(home, { recursive: true, force: true }))
const programs = path.join(home, 'bin')
mkdirSync(programs)
symlinkSync(process.execPath, path.join(programs, 'node'))
const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
let folders = 0

export class User {
  /** @param {string} registry the URL of the only registry that this user knows */
  constructor(registry, { manifest = {}, node = [process.execPath], env = {} } = {}) {
    folders += 1
    this.folder = path.join(home, `app-${folders}`)
    mkdirSync(this.folder)
    this.node = node
    this.env = {
      ...cleared,
      PATH: programs,
      HOME: home,
      CI: '1',
      NO_COLOR: '1',
      npm_config_registry: registry,
      npm_config_cache: path.join(home, 'npm-cache'),
      npm_config_update_notifier: 'false',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_loglevel: 'error',
    }
    this.runtimeEnv = env
    this.write('package.json', JSON.stringify({ name: 'app', version: '1.0.0', private: true, ...manifest }))
  }

  write(file, text) {
    mkdirSync(path.dirname(path.join(this.folder, file)), { recursive: true })
    writeFileSync(path.join(this.folder, file), text)
  }

  path(...names) {
    return path.join(this.folder, ...names)
  }

  /** Runs it with this user's Node; resolves to what `run` says. */
  start(args, env = {}, node = this.node, limit = LIMIT_MS) {
    const runtime = node === this.node ? this.runtimeEnv : {}
    return run([...node, ...args], { cwd: this.folder, env: { ...this.env, ...runtime, ...env }, limit })
  }

  /** As `start`; throws with the output unless it ends well. Returns what it printed, without blanks around. */
  async must(args, env, node) {
    const { ok, output, signal, code, timedOut } = await this.start(args, env, node)
    if (!ok) throw new Error(`${args.join(' ')}: ${timedOut ? 'no end' : (signal ?? code)}\n${output}`)
    return output.trim()
  }

  npm(...args) {
    // npm itself always runs natively.
    return this.must([npmProgram(), ...args], {}, [process.execPath])
  }
}

/** Throws if such a user has a compiler after all. */
export function assertNoRust() {
  for (const program of ['cargo', 'rustc', 'cc']) {
    if (spawnSync(program, ['--version'], { env: { PATH: programs } }).error?.code !== 'ENOENT') throw new Error(`${program} is on the user's PATH`)
  }
}
