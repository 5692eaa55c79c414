// AbortSignals, as Node's own promises take them.

import { CrosscoreError } from '../../index.js'

export function checkSignal(signal: unknown): AbortSignal {
  if (signal instanceof AbortSignal) return signal
  throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', `signal must be an AbortSignal; got ${typeof signal}`)
}

/** An AbortError whose cause is the signal's reason. */
export function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason })
  Object.defineProperty(error, 'name', { value: 'AbortError', configurable: true, writable: true })
  return Object.assign(error, { code: 'ABORT_ERR' })
}
