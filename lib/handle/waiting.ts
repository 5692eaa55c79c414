// Waiting for the other side: on this thread, or on the event loop. Before either, what this thread owes is paid
// (INV-JS-4).

import type { AbortSignalLike } from '../../index.js'
import { busy, checkOptionsObject, invalidArgument } from '../environment/errors.js'
import { nextTurn, settleThread, turnIsDue } from '../environment/turn.js'
import { environment } from '../native/addon.js'
import { ARMED, SLICE, WANTED } from '../native/control.js'
import type { Port } from './port.js'
import { abortError, onAbort, signalOf } from './signal.js'

const { now } = environment

/**
 * A native block cannot be interrupted, so it comes back to JavaScript this often, in milliseconds:
 * `worker.terminate()` takes effect there.
 */
const LONGEST_SLICE = 20

/** A wait that is over at once counts as so many elements: somebody is about to take as many. */
const WAIT_WORK = 16

/** What a look says: it is there, it will never be there, or neither. */
export type Outcome = boolean | undefined

/** How long a blocking call may last, in milliseconds. */
export function timeoutOf(options: unknown): number {
  // To ask for options costs more than a push.
  if (options === undefined) return Infinity
  const { timeout = Infinity } = checkOptionsObject(options, '{ timeout: 100 }')
  if (typeof timeout !== 'number' || !(timeout >= 0)) {
    throw invalidArgument('options.timeout', 'a number of milliseconds, 0 or more', timeout)
  }
  return timeout
}

/** When a blocking call gives up, on the clock that was captured at load. */
export function deadlineAfter(timeout: number): number {
  return timeout === Infinity ? Infinity : now() + timeout
}

/**
 * Blocks this thread for a slice of the time until `deadline`, or until `wanted` bytes are there; false when none is
 * left.
 */
export function blockSlice(port: Port, wanted: number, deadline: number): boolean {
  const left = deadline === Infinity ? Infinity : deadline - now()
  if (!(left > 0)) return false
  settleThread()
  port.words[WANTED] = wanted
  port.words[SLICE] = Math.ceil(Math.min(left, LONGEST_SLICE) * 1000)
  port.native.block()
  port.checkFlags()
  return true
}

interface Wait {
  /** Bytes that there have to be for a look to be worth it. Asked before each parking. */
  readonly wanted: () => number
  readonly look: () => Outcome
  readonly resolve: (ready: boolean) => void
  readonly reject: (error: unknown) => void
  /** Takes the listener off the signal. */
  readonly forget: () => void
  /** A look has no outcome while the handle is busy. */
  readonly heedsBusy: boolean
  /** It found the handle busy, and has had another look in the next turn. */
  deferred: boolean
}

const nothing = (): void => {}

/** A handle's place on the event loop: at most one wait at a time. */
export class Doorbell {
  readonly #port: Port
  /**
   * What the addon's bell knows, as long as the environment lives: this doorbell while somebody waits, or the promise
   * could be collected with its handle; then nobody, so that a handle which nobody uses is collected and so closed.
   */
  readonly #bell: { waiting: Doorbell | undefined } = { waiting: undefined }
  #wait: Wait | undefined
  #listening = false
  #holds = true

  constructor(port: Port) {
    this.#port = port
  }

  /** Throws if somebody waits. */
  checkQuiet(): void {
    if (this.#wait === undefined) return
    throw busy('a wait is pending on this handle (ready(), flushed() or a loop); there is one at a time')
  }

  /**
   * Resolves when `look` gives an outcome. It is asked at once, after every publication of the other side that finds
   * this side parked, and when `again` is called. `heedsBusy` says that while the handle is busy there is none.
   */
  wait(wanted: () => number, look: () => Outcome, signal: AbortSignalLike | undefined, heedsBusy = true): Promise<boolean> {
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
    const found = new Promise<boolean>((resolve, reject) => {
      // First what may throw: then nothing has been left behind.
      const forget = signal === undefined ? nothing : onAbort(signal, () => this.#end()?.reject(abortError(signal)))
      this.#wait = { wanted, look, resolve, reject, forget, heedsBusy, deferred: false }
      this.#bell.waiting = this
      this.#park()
    })
    // What came while it got ready to sleep has not left the event loop its turn either.
    return this.#wait === undefined && turnIsDue(WAIT_WORK) ? found.then(nextTurn) : found
  }

  ref(): void {
    this.#holds = true
    if (this.#wait !== undefined) this.#port.native.hold()
  }

  unref(): void {
    this.#holds = false
    if (this.#wait !== undefined) this.#port.native.letGo()
  }

  /** What stood in the way of a wait is over: look again. */
  again(): void {
    if (this.#wait !== undefined) this.#rung()
  }

  /** A wait, if there is one, ends with no: its handle is closed, or nobody wants it any more. */
  close(): void {
    this.#end()?.resolve(false)
  }

  #listen(): void {
    const bell = this.#bell
    this.#port.native.listen(() => bell.waiting?.again())
    this.#listening = true
  }

  /** Leaves the doorbell with the other side, or finds that there is no need to wait. */
  #park(): void {
    for (;;) {
      const wait = this.#wait
      if (wait === undefined) return
      // Then no look has an outcome. The end of a reservation calls `again`; whatever else it is, a
      // getter or a codec that began this wait, is over in the next turn.
      if (wait.heedsBusy && this.#port.busy !== '') {
        if (this.#holds) this.#port.native.hold()
        if (!wait.deferred) void nextTurn(undefined).then(() => this.again())
        wait.deferred = true
        return
      }
      this.#port.words[WANTED] = wait.wanted()
      this.#port.native.arm()
      if (this.#port.words[ARMED] === 1) {
        if (!this.#holds) this.#port.native.letGo()
        return
      }
      if (this.#looked()) return
    }
  }

  #rung(): void {
    // It may be rung just before the wait was over: the bell travels through the event loop.
    if (this.#wait !== undefined && !this.#looked()) this.#park()
  }

  /** Whether the wait is over after a look. */
  #looked(): boolean {
    const wait = this.#wait
    if (wait === undefined) return true
    try {
      const outcome = wait.look()
      if (outcome === undefined) return false
      this.#end()?.resolve(outcome)
    } catch (error) {
      this.#end()?.reject(error)
    }
    return true
  }

  /** Leaves nothing behind: no doorbell, no listener, no hold on the loop. */
  #end(): Wait | undefined {
    const wait = this.#wait
    if (wait === undefined) return undefined
    this.#wait = undefined
    this.#bell.waiting = undefined
    wait.forget()
    this.#port.native.disarm()
    return wait
  }
}

/** `ready(n, options)`, `ready(options)` or `ready()`: sorts the arguments out; what is wrong rejects. */
export function ready(
  n: unknown,
  options: unknown,
  wait: (n: number, signal: AbortSignalLike | undefined) => Promise<boolean>,
): Promise<boolean> {
  try {
    if (typeof n === 'object' && n !== null && options === undefined) return wait(1, signalOf(n))
    return wait((n === undefined ? 1 : n) as number, signalOf(options))
  } catch (error) {
    return Promise.reject(error)
  }
}
