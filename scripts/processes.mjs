// Processes that are watched: their whole output, and an end after a time limit.

import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { root } from './package-bin.mjs'

/** How many times as long as on a machine that does nothing else everything may take. */
export const PATIENCE = Number(process.env.CROSSCORE_PATIENCE ?? 1)
if (!(PATIENCE >= 1)) throw new Error(`CROSSCORE_PATIENCE is a number from 1 up, not ${process.env.CROSSCORE_PATIENCE}`)

const running = new Set()
/** Windows has no groups of processes: there it ends the one. */
const hasGroups = process.platform !== 'win32'
const end = (child) => (hasGroups ? process.kill(-child.pid, 'SIGKILL') : child.kill('SIGKILL'))
const endAll = () => running.forEach(end)
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    endAll()
    process.exit(1)
  })
}

/**
 * Runs a command to its end or to the limit (ms on an idle machine; Infinity: none), with everything it has started.
 * Resolves to { ok, code, signal, timedOut, output, ms }; rejects only if it cannot be started.
 */
export function run([program, ...args], { limit = 600_000, env, cwd = root, show = false } = {}) {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    // A group of its own, so that the limit ends what it started too.
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: hasGroups,
    })
    if (child.pid !== undefined) running.add(child)
    let output = ''
    let timedOut = false
    const expire = () => {
      timedOut = true
      end(child)
    }
    const timer = limit === Infinity ? undefined : setTimeout(expire, Math.min(limit * PATIENCE, 2 ** 31 - 1))
    for (const [stream, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
        if (show) to.write(text)
      })
    }
    child.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      running.delete(child)
      resolve({ ok: code === 0, code, signal, timedOut, output, ms: performance.now() - started })
    })
  })
}

/** As `run`, for a step that must succeed: shows its output and ends the script if it does not. */
export async function mustRun(what, command, options = {}) {
  const result = await run(command, options)
  if (result.ok) return result
  // Without what cargo writes for programs.
  if (!options.show) process.stderr.write(result.output.replace(/^\{.*\}\n/gm, ''))
  console.error(`${what}: ${result.timedOut ? 'took too long' : `failed (${result.signal ?? result.code})`}`)
  process.exit(1)
}

/** Calls `work` on every item, as many at once as there are processors; results in order. */
export async function onAllProcessors(items, work) {
  const results = []
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const mine = next
      next += 1
      results[mine] = await work(items[mine])
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return results
}
