// Pushing several messages: from an array, or from an iterator.

import { owe } from '../environment/turn.js'
import type { FramedWriter } from '../layout/framed.js'
import { FLAGS } from '../native/control.js'
import { putBack, takeNext } from '../handle/leftover.js'
import type { Port } from '../handle/port.js'

/** Writes one message, the `at`th of several; false if there is no room for it. */
export type WriteMessage<T> = (message: T, at: number) => boolean

/** As many of `messages`, from index `from` on, as there is room for. Publishes them once. */
export function pushMessageList<T>(port: Port, writer: FramedWriter, messages: readonly T[], from: number, length: number, write: WriteMessage<T>): number {
  let count = 0
  try {
    while (from + count < length && write(messages[from + count]!, from + count)) {
      // A getter of the array may wait for a ring in this thread.
      owe(writer.native)
      count++
    }
  } finally {
    // If something was thrown, that is what is heard.
    if (port.isOpen) writer.publish()
  }
  if (port.isOpen && writer.words[FLAGS] !== 0) port.refuse()
  return count
}

/** Until the iterator ends or there is no room. The message that found none is kept and comes first next time. */
export function pushMessagesFrom<T>(port: Port, writer: FramedWriter, iterator: Iterator<T>, at: number, write: WriteMessage<T>): number {
  // Before a message is taken.
  port.checkIdle()
  let count = 0
  try {
    for (;;) {
      const next = takeNext(iterator)
      if (next.done) break
      // The iterator is code of the program, and may have used this producer meanwhile.
      port.checkIdle()
      if (!write(next.value, at + count)) {
        putBack(iterator, next.value)
        break
      }
      // Not published yet; but if the iterator waits for a ring in this thread, it will be.
      owe(writer.native)
      count++
    }
  } finally {
    // What was taken is published, whatever the iterator did; if it threw, that is what is heard.
    if (port.isOpen) writer.publish()
  }
  if (port.isOpen && writer.words[FLAGS] !== 0) port.refuse()
  return count
}
