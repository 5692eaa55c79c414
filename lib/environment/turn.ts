// What this thread owes to other threads, and when it pays.
//
// A handle that has finished with slots and not told the other side puts itself on the environment's list. Any empty
// poll, full push or wait of any handle in this thread pays the whole list, so that two rings in ping-pong never wait
// for each other; the end of the turn of the event loop pays it at the latest (INV-JS-4). The list lies in the
// environment's block, which every copy of this package in the thread shares.

import { environment, type NativeHandle } from '../native/addon.js'
import { OWED_COUNT, OWED_LIST, OWED_ROOM, OWING, SCHEDULED, SINCE_TURN } from '../native/control.js'

const { settle, setImmediate, words } = environment

/** Puts a handle on the list, unless it is there. */
export function owe(native: NativeHandle): void {
  if (native.words[OWING] !== 0) return
  if (words[OWED_COUNT]! >= OWED_ROOM) settle()
  native.words[OWING] = 1
  const count = words[OWED_COUNT]!
  words[OWED_LIST + count] = native.slot
  words[OWED_COUNT] = count + 1
  if (words[SCHEDULED] !== 1) {
    words[SCHEDULED] = 1
    setImmediate(endOfTurn)
  }
}

/** Pays off everything; whether there was anything that others had not been told. */
export function settleThread(): boolean {
  return words[OWED_COUNT] !== 0 && settle()
}

function endOfTurn(): void {
  words[SCHEDULED] = 0
  settleThread()
}

/** Work that is done on microtasks alone before the event loop gets a turn. An element counts 1. */
const MOST_WITHOUT_TURN = 1024

/**
 * Counts work that a promise is about to give without a turn of the event loop; true when a turn is due. Settled
 * promises never leave the microtask queue: without this, a loop over a ring that is never empty would starve timers
 * and sockets.
 */
export function turnIsDue(work: number): boolean {
  const since = words[SINCE_TURN]! + work
  const due = !(since < MOST_WITHOUT_TURN)
  words[SINCE_TURN] = due ? 0 : since
  return due
}

/** Resolves with `value` after the event loop had its turn. */
export function nextTurn<T>(value: T): Promise<T> {
  // It is a wait like any other.
  settleThread()
  return new Promise((resolve) => {
    setImmediate(resolve, value)
  })
}
