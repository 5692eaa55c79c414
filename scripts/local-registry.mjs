// A registry on loopback that holds nothing but what is published to it: verdaccio, without a way to any other.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { npmProgram, npmTool } from './npm-tool.mjs'
import { mustRun, PATIENCE } from './processes.mjs'

// The last that runs on Node 20.
const VERDACCIO = '6.8.0'
// It asks for node-fetch by the tag `cjs`, and mirrors of the registry do not have every tag.
const OVERRIDES = { 'node-fetch': '2.7.0' }

/** Starts it: { url, publish(tarball, ...options of npm publish), stop() }. Everything that it keeps goes with `stop`. */
export async function localRegistry() {
  const program = await npmTool('verdaccio', VERDACCIO, { overrides: OVERRIDES })
  const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-registry-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const config = path.join(folder, 'config.yaml')
  writeFileSync(
    config,
    `storage: ${path.join(folder, 'storage')}
auth: { htpasswd: { file: ${path.join(folder, 'htpasswd')} } }
uplinks: {}
packages:
  '**': { access: $all, publish: $all }
log: { type: stdout, format: pretty, level: warn }
`,
  )
  const child = spawn(process.execPath, [...program, '--config', config, '--listen', `127.0.0.1:${port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const stop = async () => {
    child.kill()
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', () => child.kill())
  try {
    await answering(`${url}-/ping`, child)
  } catch (error) {
    await stop()
    throw new Error(`verdaccio does not start: ${error.message}\n${said}`, { cause: error })
  }
  // npm wants to see a token before it publishes; whoever asks may publish here.
  const npmrc = path.join(folder, 'npmrc')
  writeFileSync(npmrc, `registry=${url}\n//127.0.0.1:${port}/:_authToken=anybody\n`)
  const publish = (tarball, ...options) =>
    mustRun(
      `publishing ${path.basename(tarball)}`,
      [process.execPath, npmProgram(), 'publish', tarball, '--ignore-scripts', '--loglevel=error', ...options],
      { cwd: folder, env: { npm_config_userconfig: npmrc, npm_config_registry: url } },
    )
  return { url, publish, stop }
}

async function answering(url, child) {
  const limit = 30_000 * PATIENCE
  for (const end = Date.now() + limit; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok) return
  }
  throw new Error(`no answer within ${limit / 1000} s`)
}

/** A port of loopback that nobody uses now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
