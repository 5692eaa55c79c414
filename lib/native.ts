// The addon, as the rest of lib/ sees it.

import * as addon from '../native.js'

/** A handle in this thread: functions that are bound to it, and what is known of its ring. */
export interface NativeHandle {
  /**
   * The publication edge: publishes (producer) or releases (consumer) the pending bytes. Returns `true` if a flag is
   * raised, so that who crosses for each element need not read the control block again to know that none is.
   */
  readonly publish: () => true | undefined
  /** Producer: `publish()` of what is pending and of one element behind it. */
  readonly publishElement: () => true | undefined
  /** The publication edge, then a look at the other side's cursor. Returns what `publish` does. */
  readonly look: () => true | undefined
  /** Waits on this thread for a slice of time, at most 20 ms, then looks. */
  readonly block: () => void
  /** Installs what the doorbell calls. Once. */
  readonly listen: (callback: () => void) => void
  /** Publishes, and leaves the doorbell with the other side unless what is wanted is there. */
  readonly arm: () => void
  readonly disarm: () => void
  /** The doorbell keeps the event loop alive, or no longer. */
  readonly hold: () => void
  readonly letGo: () => void
  /** Writes the statistics into the control block. */
  readonly stats: () => void
  readonly close: () => void
  /** Empties the handle; 32 hexadecimal digits that stand for it. */
  readonly move: () => string
  /** A new ArrayBuffer over the ring. Only memory.ts calls this. */
  readonly memory: () => ArrayBuffer
  readonly control: ArrayBuffer
  /** In bytes. */
  readonly capacity: number
  /** Where the next slot is, in bytes from the start of the ring. */
  readonly offset: number
  readonly memoryKind: 'mirrored' | 'heap'
  /** The same string for both handles of one ring, and for no other ring that is alive. */
  readonly ring: string
  /** What `createRing` was told about the ring. */
  readonly description: string
}

export const createRing = addon.createRing as (
  capacity: number,
  memory: string,
  description: string,
) => { producer: NativeHandle; consumer: NativeHandle }

export const claim = addon.claim as (token: string, producer: boolean) => NativeHandle
