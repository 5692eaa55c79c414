// A destination for pino whose lines are written by a worker.
//
// Lines are put together in a reservation of the ring, where they lie until it is full or the turn of the event loop ends: to
// log a line is to write its characters there. The worker writes each block to the file and only then gives it back, so
// that what is given back is written, and what is not can be counted.

import { EventEmitter } from 'node:events'
import { Worker } from 'node:worker_threads'
import { createRing } from 'crosscore'

/** Lines that are put together, in bytes. */
const BLOCK = 65_536 - 8
/** For the lines of the last turn, when the process ends: more than a disk takes, less than a human waits. */
const EXIT_TIMEOUT = 10_000

/**
 * `pino(options, ringDestination({ file }))`. Lines are never dropped: a program that is quicker than the disk waits. It
 * emits `'error'` once if the worker fails, with the number of lines that were lost so far as `error.lost`; `lost` and
 * `written` always say how many lines were. `crashAfter` is for the example: blocks after which the worker throws.
 */
export function ringDestination(options) {
  return new RingDestination(options)
}

class RingDestination extends EventEmitter {
  #producer
  #worker
  #ended
  /** The open reservation. */
  #block = null
  #used = 0
  /** Lines in the open reservation. */
  #lines = 0
  /** Lines of each message that the worker has not given back, the oldest first, and of those that it has. */
  #waiting = []
  #written = 0
  /** Messages that were given back, of which `#written` counts the lines. */
  #received = 0
  /** Lines that came when it had failed. */
  #late = 0
  #failure
  #scheduled = false

  constructor({ file, capacity = 1 << 23, crashAfter }) {
    super()
    const { producer, consumer } = createRing({ of: 'bytes', capacity })
    this.#producer = producer
    this.#worker = new Worker(new URL('./writer.js', import.meta.url), { workerData: { token: consumer.move(), file, crashAfter } })
    // The worker writes until the ring is closed; nothing has to wait for it but end().
    this.#worker.unref()
    this.#ended = new Promise((resolve) => this.#worker.once('exit', resolve))
    this.#worker.on('error', (error) => this.#fail(error))
    process.on('exit', this.#atExit)
  }

  /** What pino calls with each line. */
  write(line) {
    if (this.#failure !== undefined) {
      this.#late++
      return
    }
    try {
      // No character takes more than three bytes.
      if (3 * line.length > BLOCK - this.#used || this.#block === null) {
        this.#commit()
        if (3 * line.length > BLOCK || !this.#open()) {
          this.#push(line)
          return
        }
      }
      this.#used += this.#block.utf8Write(line, this.#used)
      this.#lines++
    } catch (error) {
      this.#late++
      this.#fail(error)
    }
  }

  /** Lines that are in the file. */
  get written() {
    this.#count()
    return this.#written
  }

  /** Lines that will never be there, since the worker failed. */
  get lost() {
    if (this.#failure === undefined) return 0
    this.#count()
    return this.#waiting.reduce((sum, lines) => sum + lines, this.#lines + this.#late)
  }

  /** Blocks until everything is written; returns whether it is. */
  flushSync() {
    if (this.#failure !== undefined) return false
    this.#commit()
    return this.#producer.flushedSync({ timeout: EXIT_TIMEOUT })
  }

  /** Resolves when everything is written and the worker has ended. */
  async end() {
    process.off('exit', this.#atExit)
    // One that has failed may not be gone yet, either.
    this.#worker.ref()
    if (this.#failure === undefined) {
      this.#commit()
      await this.#producer.end()
    }
    await this.#ended
  }

  /** As `process.exit()` and uncaught errors have it: no promise is heard any more. */
  #atExit = () => {
    try {
      this.flushSync()
    } catch (error) {
      this.#fail(error)
    }
  }

  #open() {
    const view = this.#producer.reserve(BLOCK)
    if (view === null) return false
    this.#block = Buffer.from(view.buffer, view.byteOffset, view.byteLength)
    this.#used = 0
    if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(() => {
        this.#scheduled = false
        if (this.#failure === undefined) this.#commit()
      })
    }
    return true
  }

  #commit() {
    if (this.#block === null) return
    this.#block = null
    const lines = this.#lines
    this.#lines = 0
    this.#waiting.push(lines)
    this.#producer.commit(this.#used)
    if (this.#waiting.length > 64) this.#count()
  }

  /** A line that is longer than a block, or finds the ring full: it waits. */
  #push(line) {
    const bytes = Buffer.from(line)
    for (let start = 0; start < bytes.length; start += BLOCK) {
      this.#producer.pushSync(bytes.subarray(start, start + BLOCK))
      this.#waiting.push(start + BLOCK >= bytes.length ? 1 : 0)
    }
  }

  /** Takes over what the worker has given back. */
  #count() {
    const { received } = this.#producer.stats
    for (const lines of this.#waiting.splice(0, received - this.#received)) this.#written += lines
    this.#received = received
  }

  #fail(error) {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#block = null
    this.#producer.close()
    process.off('exit', this.#atExit)
    const { lost } = this
    if (this.listenerCount('error') > 0) this.emit('error', Object.assign(error, { lost }))
    else process.emitWarning(`${lost} lines of the log are lost: ${error.message}`)
  }
}
