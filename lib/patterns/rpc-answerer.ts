// The answering side of an rpc: handlers, and the calls that they are at.

import { CrosscoreError } from '../environment/errors.js'
import { decode, encode, encodeThrown, type ErrorClasses } from './payload.js'
import { END, FAILED, type FrameSender, ITEM, NOTHING, SIGNALS, STREAM, VALUE, WINDOW } from './rpc-frames.js'

/** A call that is being answered, here. */
interface Running {
  controller: AbortController | undefined
  cancelled: boolean
  iterator: AsyncIterator<unknown> | undefined
  credit: number
  wake: (() => void) | undefined
}

type Handler = (...args: unknown[]) => unknown

export class Answerer {
  readonly #sender: FrameSender
  readonly #handlers: object | undefined
  readonly #classes: ErrorClasses

  readonly #running = new Map<number, Running>()
  /** Handlers by the numbers that the other end gave them. */
  readonly #methods: { name: string; handler: Handler | undefined }[] = []

  constructor(sender: FrameSender, handlers: object | undefined, classes: ErrorClasses) {
    this.#sender = sender
    this.#handlers = handlers
    this.#classes = classes
  }

  /** The other end gives a method a number. */
  name(method: number, name: string): void {
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
  }

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

  answer(id: number, method: number, flags: number, payload: Uint8Array): void {
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
    this.#sender.send(VALUE, 0, 0, id, payload)
  }

  #fail(id: number, error: unknown): void {
    this.#sender.send(FAILED, 0, 0, id, encodeThrown(error, this.#classes))
  }

  async #stream(id: number, running: Running, iterable: AsyncIterable<unknown>): Promise<void> {
    this.#running.set(id, running)
    try {
      const iterator = iterable[Symbol.asyncIterator]()
      running.iterator = iterator
      this.#sender.send(STREAM, 0, 0, id, NOTHING)
      for (;;) {
        while (running.credit === 0 && !running.cancelled) {
          await new Promise<void>((resolve) => (running.wake = resolve))
        }
        await this.#sender.calm()
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
        this.#sender.send(ITEM, 0, 0, id, payload)
      }
      this.#running.delete(id)
      this.#sender.send(END, 0, 0, id, NOTHING)
    } catch (error) {
      if (running.cancelled) return
      this.#running.delete(id)
      this.#fail(id, error)
    }
  }

  /** The other end wants the answer no more, or is gone. */
  stop(id: number, reason: unknown): void {
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

  /** The other end takes so many items more. */
  pull(id: number, count: number): void {
    const running = this.#running.get(id)
    if (running === undefined) return
    running.credit += count
    running.wake?.()
  }

  /** Stops all that runs. */
  stopAll(reason: unknown): void {
    for (const id of this.#running.keys()) this.stop(id, reason)
  }
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as AsyncIterable<unknown>)[Symbol.asyncIterator] === 'function'
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
}
