// Waiting for the other side: on this thread, or on the event loop. Before either, what this thread owes
// is paid (INV-JS-4).

import { ARMED, SLICE, WANTED } from './control.js'
import { CrosscoreError, invalidArgument } from './errors.js'
import type { Port } from './port.js'
import { nextTurn, settleThread, turnIsDue } from './turn.js'

/** A native block cannot be interrupted, so it comes back to JavaScript this often, in milliseconds: `worker.terminate()` takes effect there. */
const LONGEST_SLICE = 20

/** A wait that is over at once counts as much as so many elements: somebody is about to take as many. */
const WAIT_WORK = 16

/** What a look says: it is there, it will never be there, or neither. */
export type Outcome = boolean | undefined

/** The time at which a blocking call gives up, by `performance.now()`. */
export function deadlineOf(options: unknown): number {
  if (options === undefined) return Infinity
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('options', 'an object such as { timeout: 100 }', options)
  }
  const { timeout = Infinity } = options as { timeout?: unknown }
  if (typeof timeout !== 'number' || !(timeout >= 0)) {
    throw invalidArgument('options.timeout', 'a number of milliseconds, 0 or more', timeout)
  }
  return performance.now() + timeout
}

/** Blocks this thread for a slice of the time until `deadline`; false when none is left. */
export function blockSlice(port: Port, wanted: number, deadline: number): boolean {
  const left = deadline - performance.now()
  if (!(left > 0)) return false
  settleThread()
  port.words[WANTED] = wanted
  port.words[SLICE] = Math.ceil(Math.min(left, LONGEST_SLICE) * 1000)
  port.native.block()
  port.checkFlags()
  return true
}

function abortError(signal: AbortSignal): Error {
  // As Node's own promises: an AbortError whose cause is the signal's reason.
  const error = new Error('The operation was aborted', { cause: signal.reason })
  Object.defineProperty(error, 'name', { value: 'AbortError', configurable: true, writable: true })
  return Object.assign(error, { code: 'ABORT_ERR' })
}

/** What ready() takes. */
export function signalOf(options: unknown): AbortSignal | undefined {
  if (options === undefined) return undefined
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('options', 'an object such as { signal }', options)
  }
  const { signal } = options as { signal?: unknown }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidArgument('options.signal', 'an AbortSignal', signal)
  }
  return signal
}

interface Wait {
  readonly wanted: number
  readonly look: () => Outcome
  readonly resolve: (ready: boolean) => void
  readonly reject: (error: unknown) => void
  readonly signal: AbortSignal | undefined
}

/** Handles that wait. A doorbell knows its handle weakly; the promise that somebody awaits must not be collected with it. */
const waiting = new Set<Doorbell>()

/** A handle's place on the event loop: at most one wait at a time. */
export class Doorbell {
  readonly #port: Port
  #wait: Wait | undefined
  #listening = false
  #holds = true

  constructor(port: Port) {
    this.#port = port
  }

  /** Throws if somebody waits. */
  checkQuiet(): void {
    if (this.#wait !== undefined) {
      throw new CrosscoreError('ERR_CROSSCORE_BUSY', 'ready() is pending on this handle; there is one wait at a time')
    }
  }

  /**
   * Resolves when `look` gives an outcome. `look` is asked at once, and then after every publication
   * of the other side that finds this side parked.
   */
  wait(wanted: number, look: () => Outcome, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      this.checkQuiet()
      if (signal?.aborted === true) throw abortError(signal)
      // Whoever waits may be waiting for the answer to what this thread has not published.
      settleThread()
      const outcome = look()
      if (outcome !== undefined) return turnIsDue(WAIT_WORK) ? nextTurn(outcome) : Promise.resolve(outcome)
      if (!this.#listening) this.#listen()
    } catch (error) {
      return Promise.reject(error)
    }
    return new Promise((resolve, reject) => {
      this.#wait = { wanted, look, resolve, reject, signal }
      waiting.add(this)
      signal?.addEventListener('abort', this.#onAbort, { once: true })
      if (this.#holds) this.#port.native.hold()
      this.#park()
    })
  }

  ref(): void {
    this.#holds = true
    if (this.#wait !== undefined) this.#port.native.hold()
  }

  unref(): void {
    this.#holds = false
    if (this.#wait !== undefined) this.#port.native.letGo()
  }

  /** The handle is closed: a wait ends with no. */
  close(): void {
    this.#end()?.resolve(false)
  }

  #listen(): void {
    // Weakly: Node holds the callback as long as the environment lives, and a handle that nobody uses
    // or awaits is to be collected, which closes it.
    const self = new WeakRef(this)
    this.#port.native.listen(() => {
      const doorbell = self.deref()
      if (doorbell !== undefined) doorbell.#rung()
    })
    this.#listening = true
  }

  /** Leaves the doorbell with the other side, or finds that there is no need to wait. */
  #park(): void {
    for (;;) {
      const wait = this.#wait
      if (wait === undefined) return
      this.#port.words[WANTED] = wait.wanted
      this.#port.native.arm()
      if (this.#port.words[ARMED] === 1) return
      this.#rung(false)
    }
  }

  #rung(again = true): void {
    const wait = this.#wait
    // Rung just before the wait was over: the bell travels through the event loop.
    if (wait === undefined) return
    try {
      const outcome = wait.look()
      if (outcome === undefined) {
        if (again) this.#park()
      } else this.#end()?.resolve(outcome)
    } catch (error) {
      this.#end()?.reject(error)
    }
  }

  readonly #onAbort = (): void => {
    const wait = this.#end()
    if (wait?.signal !== undefined) wait.reject(abortError(wait.signal))
  }

  /** Leaves nothing behind: no doorbell, no listener, no hold on the loop. */
  #end(): Wait | undefined {
    const wait = this.#wait
    if (wait === undefined) return undefined
    this.#wait = undefined
    waiting.delete(this)
    wait.signal?.removeEventListener('abort', this.#onAbort)
    this.#port.native.disarm()
    this.#port.native.letGo()
    return wait
  }
}

/** `ready(n, options)`, `ready(options)` or `ready()`: sorts the arguments out; what is wrong rejects. */
export function ready(
  n: unknown,
  options: unknown,
  doorbell: Doorbell,
  wait: (n: number, signal: AbortSignal | undefined) => Promise<boolean>,
): Promise<boolean> {
  try {
    if (typeof n === 'object' && n !== null && options === undefined) return wait(1, signalOf(n))
    doorbell.checkQuiet()
    return wait(n as number, signalOf(options))
  } catch (error) {
    return Promise.reject(error)
  }
}
