// What an end is closed with, and how the other end hears of it.

import { CrosscoreError } from '../../index.js'

/** A handle as far as closing goes. */
interface Closable {
  close(reason?: unknown): void
  /** What the other end was closed with. */
  readonly reason?: unknown
}

/** Closes a handle; an error goes across as the reason, whatever the handle's type says of `close`. */
export function closeWith(handle: object, reason: unknown): void {
  if (reason === undefined || reason === null) (handle as Closable).close()
  else (handle as Closable).close(reason instanceof Error ? reason : new Error(String(reason), { cause: reason }))
}

/** The error with which the other end was closed. */
export function reasonOf(handle: object): Error | undefined {
  const { reason } = handle as Closable
  return reason instanceof Error ? reason : undefined
}

/** What a refused write is told as: the reason why the reader went, where it gave one. */
export function writeError(handle: object, error: unknown): unknown {
  const closed = error instanceof CrosscoreError && error.code === 'ERR_CROSSCORE_CLOSED'
  return (closed ? reasonOf(handle) : undefined) ?? error
}

/** As Node's streams say it: the stream went before it had ended. */
export function prematureClose(): Error {
  return Object.assign(new Error('Premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
}

export function consumerGone(): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_CLOSED', 'the consumer is gone: it was closed, or its thread has ended')
}
