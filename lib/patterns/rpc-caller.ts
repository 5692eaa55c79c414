// The asking side of an rpc: calls that wait for their answers.

import type { AbortSignalLike } from '../../index.js'
import { CrosscoreError, invalidArgument } from '../environment/errors.js'
import { abortError, onAbort, signalOf } from '../handle/signal.js'
import { environment } from '../native/addon.js'
import type { Duplex } from './duplex.js'
import { decode, decodeThrown, encode, encodeThrown, type ErrorClasses } from './payload.js'
import type { CallOptions } from './rpc.js'
import { CALL, CANCEL, type FrameSender, NAME, NOTHING, PULL, SIGNALS } from './rpc-frames.js'
import { Incoming, iterable } from './rpc-stream.js'

const { setTimeout, clearTimeout } = environment

/** A call that waits for its answer, here. */
interface Pending {
  method: string
  resolve(value: unknown): void
  reject(error: unknown): void
  stream: Incoming | undefined
  /** Take the listeners of the signals away. */
  forget: (() => void)[] | undefined
  timer: NodeJS.Timeout | undefined
}

export class Caller {
  readonly #endpoint: Duplex<'bytes'>
  readonly #sender: FrameSender
  readonly #classes: ErrorClasses
  readonly #timeout: number
  /** This end answers nothing, and keeps the event loop alive only while it waits for answers. */
  readonly #clientOnly: boolean
  readonly #gone: () => Error

  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  /** Numbers of the methods that were called from here. */
  readonly #numbers = new Map<string, number>()
  #over = false

  constructor(
    endpoint: Duplex<'bytes'>,
    sender: FrameSender,
    classes: ErrorClasses,
    timeout: unknown,
    clientOnly: boolean,
    gone: () => Error,
  ) {
    this.#endpoint = endpoint
    this.#sender = sender
    this.#classes = classes
    this.#timeout = timeoutOf(timeout)
    this.#clientOnly = clientOnly
    this.#gone = gone
  }

  /** Calls that wait for an answer. */
  get pending(): number {
    return this.#pending.size
  }

  call(method: string, args: unknown[], options: CallOptions | undefined): Promise<unknown> {
    const id = this.#nextId()
    const call: Pending = {
      method,
      resolve: undefined as never,
      reject: undefined as never,
      stream: undefined,
      forget: undefined,
      timer: undefined,
    }
    const answer = new Promise((resolve, reject) => {
      call.resolve = resolve
      call.reject = reject
    })
    try {
      this.#ask(id, call, args, options)
    } catch (error) {
      this.#forget(id)
      call.reject(error)
    }
    return iterable(answer)
  }

  #ask(id: number, call: Pending, args: unknown[], options: CallOptions | undefined): void {
    if (this.#over) throw this.#gone()
    const timeout = options?.timeout === undefined ? this.#timeout : timeoutOf(options.timeout)
    const signals: AbortSignalLike[] = args.filter((arg) => arg instanceof AbortSignal)
    let flags = 0
    let sent: unknown = args
    if (signals.length > 0) {
      flags = SIGNALS
      const places = args.flatMap((arg, place) => (arg instanceof AbortSignal ? [place] : []))
      sent = [args.map((arg) => (arg instanceof AbortSignal ? undefined : arg)), places]
    }
    const signal = signalOf(options)
    if (signal !== undefined) signals.push(signal)
    const aborted = signals.find((signal) => signal.aborted)
    if (aborted !== undefined) throw abortError(aborted)

    const number = this.#numberOf(call.method)
    if (this.#pending.size === 0 && this.#clientOnly) this.#endpoint.ref()
    this.#pending.set(id, call)
    if (signals.length > 0) {
      call.forget = signals.map((signal) => onAbort(signal, () => this.#cancel(id, abortError(signal))))
    }
    if (timeout !== Infinity) {
      const late = `${call.method} has not answered within ${timeout} ms`
      call.timer = setTimeout(() => this.#cancel(id, new DOMException(late, 'TimeoutError')), timeout)
    }
    // Last: the bytes are good until the next call, which the signal or a getter of the arguments may make.
    const payload = encode(sent)
    // Any of them may have aborted the call, or closed all this.
    if (this.#pending.has(id)) this.#sender.send(CALL, flags, number, id, payload)
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0
    while (this.#pending.has(this.#lastId))
    return this.#lastId
  }

  #numberOf(method: string): number {
    let number = this.#numbers.get(method)
    if (number === undefined) {
      number = this.#numbers.size
      if (number > 0xffff) {
        throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', 'at most 65,536 different methods may be called on a connection')
      }
      this.#numbers.set(method, number)
      this.#sender.send(NAME, 0, number, 0, Buffer.from(method, 'utf8'))
    }
    return number
  }

  /** Ends a call from here; what comes for it later is dropped. */
  #cancel(id: number, error: unknown): void {
    const call = this.#forget(id)
    if (call === undefined) return
    if (!this.#over) this.#sender.send(CANCEL, 0, 0, id, encodeThrown(error, this.#classes))
    this.#reject(call, error)
  }

  #reject(call: Pending, error: unknown): void {
    call.reject(error)
    call.stream?.fail(error)
  }

  #forget(id: number): Pending | undefined {
    const call = this.#pending.get(id)
    if (call === undefined) return undefined
    this.#pending.delete(id)
    this.#disarm(call)
    if (this.#pending.size === 0 && this.#clientOnly && !this.#over) this.#endpoint.unref()
    return call
  }

  #disarm(call: Pending): void {
    clearTimeout(call.timer)
    call.timer = undefined
    if (call.forget !== undefined) for (const forget of call.forget) forget()
  }

  // ---- what comes for a call ----------------------------------------------------------------------

  succeeded(id: number, payload: Uint8Array): void {
    const call = this.#forget(id)
    if (call !== undefined) settle(call, payload)
  }

  failed(id: number, payload: Uint8Array): void {
    const error = decodeThrown(payload, this.#classes)
    const call = this.#forget(id)
    if (call !== undefined) this.#reject(call, error)
  }

  beginStream(id: number): void {
    const call = this.#pending.get(id)
    if (call === undefined) return
    clearTimeout(call.timer)
    call.stream = new Incoming(
      (count) => this.#sender.send(PULL, 0, count, id, NOTHING),
      () => {
        if (this.#forget(id) !== undefined) this.#sender.send(CANCEL, 0, 0, id, encodeThrown(undefined, this.#classes))
      },
    )
    call.resolve(call.stream)
  }

  item(id: number, payload: Uint8Array): void {
    this.#pending.get(id)?.stream?.put(payload)
  }

  endStream(id: number): void {
    this.#forget(id)?.stream?.end()
  }

  /** No answer will come any more. */
  end(): void {
    this.#over = true
  }

  /** Rejects all that wait, after `end`. */
  rejectAll(why: unknown): void {
    const calls = [...this.#pending.values()]
    this.#pending.clear()
    for (const call of calls) {
      this.#disarm(call)
      this.#reject(call, why)
    }
  }
}

function settle(call: Pending, payload: Uint8Array): void {
  try {
    call.resolve(decode(payload))
  } catch (error) {
    call.reject(error)
  }
}

/** As timers take it. */
function timeoutOf(timeout: unknown): number {
  if (timeout === undefined) return Infinity
  if (typeof timeout !== 'number' || !(timeout >= 0)) throw invalidArgument('options.timeout', 'a number of milliseconds, 0 or more', timeout)
  return timeout > 2 ** 31 - 1 ? Infinity : timeout
}
