// AbortSignals, told by their behaviour: test runners replace the class.

import * as events from 'node:events'
import { checkOptionsObject, invalidArgument } from '../environment/errors.js'
import type { AbortSignalLike } from '../../index.js'

// Survives a listener that stops the event, which `addEventListener` does not. In every Node that is supported.
const { addAbortListener } = events as unknown as {
  addAbortListener(signal: AbortSignalLike, listener: () => void): { [Symbol.dispose](): void }
}
const dispose: typeof Symbol.dispose = Symbol.dispose

/** As the errors of Node's own promises: its cause is the signal's reason. */
export function abortError(signal: AbortSignalLike): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason })
  Object.defineProperty(error, 'name', { value: 'AbortError', configurable: true, writable: true })
  return Object.assign(error, { code: 'ABORT_ERR' })
}

/** The signal among the options. */
export function signalOf(options: unknown): AbortSignalLike | undefined {
  const { signal } = checkOptionsObject(options, '{ signal }')
  if (signal === undefined) return undefined
  if (typeof signal === 'object' && signal !== null && 'aborted' in signal && 'addEventListener' in signal) {
    return signal as AbortSignalLike
  }
  throw invalidArgument('options.signal', 'an AbortSignal', signal)
}

interface Watch {
  readonly listeners: Set<() => void>
  readonly registered: { [Symbol.dispose](): void }
}

/** One listener for each signal, however many waits it ends: Node warns of more than ten. */
const watches = new WeakMap<AbortSignalLike, Watch>()

/** Calls `listener` when the signal aborts; what it returns takes the listener away. */
export function onAbort(signal: AbortSignalLike, listener: () => void): () => void {
  let watch = watches.get(signal)
  if (watch === undefined) {
    const listeners = new Set<() => void>()
    const registered = addAbortListener(signal, () => {
      for (const each of listeners) each()
    })
    watch = { listeners, registered }
    watches.set(signal, watch)
  }
  const { listeners, registered } = watch
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    registered[dispose]()
    watches.delete(signal)
  }
}
