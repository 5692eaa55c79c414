// Fixed slots, and runs of them that pass the end of the ring.
//
// JavaScript sees the ring's memory twice as long as it is, and a run simply goes on into the second half. On mirrored
// memory that is the same memory. On the heap it is not, and these copies make up for it. Whoever owns such a run owns
// the last slot of the ring and the first ones, and with them the part of the second half that stands for them: the
// other side cannot be using it. INV-JS-6, INV-NODE-3.

import { copyWithin, type NumericView } from '../environment/intrinsics.js'

/** Producer, before it publishes: brings what was written behind the end of a heap ring to its start. */
export function foldDown(view: NumericView, capacity: number, end: number): void {
  if (end > capacity) copyWithin(view, 0, capacity, end)
}

/** Consumer, before it shows a view: continues a heap ring behind its end with what is at its start. */
export function unfoldUp(view: NumericView, capacity: number, end: number): void {
  if (end > capacity) copyWithin(view, capacity, 0, end - capacity)
}
