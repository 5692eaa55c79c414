// Threads of a round: started, watched, ended.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

/** Longer than anything in a round takes, even on a busy machine. */
const PATIENCE = 30_000

/** The promise's value, or an error that says what did not come. */
export function within(what, promise, limit = PATIENCE) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`stuck: ${what} has not come within ${limit / 1000} s`)), limit)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** A worker of a round. */
export class Thread {
  /** What it posted last, apart from `begun`. */
  result
  /** What it died of, if not of its own will. */
  error

  constructor(file, workerData) {
    this.worker = new Worker(new URL(`./workers/${file}`, import.meta.url), { workerData, execArgv: [] })
    this.begun = new Promise((resolve) => {
      this.worker.on('message', (message) => {
        if (message === 'begun') resolve(true)
        else this.result = message
      })
      this.exited = new Promise((exit) => {
        this.worker.on('exit', (code) => {
          resolve(false)
          exit(code)
        })
      })
    })
    this.worker.on('error', (error) => (this.error = error))
  }

  /** Terminates it; how many ms that took. */
  async terminate() {
    const started = performance.now()
    await within('the end of terminate()', this.worker.terminate())
    return performance.now() - started
  }

  /** Waits until it has ended by itself; throws what it died of, unless that was doom. */
  async end(who) {
    await within(`the end of the ${who}`, this.exited)
    if (this.error !== undefined && this.error.message !== 'doom') throw this.error
    return this.result
  }
}

/** Runs a program in a process of its own to its end: { code, signal, errors }. */
export async function runProcess(file, args, flags = []) {
  const program = fileURLToPath(new URL(`./processes/${file}`, import.meta.url))
  const child = spawn(process.execPath, [...flags, program, ...args.map(String)], { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text))
  const closed = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, errors }))
  })
  try {
    return await within(`the end of ${file}`, closed)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}
