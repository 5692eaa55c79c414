// Question and answer over a two-way endpoint.
//
// A frame is a message: a header of 8 bytes (type, flags, number of the method, number of the call) and a payload. A
// payload that is too long for the ring goes in several frames, of which all but the last carry MORE.

import type { AbortSignalLike } from '../../index.js'
import { CrosscoreError } from '../environment/errors.js'
import { consumerGone } from '../adapters/closing.js'
import type { Duplex } from './duplex.js'
import { decode, decodeThrown, encode, encodeThrown, errorClasses, type ErrorClasses } from './payload.js'
import { longestPiece } from '../adapters/sending.js'
import { nextTurn } from '../environment/turn.js'
import { abortError, onAbort, signalOf } from '../handle/signal.js'
import { environment } from '../native/addon.js'

/** How a call may end early. */
export interface CallOptions {
  /** Rejects the call with an `AbortError`; the handler hears of it by its own signal. */
  signal?: AbortSignalLike | undefined
  /** In milliseconds, until the answer or the first item of a stream; then the call is rejected with a `TimeoutError`. None by default. */
  timeout?: number | undefined
}

/** How {@link rpc} is made. */
export interface RpcOptions {
  /** For every call that names no time of its own, as {@link CallOptions.timeout}. */
  timeout?: number | undefined
  /** Classes of errors that are to arrive as what they were, beside JavaScript's own; told apart by their names. */
  errors?: readonly (new (...args: never[]) => Error)[] | undefined
  /**
   * For so many milliseconds after a frame this end looks for the next one in each turn of the event loop, while frames
   * follow each other as quickly; only then does it sleep. 0.06 by default. 0 saves the CPU time, and calls take longer
   * where each thread has a CPU of its own.
   */
  eager?: number | undefined
}

/** What a call of a handler with this result gives at the other side. */
export type Answer<R> =
  Awaited<R> extends AsyncIterable<infer Item> ? RemoteCall<Item> : Promise<Awaited<R>>

/** The call of a handler that answers with a stream: to be iterated, or awaited for its iterator. */
export type RemoteCall<Item> = Promise<AsyncIterableIterator<Item>> & AsyncIterable<Item>

/** An interface as the other side sees it: its methods, each with a promise or a stream for an answer. */
export type Remote<T> = {
  readonly [Name in keyof T as T[Name] extends (...args: never[]) => unknown ? Name : never]: T[Name] extends (
    ...args: infer Args
  ) => infer Result
    ? (...args: Args) => Answer<Result>
    : never
}

/** One end of a connection on which both ends may ask and answer. */
export interface Rpc<T extends object> {
  /** Calls the handlers of the other end: `await remote.add(1, 2)`. */
  readonly remote: Remote<T>
  /** As `remote`, with a signal or a time for each call: `with({ timeout: 100 }).add(1, 2)`. */
  with(options: CallOptions): Remote<T>
  /** Resolves when the connection has ended: closed by either end, or the other thread is gone. */
  readonly ended: Promise<void>
  /** Whether it has. */
  readonly closed: boolean
  /** Calls that wait for an answer. */
  readonly pending: number
  /** Closes the endpoint. What waits for an answer is rejected, and what runs here is aborted. */
  close(reason?: Error): void
  /** As {@link Rpc.close}, for `using`. */
  [Symbol.dispose](): void
}

const { now, setTimeout, clearTimeout } = environment

const HEADER = 8

const CALL = 1
const NAME = 2
const VALUE = 3
const FAILED = 4
const STREAM = 5
const ITEM = 6
const END = 7
const PULL = 8
const CANCEL = 9

/** The payload goes on in the next frame. */
const MORE = 1
/** Some arguments are signals: the payload is [arguments, places of the signals]. */
const SIGNALS = 2

/** Items of a stream that may be on their way before some are taken. */
const WINDOW = 64
/** Frames that wait for room, beyond which a stream makes no more. */
const BACKLOG = 64

/**
 * Milliseconds for which the next frame is looked for before the thread sleeps. With both threads on CPUs of their own a
 * call took 15 µs so, and 41 µs without; with both on one CPU 26 µs and 18 µs.
 */
const EAGER = 0.06

const NOTHING = new Uint8Array(0)

/** A frame that waits for room. */
interface Frame {
  type: number
  flags: number
  method: number
  id: number
  payload: Uint8Array
}

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

/** A call that is being answered, here. */
interface Running {
  controller: AbortController | undefined
  cancelled: boolean
  iterator: AsyncIterator<unknown> | undefined
  credit: number
  wake: (() => void) | undefined
}

type Handler = (...args: unknown[]) => unknown

class Connection {
  readonly #endpoint: Duplex<'bytes'>
  readonly #handlers: object | undefined
  readonly #classes: ErrorClasses
  readonly #timeout: number
  readonly #eager: number
  /** The longest payload of one frame. */
  readonly #longest: number

  readonly #pending = new Map<number, Pending>()
  readonly #running = new Map<number, Running>()
  #lastId = 0
  /** Numbers of the methods that were called from here. */
  readonly #numbers = new Map<string, number>()
  /** Handlers by the numbers that the other end gave them. */
  readonly #methods: { name: string; handler: Handler | undefined }[] = []
  /** The parts of a payload that has not come to its end. */
  #parts: Uint8Array[] = []

  readonly #backlog: Frame[] = []
  #sending = false
  /** The other end reads no more. */
  #mute = false
  #drained: (() => void)[] = []

  /** When frames were last taken. */
  #lastFrame = -Infinity

  #over = false
  readonly ended: Promise<void>
  #end!: () => void

  constructor(endpoint: Duplex<'bytes'>, handlers: object | undefined, options: RpcOptions) {
    if (endpoint.producer.onFull === 'drop') {
      throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', "calls and answers must arrive: an rpc takes no endpoint that was made with onFull: 'drop'")
    }
    this.#endpoint = endpoint
    this.#handlers = handlers
    this.#classes = errorClasses(options.errors)
    this.#timeout = timeoutOf(options.timeout)
    this.#eager = options.eager === undefined ? EAGER : millisecondsOf('eager', options.eager)
    this.#longest = longestPiece(endpoint.producer.capacity) - HEADER
    this.ended = new Promise((resolve) => (this.#end = resolve))
    // A server waits for as long as there may be calls; a client only for its answers.
    if (handlers === undefined) endpoint.unref()
    void this.#receive()
  }

  get closed(): boolean {
    return this.#over
  }

  get pending(): number {
    return this.#pending.size
  }

  // ---- asking -------------------------------------------------------------------------------------

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
    }) as Promise<unknown> & AsyncIterable<unknown>
    answer[Symbol.asyncIterator] = iterateAnswer
    try {
      this.#ask(id, call, args, options)
    } catch (error) {
      this.#forget(id)
      call.reject(error)
    }
    return answer
  }

  #ask(id: number, call: Pending, args: unknown[], options: CallOptions | undefined): void {
    if (this.#over) throw this.#goneError()
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
    if (this.#pending.size === 0 && this.#handlers === undefined) this.#endpoint.ref()
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
    if (this.#pending.has(id)) this.#send(CALL, flags, number, id, payload)
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
      this.#send(NAME, 0, number, 0, Buffer.from(method, 'utf8'))
    }
    return number
  }

  /** Ends a call from here; what comes for it later is dropped. */
  #cancel(id: number, error: unknown): void {
    const call = this.#forget(id)
    if (call === undefined) return
    if (!this.#over) this.#send(CANCEL, 0, 0, id, encodeThrown(error, this.#classes))
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
    if (this.#pending.size === 0 && this.#handlers === undefined && !this.#over) this.#endpoint.unref()
    return call
  }

  #disarm(call: Pending): void {
    clearTimeout(call.timer)
    call.timer = undefined
    if (call.forget !== undefined) for (const forget of call.forget) forget()
  }

  // ---- sending ------------------------------------------------------------------------------------

  #send(type: number, flags: number, method: number, id: number, payload: Uint8Array): void {
    if (this.#over || this.#mute) return
    let start = 0
    do {
      const end = Math.min(payload.length, start + this.#longest)
      const part = payload.length <= this.#longest ? payload : payload.subarray(start, end)
      const frame = { type, flags: end < payload.length ? flags | MORE : flags, method, id, payload: part }
      // Behind what waits already: the parts of a payload must not be parted.
      // A frame that waits needs bytes of its own: those of `encode` are used again.
      if (this.#backlog.length > 0 || !this.#write(frame)) this.#backlog.push({ ...frame, payload: part.slice() })
      start = end
    } while (start < payload.length && !this.#mute)
    if (this.#backlog.length > 0 && !this.#sending) void this.#sendBacklog()
  }

  /** Writes a frame in place; false if there is no room. */
  #write({ type, flags, method, id, payload }: Frame): boolean {
    const { producer } = this.#endpoint
    let slot
    try {
      slot = producer.reserve(HEADER + payload.length)
    } catch (error) {
      this.#lose(error)
      return true
    }
    if (slot === null) return false
    slot[0] = type
    slot[1] = flags
    slot[2] = method
    slot[3] = method >>> 8
    slot[4] = id
    slot[5] = id >>> 8
    slot[6] = id >>> 16
    slot[7] = id >>> 24
    slot.set(payload, HEADER)
    try {
      producer.commit()
    } catch (error) {
      this.#lose(error)
    }
    return true
  }

  /** Nothing can be sent any more. What the other end had sent before is read all the same, and then all is over. */
  #lose(error: unknown): void {
    if (this.#mute) return
    this.#mute = true
    this.#backlog.length = 0
    queueMicrotask(() => {
      try {
        while (!this.#over && this.#takeNext());
        this.#finish(this.#endpoint.producer.reason ?? error)
      } catch (error) {
        this.#finish(error)
      }
    })
  }

  async #sendBacklog(): Promise<void> {
    this.#sending = true
    const backlog = this.#backlog
    try {
      let sent = 0
      while (sent < backlog.length && !this.#over && !this.#mute) {
        if (this.#write(backlog[sent]!)) {
          sent++
          if (sent < 256 && sent < backlog.length) continue
          // Not one by one: an array that is shifted is moved each time.
          backlog.splice(0, sent)
          sent = 0
          continue
        }
        const { length } = backlog[sent]!.payload
        if (!(await this.#endpoint.producer.ready(HEADER + length))) throw consumerGone()
      }
    } catch (error) {
      this.#lose(error)
    } finally {
      this.#sending = false
      if (backlog.length < BACKLOG) for (const wake of this.#drained.splice(0)) wake()
    }
  }

  /** Resolves when few frames wait for room. */
  #calm(): Promise<void> | undefined {
    if (this.#over || this.#backlog.length < BACKLOG) return undefined
    return new Promise((resolve) => this.#drained.push(resolve))
  }

  // ---- receiving ----------------------------------------------------------------------------------

  async #receive(): Promise<void> {
    const { consumer } = this.#endpoint
    try {
      while (await consumer.ready()) {
        do {
          // What is there now, so that a quick sender does not keep timers waiting.
          for (let left = 1024; left > 0 && !this.#over && this.#takeNext(); left--);
          if (this.#over) return
        } while (await this.#comesSoon())
      }
      this.#finish(undefined)
    } catch (error) {
      this.#finish(error, error instanceof Error ? error : undefined)
    }
  }

  /**
   * Looks for the next frame in the turns of the event loop that are about to come, for as long as a quick answer takes:
   * to sleep and to be woken costs several times as much. It leaves off when that was in vain, until frames follow each
   * other quickly again.
   */
  async #comesSoon(): Promise<boolean> {
    const { consumer } = this.#endpoint
    const started = now()
    const quick = started - this.#lastFrame < this.#eager
    this.#lastFrame = started
    // Who asked for nothing has nothing to expect, but the next question.
    if (!quick || (this.#handlers === undefined && this.#pending.size === 0)) return false
    do {
      await nextTurn(undefined)
      if (this.#over || consumer.available > 0) return !this.#over
    } while (now() - started < this.#eager)
    this.#lastFrame = -Infinity
    return false
  }

  #takeNext(): boolean {
    const frame = this.#endpoint.consumer.pop()
    if (frame === undefined) return false
    this.#take(frame)
    return true
  }

  #take(frame: Uint8Array): void {
    if (frame.length < HEADER) throw foreign(`a frame of ${frame.length} bytes`)
    let payload = frame.subarray(HEADER)
    if ((frame[1]! & MORE) !== 0) {
      this.#parts.push(payload)
      return
    }
    if (this.#parts.length > 0) {
      // Aligned as a frame of its own would be: typed arrays are read where they lie.
      const whole = Buffer.concat([...this.#parts, payload])
      payload = whole.byteOffset % 8 === 0 ? whole : new Uint8Array(whole)
      this.#parts = []
    }
    const method = frame[2]! | (frame[3]! << 8)
    const id = (frame[4]! | (frame[5]! << 8) | (frame[6]! << 16) | (frame[7]! << 24)) >>> 0
    switch (frame[0]) {
      case CALL:
        return this.#answer(id, method, frame[1]!, payload)
      case NAME: {
        const name = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8')
        let handler: Handler | undefined
        try {
          handler = this.#handlerOf(name)
        } catch (error) {
          // A getter of the handlers': who calls it hears of it.
          handler = () => {
            throw error
          }
        }
        this.#methods[method] = { name, handler }
        return
      }
      case VALUE: {
        const call = this.#forget(id)
        if (call !== undefined) settle(call, payload)
        return
      }
      case FAILED: {
        const error = decodeThrown(payload, this.#classes)
        const call = this.#forget(id)
        if (call !== undefined) this.#reject(call, error)
        return
      }
      case STREAM:
        return this.#beginStream(id)
      case ITEM:
        this.#pending.get(id)?.stream?.put(payload)
        return
      case END:
        this.#forget(id)?.stream?.end()
        return
      case PULL: {
        const running = this.#running.get(id)
        if (running === undefined) return
        running.credit += method
        running.wake?.()
        return
      }
      case CANCEL:
        return this.#stop(id, decodeThrown(payload, this.#classes))
      default:
        throw foreign(`a frame of type ${frame[0]}`)
    }
  }

  #beginStream(id: number): void {
    const call = this.#pending.get(id)
    if (call === undefined) return
    clearTimeout(call.timer)
    call.stream = new Incoming(
      (count) => this.#send(PULL, 0, count, id, NOTHING),
      () => {
        if (this.#forget(id) !== undefined) this.#send(CANCEL, 0, 0, id, encodeThrown(undefined, this.#classes))
      },
    )
    call.resolve(call.stream)
  }

  // ---- answering ----------------------------------------------------------------------------------

  /** A function of the handlers' own or of their class, and nothing that every object has. */
  #handlerOf(name: string): Handler | undefined {
    for (let at = this.#handlers; at !== undefined && at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      const found = Object.getOwnPropertyDescriptor(at, name)
      if (found === undefined) continue
      const value: unknown = found.get === undefined ? found.value : found.get.call(this.#handlers)
      return typeof value === 'function' && name !== 'constructor' ? (value as Handler) : undefined
    }
    return undefined
  }

  #answer(id: number, method: number, flags: number, payload: Uint8Array): void {
    const running: Running = { controller: undefined, cancelled: false, iterator: undefined, credit: WINDOW, wake: undefined }
    let result: unknown
    let thenable: boolean
    let iterable: boolean
    try {
      const { name, handler } = this.#methods[method] ?? { name: `method ${method}`, handler: undefined }
      if (handler === undefined) {
        throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', `the other end has no handler named ${JSON.stringify(name)}`)
      }
      let args = decode(payload) as unknown[]
      if ((flags & SIGNALS) !== 0) {
        const [values, places] = args as [unknown[], number[]]
        running.controller = new AbortController()
        for (const place of places) values[place] = running.controller.signal
        args = values
      }
      result = handler.apply(this.#handlers, args)
      thenable = isThenable(result)
      iterable = !thenable && isIterable(result)
    } catch (error) {
      this.#fail(id, error)
      return
    }
    // A promise first: the answer of another call is both, and may turn out to be a value.
    if (thenable) {
      this.#running.set(id, running)
      void this.#settleLater(id, running, result as PromiseLike<unknown>)
    } else if (iterable) void this.#stream(id, running, result as AsyncIterable<unknown>)
    else this.#succeed(id, result)
  }

  async #settleLater(id: number, running: Running, result: PromiseLike<unknown>): Promise<void> {
    try {
      const value = await result
      if (running.cancelled) return
      if (isIterable(value)) {
        await this.#stream(id, running, value)
        return
      }
      this.#running.delete(id)
      this.#succeed(id, value)
    } catch (error) {
      if (running.cancelled) return
      this.#running.delete(id)
      this.#fail(id, error)
    }
  }

  #succeed(id: number, value: unknown): void {
    let payload
    try {
      payload = encode(value)
    } catch (error) {
      this.#fail(id, error)
      return
    }
    this.#send(VALUE, 0, 0, id, payload)
  }

  #fail(id: number, error: unknown): void {
    this.#send(FAILED, 0, 0, id, encodeThrown(error, this.#classes))
  }

  async #stream(id: number, running: Running, iterable: AsyncIterable<unknown>): Promise<void> {
    this.#running.set(id, running)
    try {
      const iterator = iterable[Symbol.asyncIterator]()
      running.iterator = iterator
      this.#send(STREAM, 0, 0, id, NOTHING)
      for (;;) {
        while (running.credit === 0 && !running.cancelled) {
          await new Promise<void>((resolve) => (running.wake = resolve))
        }
        await this.#calm()
        if (running.cancelled) return
        const { done, value } = await iterator.next()
        if (running.cancelled) return
        if (done === true) break
        running.credit--
        let payload
        try {
          payload = encode(value)
        } catch (error) {
          // The iterator is not at fault and is to end as in a loop that was left.
          void Promise.resolve(iterator.return?.()).catch(() => {})
          throw error
        }
        this.#send(ITEM, 0, 0, id, payload)
      }
      this.#running.delete(id)
      this.#send(END, 0, 0, id, NOTHING)
    } catch (error) {
      if (running.cancelled) return
      this.#running.delete(id)
      this.#fail(id, error)
    }
  }

  /** The other end wants the answer no more, or is gone. */
  #stop(id: number, reason: unknown): void {
    const running = this.#running.get(id)
    if (running === undefined) return
    this.#running.delete(id)
    running.cancelled = true
    running.wake?.()
    running.controller?.abort(reason)
    try {
      // A generator that waits for something ends when that has come; nobody waits for it here.
      void Promise.resolve(running.iterator?.return?.()).catch(() => {})
    } catch {
      // It has ended, in its own way.
    }
  }

  // ---- ending -------------------------------------------------------------------------------------

  close(reason?: Error): void {
    this.#finish(reason ?? new CrosscoreError('ERR_CROSSCORE_CLOSED', 'this connection was closed'), reason)
  }

  /** Ends everything, once. */
  #finish(error: unknown, reason?: Error): void {
    if (this.#over) return
    this.#over = true
    const why = error ?? this.#goneError()
    this.#endpoint.close(reason)
    this.#backlog.length = 0
    for (const wake of this.#drained.splice(0)) wake()
    for (const id of this.#running.keys()) this.#stop(id, why)
    const calls = [...this.#pending.values()]
    this.#pending.clear()
    for (const call of calls) {
      this.#disarm(call)
      this.#reject(call, why)
    }
    this.#end()
  }

  #goneError(): Error {
    return this.#endpoint.consumer.reason ?? new CrosscoreError('ERR_CROSSCORE_CLOSED', 'the other end is gone: it was closed, or its thread has ended')
  }
}

/** A stream of answers, as it arrives. */
class Incoming implements AsyncIterableIterator<unknown> {
  readonly #pull: (count: number) => void
  readonly #leave: () => void
  readonly #items: Uint8Array[] = []
  #waiting: { resolve(result: IteratorResult<unknown>): void; reject(error: unknown): void }[] = []
  #taken = 0
  #ended = false
  #failed: { error: unknown } | undefined

  constructor(pull: (count: number) => void, leave: () => void) {
    this.#pull = pull
    this.#leave = leave
  }

  put(payload: Uint8Array): void {
    if (this.#ended) return
    const next = this.#waiting.shift()
    if (next === undefined) this.#items.push(payload)
    else this.#give(payload, next)
  }

  end(): void {
    this.#ended = true
    for (const next of this.#waiting.splice(0)) next.resolve({ done: true, value: undefined })
  }

  fail(error: unknown): void {
    if (this.#ended) return
    this.#ended = true
    const [first, ...others] = this.#waiting.splice(0)
    if (first === undefined) this.#failed = { error }
    else first.reject(error)
    for (const next of others) next.resolve({ done: true, value: undefined })
  }

  next(): Promise<IteratorResult<unknown>> {
    return new Promise((resolve, reject) => {
      const item = this.#items.shift()
      if (item !== undefined) this.#give(item, { resolve, reject })
      else if (this.#failed !== undefined) {
        reject(this.#failed.error)
        this.#failed = undefined
      } else if (this.#ended) resolve({ done: true, value: undefined })
      else this.#waiting.push({ resolve, reject })
    })
  }

  return(): Promise<IteratorResult<unknown>> {
    const ended = this.#ended
    this.#items.length = 0
    this.#failed = undefined
    this.end()
    if (!ended) this.#leave()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #give(payload: Uint8Array, { resolve, reject }: { resolve(result: IteratorResult<unknown>): void; reject(error: unknown): void }): void {
    // Half a window at a time: a message for each item would cost as much as the item.
    if (++this.#taken === WINDOW / 2) {
      this.#taken = 0
      if (!this.#ended) this.#pull(WINDOW / 2)
    }
    try {
      resolve({ done: false, value: decode(payload) })
    } catch (error) {
      reject(error)
    }
  }
}

/** The asyncIterator of every answer: that of the stream which it turns out to be. */
function iterateAnswer(this: Promise<unknown>): AsyncIterator<unknown> {
  let iterator: AsyncIterator<unknown> | undefined
  const begin = async (): Promise<AsyncIterator<unknown>> => {
    const answer = await this
    if (!(answer instanceof Incoming)) throw new TypeError('the answer is no stream: await it')
    return (iterator = answer)
  }
  return {
    next: async () => (iterator ?? (await begin())).next(),
    return: async () => {
      const answer = iterator ?? (await begin())
      return answer.return!()
    },
  }
}

function settle(call: Pending, payload: Uint8Array): void {
  try {
    call.resolve(decode(payload))
  } catch (error) {
    call.reject(error)
  }
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as AsyncIterable<unknown>)[Symbol.asyncIterator] === 'function'
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
}

/** As timers take it. */
function timeoutOf(timeout: unknown): number {
  if (timeout === undefined) return Infinity
  const milliseconds = millisecondsOf('timeout', timeout)
  return milliseconds > 2 ** 31 - 1 ? Infinity : milliseconds
}

function millisecondsOf(what: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0) return value
  throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', `${what} must be a number of milliseconds, 0 or more; got ${String(value)}`)
}

function foreign(what: string): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', `${what} came: the other end of this endpoint is no rpc`)
}

/** Every property is a function that calls the handler of that name; one object for each name. */
function remoteOf(connection: Connection, options: CallOptions | undefined): object {
  const functions = new Map<string, Handler>()
  return new Proxy(Object.create(null) as object, {
    get(_target, name) {
      // A remote is no promise, and nothing that a symbol asks for.
      if (typeof name !== 'string' || name === 'then') return undefined
      let call = functions.get(name)
      if (call === undefined) {
        call = (...args) => connection.call(name, args, options)
        functions.set(name, call)
      }
      return call
    },
  })
}

/**
 * Asks and answers over `endpoint`, which belongs to the connection from here on. `handlers` are the functions that the
 * other end may call, an object of them or an instance of a class; `T` is the interface of those that it offers.
 *
 * Arguments and answers are whatever structured clone takes. A handler may return a promise, or an async iterable, which
 * the caller iterates. Signals among the arguments are signals for the handler, too. Errors arrive with their class,
 * code and cause. When the other end is gone, all calls that wait are rejected. A connection with handlers keeps the
 * event loop alive until it is closed, one without as long as calls are pending.
 *
 * @example
 * ```js
 * import { createDuplex, rpc } from 'crosscore'
 *
 * const [here, there] = createDuplex({ of: 'bytes', capacity: 65_536 })
 * const server = rpc(there, {
 *   add: (a, b) => a + b,
 *   async *upTo(n) {
 *     for (let i = 1; i <= n; i++) yield i
 *   },
 * })
 * const client = rpc(here)
 * console.log(await client.remote.add(1, 2)) // 3
 * for await (const n of client.remote.upTo(2)) console.log(n) // 1, then 2
 * await client.remote.multiply(2, 3).catch((error) => console.log(error.code)) // ERR_CROSSCORE_INVALID_ARG
 * client.close()
 * await server.ended
 * ```
 */
export function rpc<T extends object = Record<never, never>>(
  endpoint: Duplex<'bytes'>,
  handlers?: object,
  options: RpcOptions = {},
): Rpc<T> {
  const connection = new Connection(endpoint, handlers, options)
  return {
    remote: remoteOf(connection, undefined) as Remote<T>,
    with: (options) => remoteOf(connection, options) as Remote<T>,
    ended: connection.ended,
    get closed() {
      return connection.closed
    },
    get pending() {
      return connection.pending
    },
    close: (reason) => connection.close(reason),
    [Symbol.dispose]: () => connection.close(),
  }
}
