// What an end is closed with, and how the other end hears of it.

import { CrosscoreError } from '../environment/errors.js'

/** A handle as far as closing goes. */
interface Closable {
  close(reason?: Error): void
  /** What the other end was closed with. */
  readonly reason: Error | undefined
}

/** Closes a handle with whatever a program gave as its reason. */
export function closeWith(handle: Closable, reason: unknown): void {
  if (reason === undefined || reason === null) handle.close()
  else handle.close(reason instanceof Error ? reason : new Error(String(reason)))
}

/** What a refused write is told as: the reason why the reader went, where it gave one. */
export function writeError(handle: Closable, error: unknown): unknown {
  const closed = error instanceof CrosscoreError && error.code === 'ERR_CROSSCORE_CLOSED'
  return (closed ? handle.reason : undefined) ?? error
}

/** As Node's streams say it: the stream went before it had ended. */
export function prematureClose(): Error {
  return Object.assign(new Error('Premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
}

export function consumerGone(): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_CLOSED', 'the consumer is gone: it was closed, or its thread has ended')
}
