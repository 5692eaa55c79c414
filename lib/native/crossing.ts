// The hot crossings, by whichever lane there is: what a push or a pop calls.
//
// Where the express lane is off, or misses (V8 calls a fast function from optimised code only), its functions return
// `undefined` and the crossing is made through Node-API.

import {
  FAST_LOOK,
  FAST_PUBLISH,
  FAST_PUSH_BYTES,
  FAST_PUSH_NUMBER,
  FAST_PUSH_STRING,
  FAST_WRITE_STRING,
  type NativeHandle,
} from './addon.js'
import { FLAG_CORRUPT, FLAGS, KNOWN, PENDING_MESSAGES } from './control.js'

// Constants of the module that calls them: so V8 knows the callee where it compiles a call.
const fastPublish = FAST_PUBLISH
const fastLook = FAST_LOOK

// Producers and consumers have functions of their own, alike as they are: V8 makes a Node-API call twice as quick where it has
// met one callee only (9 ns instead of 20), and learns that for each function.

/** A producer publishes what is pending. 0, or the FLAG_ bits that are raised. */
export function publish(native: NativeHandle): number {
  const flags = fastPublish(native.number, 0)
  if (flags !== undefined) return flags
  // A block that a program has taken away cannot tell of flags, nor of what was pending in it.
  if (native.publish() === undefined) return native.words.length === 0 ? FLAG_CORRUPT : 0
  return native.words[FLAGS] ?? FLAG_CORRUPT
}

/** `publish` by the number of a handle, on the express lane alone: anything but 0 says that `publish` is to be asked. */
export const publishNumbered = FAST_PUBLISH

/** `publish` of what is pending, among it a message that was not counted. */
export function publishMessage(native: NativeHandle): number {
  const flags = fastPublish(native.number, 1)
  if (flags !== undefined) return flags
  const words = native.words
  words[PENDING_MESSAGES]! += 1
  if (native.publish() === undefined) return words.length === 0 ? FLAG_CORRUPT : 0
  return words[FLAGS] ?? FLAG_CORRUPT
}

/**
 * Writes a number into the ring and publishes it. 1; or 0 or undefined if it was not written: on the Node-API lane, without
 * room, where the kind does not hold it, where the producer stops.
 */
export const pushNumber = FAST_PUSH_NUMBER

/**
 * Writes a string into the ring, counts it as pending and publishes if that is due. The bytes that it takes; 0 or undefined if
 * it was not written: on the Node-API lane, as the first of a turn that owes a publication, without room for the longest that
 * it may be, in many or long pieces.
 */
export const pushString = FAST_PUSH_STRING

/** As `pushString`, and publishes nothing. */
export const writeString = FAST_WRITE_STRING

/**
 * As `pushString`, the bytes of a Uint8Array. 0 or undefined for what is none, too; for no bytes or many, for those that do not
 * begin at a multiple of 8 of their memory, or whose number may change.
 */
export const pushBytes = FAST_PUSH_BYTES

/** A consumer gives back what is pending. 0, or the FLAG_ bits that are raised. */
export function release(native: NativeHandle): number {
  const flags = fastPublish(native.number, 0)
  if (flags !== undefined) return flags
  if (native.publish() === undefined) return native.words.length === 0 ? FLAG_CORRUPT : 0
  return native.words[FLAGS] ?? FLAG_CORRUPT
}

/**
 * A producer publishes what is pending and looks at the consumer's cursor: bytes free, or -1 if a flag is raised. KNOWN and
 * FLAGS hold what was found either way.
 */
export function lookForRoom(native: NativeHandle): number {
  const known = fastLook(native.number)
  if (known !== undefined) return known
  return native.look() === undefined ? (native.words[KNOWN] ?? -1) : -1
}

/** A consumer gives back what is pending and looks at the producer's cursor: bytes available, or -1 as above. */
export function lookForData(native: NativeHandle): number {
  const known = fastLook(native.number)
  if (known !== undefined) return known
  return native.look() === undefined ? (native.words[KNOWN] ?? -1) : -1
}
