// What this thread owes to other threads, and when it pays.
//
// A handle that has finished with slots but not yet told the other side puts itself on a list. The
// list is paid off by any empty poll, full push or wait of any handle in this thread, so that two
// rings in ping-pong never wait for each other, and at the latest at the end of the turn of the
// event loop (INV-JS-4).

import * as timers from 'node:timers'

// As it is when the package is loaded: tests of a program may replace it later by one that does not come.
const { setImmediate } = timers

/** Something that can publish or release what it has pending. */
export interface Debtor {
  /** Publishes or releases what is pending; tells whether there was anything. Does not throw. */
  settle(): boolean
}

/** Takes the place of a handle that has left the list: a list that shrinks and grows costs V8 a call each time. */
const NOBODY: Debtor = { settle: () => false }
const debtors: Debtor[] = []
let count = 0
let scheduled = false

/** Puts a handle on the list. It must not be on it already. */
export function owe(debtor: Debtor): void {
  debtors[count] = debtor
  count++
  if (!scheduled) {
    scheduled = true
    setImmediate(endOfTurn)
  }
}

/** Pays off everything; tells whether there was anything that others had not been told. */
export function settleThread(): boolean {
  if (count === 0) return false
  let settled = false
  // In the order in which they came to owe, so that what one thread sent first is there first. Nobody is
  // added meanwhile: to settle is one crossing, and calls no code of the program's.
  for (let i = 0; i < count; i++) {
    const debtor = debtors[i]!
    debtors[i] = NOBODY
    if (debtor.settle()) settled = true
  }
  count = 0
  return settled
}

function endOfTurn(): void {
  scheduled = false
  settleThread()
}

/** Work that is done on microtasks alone before the event loop gets a turn. An element counts 1. */
const MOST_WITHOUT_TURN = 1024
let sinceTurn = 0

/**
 * Counts work that a promise is about to give without a turn of the event loop; true when a turn is
 * due. Without it a loop over a ring that is never empty would keep timers and sockets waiting for ever,
 * since promises that are settled already never leave the microtask queue.
 */
export function turnIsDue(work: number): boolean {
  sinceTurn += work
  if (sinceTurn < MOST_WITHOUT_TURN) return false
  sinceTurn = 0
  return true
}

/** Resolves with `value` after the event loop had its turn. */
export function nextTurn<T>(value: T): Promise<T> {
  // It is a wait like any other.
  settleThread()
  return new Promise((resolve) => {
    setImmediate(resolve, value)
  })
}
