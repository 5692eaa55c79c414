// Both kinds of memory behind the one API. What holds on one must hold on the other, so most tests run on each.

import test from 'ava'

export const memories = ['mirrored', 'heap']

/** A test for each kind of memory: `run(t, memory)`. */
export function onBothMemories(title, run) {
  for (const memory of memories) test(`${title} (${memory})`, run, memory)
}
