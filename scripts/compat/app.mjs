// A folder with one tool from the npm registry and the package from the registry on loopback, for one way of using both.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { stripVTControlCharacters } from 'node:util'
import { npmFolder, npmProgram } from '../npm-tool.mjs'
import { run } from '../processes.mjs'

const LIMIT_MS = 240_000

/** @param {{ name: string, tools?: Record<string, string>, registry: string, node: string, install?: boolean }} options */
export async function makeApp({ name, tools = {}, registry, node }) {
  const above = await npmFolder(`compat-${name}`, tools)
  const folder = path.join(above, 'app')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const app = new App(folder, above, node)
  app.write('package.json', JSON.stringify({ name: 'app', version: '1.0.0', private: true }))
  await app.must([process.execPath, npmProgram(), 'install', 'crosscore', '--registry', registry, '--no-audit', '--no-fund', '--loglevel=error'])
  return app
}

class App {
  constructor(folder, above, node) {
    this.folder = folder
    this.above = above
    this.node = node
  }

  path(...names) {
    return path.join(this.folder, ...names)
  }

  /** The script of an installed tool. */
  tool(...names) {
    return path.join(this.above, 'node_modules', ...names)
  }

  write(file, text) {
    mkdirSync(path.dirname(this.path(file)), { recursive: true })
    writeFileSync(this.path(file), text)
  }

  run(command, { env, cwd = this.folder, limit = LIMIT_MS } = {}) {
    return run(command, { cwd, limit, env: { NO_COLOR: '1', FORCE_COLOR: '0', NODE_OPTIONS: undefined, NODE_PATH: undefined, ...env } })
  }

  /** Resolves to what it printed; throws unless it ends well. */
  async must(command, options) {
    const { ok, output, code, signal, timedOut } = await this.run(command, options)
    if (!ok) throw new Error(`${command.map((word) => word.replace(this.above, '…')).join(' ')}: ${timedOut ? 'no end' : (signal ?? code)}\n${output}`)
    return stripVTControlCharacters(output).trim()
  }

  /** The app's Node with these arguments. */
  start(args, options) {
    return this.must([this.node, ...args], options)
  }
}
