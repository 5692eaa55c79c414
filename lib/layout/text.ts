// How text lies in a message, and the ways in and out.
//
// UTF-8, so that Rust reads it as &str. The second word of the header says what the bytes are: ASCII, which is decoded
// fastest; UTF-8; or UTF-16 for the few strings that UTF-8 cannot hold, those with a surrogate that has no partner, and
// those that Node would not read back from it. So any JavaScript string arrives as it was.

import { Buffer, constants } from 'node:buffer'
import { tooLarge } from '../environment/errors.js'
import { uncurried } from '../environment/intrinsics.js'
import { type FramedWriter, HEADER, sizeOf } from './framed.js'

/** What the bytes of a message are. */
export const BYTES = 0
export const ASCII = 1
export const UTF8 = 2
export const UTF16 = 3

// Node's own crossings into V8: `toString` and `write` come to these, after a look at the name of the encoding.
type Slice = (buffer: Uint8Array, start: number, end: number) => string
type Write = (buffer: Uint8Array, text: string, offset: number, length: number) => number
const prototype = Buffer.prototype as unknown as Record<string, unknown>
const latin1Slice: Slice = uncurried(prototype['latin1Slice'])
const utf8Slice: Slice = uncurried(prototype['utf8Slice'])
const ucs2Slice: Slice = uncurried(prototype['ucs2Slice'])
const utf8Write: Write = uncurried(prototype['utf8Write'])
const ucs2Write: Write = uncurried(prototype['ucs2Write'])
const { byteLength, from } = Buffer
const isWellFormed: (text: string) => boolean = uncurried(
  (String.prototype as unknown as { isWellFormed: () => boolean }).isWellFormed,
)

/** Node makes no string of more bytes than a string can have characters, even where fewer characters come out. */
const LONGEST_UTF8 = constants.MAX_STRING_LENGTH

/** Whether a string goes as UTF-8. */
function isUtf8(text: string): boolean {
  return isWellFormed(text) && (3 * text.length <= LONGEST_UTF8 || byteLength(text, 'utf8') <= LONGEST_UTF8)
}

/** A Buffer over memory, which is what Node's functions take. */
export function textView(memory: ArrayBuffer): Uint8Array {
  return from(memory)
}

/** How many bytes a string takes in a message. */
function lengthOfText(text: string): number {
  return isUtf8(text) ? byteLength(text, 'utf8') : 2 * text.length
}

/**
 * Writes a string to `at`, where there is room for `room` bytes. Returns its length in bytes and says in the header's
 * second word what they are; -1 if it may not fit, and then nothing has changed but bytes that nobody reads.
 */
export function writeText(writer: FramedWriter, view: Uint8Array, text: string, room: number): number {
  const units = text.length
  // No unit takes more than three bytes. Where those are not free, the length has to be known first.
  if (3 * units > room && lengthOfText(text) > room) return -1
  const at = writer.payload
  let length = utf8Write(view, text, at, room)
  let what = ASCII
  if (length !== units) {
    what = UTF8
    if (!isUtf8(text)) {
      length = ucs2Write(view, text, at, room)
      what = UTF16
    }
  }
  writer.describe(what)
  return length
}

/** As `writeText`, for a string that may not fit: `look` finds out how many bytes are free. -1 if there is no room. */
export function writeLongText(
  writer: FramedWriter,
  view: Uint8Array,
  text: string,
  what: string,
  look: (wanted: number) => number,
): number {
  const length = lengthOfText(text)
  if (length > writer.longest) throw tooLarge(what, length, writer.longest)
  const size = sizeOf(length)
  return writer.free < size && look(size) < size ? -1 : writeText(writer, view, text, writer.free - HEADER)
}

/** Reads a string of `length` bytes at `start`; undefined for bytes that are no text. */
export function readText(view: Uint8Array, start: number, length: number, what: number): string | undefined {
  switch (what) {
    case ASCII:
      return latin1Slice(view, start, start + length)
    case UTF8:
      return utf8Slice(view, start, start + length)
    case UTF16:
      return ucs2Slice(view, start, start + length)
    default:
      return undefined
  }
}

/** Many ASCII strings that lie one after another, with what is between them, as one. */
export function readRun(view: Uint8Array, start: number, end: number): string {
  return latin1Slice(view, start, end)
}
