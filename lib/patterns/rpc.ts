// Question and answer over a two-way endpoint: the connection, and what programs see of it.
//
// rpc-frames.ts is what goes over the endpoint, rpc-caller.ts the side that asks, rpc-answerer.ts the side that answers,
// rpc-stream.ts an answer of many items. Both ends of a connection are both sides.

import type { AbortSignalLike } from '../../index.js'
import { busy, checkOptionsObject, CrosscoreError, invalidArgument } from '../environment/errors.js'
import type { Duplex } from './duplex.js'
import { decodeThrown, errorClasses, type ErrorClasses } from './payload.js'
import { Answerer } from './rpc-answerer.js'
import { Caller } from './rpc-caller.js'
import {
  CALL,
  CANCEL,
  END,
  FAILED,
  foreign,
  FrameReader,
  FrameSender,
  ITEM,
  LEAST_CAPACITY,
  NAME,
  PULL,
  type Received,
  STREAM,
  VALUE,
} from './rpc-frames.js'

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

/** Endpoints that belong to a connection. */
const taken = new WeakSet<object>()

function checkEndpoint(endpoint: Duplex<'bytes'>): void {
  // By what it is: it may be of another copy of the package.
  const { producer, consumer, unref } = (typeof endpoint === 'object' && endpoint !== null ? endpoint : {}) as Partial<Duplex<'bytes'>>
  if (typeof unref !== 'function' || producer?.of !== 'bytes' || consumer?.of !== 'bytes') {
    throw invalidArgument('endpoint', "an end of createDuplex({ of: 'bytes', … })", endpoint)
  }
  if (producer.onFull === 'drop') {
    throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', "calls and answers must arrive: an rpc takes no endpoint that was made with onFull: 'drop'")
  }
  if (producer.capacity < LEAST_CAPACITY) throw invalidArgument('the capacity of an endpoint for rpc', `${LEAST_CAPACITY} bytes or more`, producer.capacity)
  if (taken.has(endpoint)) throw busy('this endpoint belongs to another rpc: one answers all that comes')
}

class Connection {
  readonly #endpoint: Duplex<'bytes'>
  readonly #sender: FrameSender
  readonly #reader = new FrameReader()
  readonly #caller: Caller
  readonly #answerer: Answerer
  readonly #classes: ErrorClasses
  readonly #clientOnly: boolean
  #over = false
  readonly ended: Promise<void>
  #end!: () => void

  constructor(endpoint: Duplex<'bytes'>, handlers: object | undefined, options: RpcOptions) {
    checkEndpoint(endpoint)
    if (handlers !== undefined && typeof handlers !== 'function' && (typeof handlers !== 'object' || handlers === null)) {
      throw invalidArgument('handlers', 'an object of functions', handlers)
    }
    checkOptionsObject(options, '{ timeout: 1000 }')
    this.#endpoint = endpoint
    this.#clientOnly = handlers === undefined
    this.#classes = errorClasses(options.errors)
    this.#sender = new FrameSender(endpoint.producer, (error) => this.#lose(error))
    this.#caller = new Caller(endpoint, this.#sender, this.#classes, options.timeout, this.#clientOnly, () => this.#goneError())
    this.#answerer = new Answerer(this.#sender, handlers, this.#classes)
    this.ended = new Promise((resolve) => (this.#end = resolve))
    taken.add(endpoint)
    // A server waits for as long as there may be calls; a client only for its answers.
    if (this.#clientOnly) endpoint.unref()
    void this.#receive()
  }

  get closed(): boolean {
    return this.#over
  }

  get pending(): number {
    return this.#caller.pending
  }

  call(method: string, args: unknown[], options: CallOptions | undefined): Promise<unknown> {
    return this.#caller.call(method, args, options)
  }

  /** Nothing can be sent any more. What the other end had sent before is read all the same, and then all is over. */
  #lose(error: unknown): void {
    queueMicrotask(() => {
      try {
        while (!this.#over && this.#takeNext());
        this.#finish(this.#endpoint.producer.reason ?? error)
      } catch (error) {
        this.#finish(error)
      }
    })
  }

  async #receive(): Promise<void> {
    const { consumer } = this.#endpoint
    try {
      while (await consumer.ready()) {
        // What is there now, so that a quick sender does not keep timers waiting.
        for (let left = 1024; left > 0 && !this.#over && this.#takeNext(); left--);
        if (this.#over) return
      }
      this.#finish(undefined)
    } catch (error) {
      this.#finish(error, error instanceof Error ? error : undefined)
    }
  }

  #takeNext(): boolean {
    const message = this.#endpoint.consumer.pop()
    if (message === undefined) return false
    const frame = this.#reader.read(message)
    if (frame !== undefined) this.#take(frame)
    return true
  }

  #take({ type, flags, method, id, payload }: Received): void {
    switch (type) {
      case CALL:
        return this.#answerer.answer(id, method, flags, payload)
      case NAME:
        return this.#answerer.name(method, Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8'))
      case VALUE:
        return this.#caller.succeeded(id, payload)
      case FAILED:
        return this.#caller.failed(id, payload)
      case STREAM:
        return this.#caller.beginStream(id)
      case ITEM:
        return this.#caller.item(id, payload)
      case END:
        return this.#caller.endStream(id)
      case PULL:
        return this.#answerer.pull(id, method)
      case CANCEL:
        return this.#answerer.stop(id, decodeThrown(payload, this.#classes))
      default:
        throw foreign(`a frame of type ${type}`)
    }
  }

  close(reason?: Error): void {
    this.#finish(reason ?? new CrosscoreError('ERR_CROSSCORE_CLOSED', 'this connection was closed'), reason)
  }

  /** Ends everything, once. */
  #finish(error: unknown, reason?: Error): void {
    if (this.#over) return
    this.#over = true
    this.#caller.end()
    const why = error ?? this.#goneError()
    this.#endpoint.close(reason)
    this.#sender.end()
    this.#answerer.stopAll(why)
    this.#caller.rejectAll(why)
    this.#end()
  }

  #goneError(): Error {
    return this.#endpoint.consumer.reason ?? new CrosscoreError('ERR_CROSSCORE_CLOSED', 'the other end is gone: it was closed, or its thread has ended')
  }
}

/** Every property is a function that calls the handler of that name; one object for each name. */
function remoteOf(connection: Connection, options: CallOptions | undefined): object {
  const functions = new Map<string, (...args: unknown[]) => Promise<unknown>>()
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
