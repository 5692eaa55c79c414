// The control block: the words through which JavaScript and Rust pass numbers at a crossing.
// crates/crosscore-node/src/control.rs has the same table and the reason. INV-JS-2.

/** In: bytes that this side has finished with and not published or released. Written before anything else learns of them, so that even the thread's death publishes them. */
export const PENDING = 0
/** In: how many messages those bytes are, in rings that have messages. */
export const PENDING_MESSAGES = 1
/** Out: bytes free (producer) or available (consumer), after a look. */
export const KNOWN = 2
/** Out: the FLAG_ bits. They are raised and never lowered. */
export const FLAGS = 3

/** In: how many bytes a wait is for. */
export const WANTED = 4
/** In: how long a blocking wait may last, in microseconds. */
export const SLICE = 5
/** Out: 1 if the doorbell was left with the other side, 0 if there is nothing to wait for. */
export const ARMED = 6

/** In: the size of an element in bytes, which `publishElement` publishes besides what is pending. */
export const ELEMENT = 7

/** The other side has closed, or this one has. */
export const FLAG_CLOSED = 1
/** Consumer: everything that will ever come has been read. */
export const FLAG_DONE = 2
/** What this side claims to have written or read contradicts the cursors. */
export const FLAG_CORRUPT = 4

/** Where the statistics start, in bytes; they are doubles. */
const STATS_OFFSET = 32

/** The block as words. */
export function controlWords(block: ArrayBuffer): Uint32Array {
  return new Uint32Array(block, 0, 8)
}

/** The statistics in the block: sent, received, full, empty, high water (the first, second and last in bytes), messages sent, messages received. */
export function controlStats(block: ArrayBuffer): Float64Array {
  return new Float64Array(block, STATS_OFFSET, 7)
}
