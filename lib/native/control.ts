// The control block: the words through which JavaScript and Rust pass numbers at a crossing.
// crates/crosscore-node/src/control.rs has the same table and the reason. INV-JS-2.

/**
 * In and out: the position up to which this side has written or read, in bytes, modulo 2^32. What lies between DONE and it
 * is pending: finished with, and not published or released. Written before anything else learns of it, so that even the
 * thread's death publishes it. Rust moves it where it writes elements itself.
 */
export const AT = 0
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
/**
 * In: the position that a push or a pop must not come to by the quick way, in rings of numbers: the one after LIMIT at the
 * latest, and the next one while nothing may be written or read. Rust sets it to the next one when it settles what the
 * handle owes.
 */
export const STOP = 7
/** 1 while the handle is on the environment's list of those that owe a publication. Set when it is put there, cleared by `settle`. */
export const OWING = 8
/** In: encounters with a full or an empty ring since the last crossing, for the statistics. */
export const REFUSED = 9

/** Out: what the crossing of a string has found: bytes that it takes (producer), or its length in bytes (consumer). 0 says nothing. */
export const ANSWER = 10

/** Out: the position up to which this side has published or released. */
export const DONE = 11
/** Out: the position up to which this side may go, as of the last look. At most the capacity behind AT. */
export const LIMIT = 12

/** Bytes that are pending. */
export function pendingIn(words: Uint32Array): number {
  return (words[AT]! - words[DONE]!) >>> 0
}

/** The other side has closed, or this one has. */
export const FLAG_CLOSED = 1
/** Consumer: everything that will ever come has been read. */
export const FLAG_DONE = 2
/** What this side claims to have written or read contradicts the cursors. */
export const FLAG_CORRUPT = 4

/** Where the statistics start, in bytes. They are doubles, in the order of `STATS`. */
export const STATS_OFFSET = 56

/** The statistics by their place. Bytes, not elements, where it says so. */
export const STATS = {
  bytesSent: 0,
  bytesReceived: 1,
  bytesHighWater: 2,
  messagesSent: 3,
  messagesReceived: 4,
  fullRefusals: 5,
  emptyRefusals: 6,
  producerParks: 7,
  consumerParks: 8,
  producerWakes: 9,
  consumerWakes: 10,
  dropped: 11,
  /** Of the dropped ones, those before what this side reads or writes next. */
  passed: 12,
} as const
/** How many they are. */
export const STATS_COUNT = 13

// The environment's block: what all handles of a thread share.

/** How many entries the list of those that owe has. */
export const OWED_COUNT = 0
/** 1 while the settling at the end of the turn is scheduled. */
export const SCHEDULED = 1
/** Work on microtasks since the event loop had its turn. */
export const SINCE_TURN = 2
/** Where the list starts: the slots of the handles that owe. */
export const OWED_LIST = 8
/** How many fit. */
export const OWED_ROOM = 1000
