// The stream that a producer writes: each element follows from its number, so that the other side can
// tell one that is lost, repeated, half written or never committed.

import { mixed } from './random.js'

// Primes, so that no lap of a ring looks like another.
const PERIOD = { u8: 113, i8: 113, u16: 32_749, i16: 32_749, u32: 2_147_483_629, i32: 2_147_483_629, f32: 16_777_213 }
/** What no stream holds: what a reservation is filled with before it is written. */
const POISON = { u8: 120, i8: 120, u16: 32_760, i16: 32_760, u32: 2 ** 31, i32: -1, f32: -1, f64: -1, i64: -1n, u64: 2n ** 64n - 1n }

const ARRAYS = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
}

/** The stream of a plan. */
export function streamOf({ ring: { of }, longest, words }) {
  if (of === 'bytes') return messages(longest, words)
  return of === 'string' ? strings(longest, words) : numbers(of)
}

function numbers(of) {
  const period = PERIOD[of]
  const big = of === 'i64' || of === 'u64'
  const at = big ? (i) => BigInt(i) + 7n : of === 'f64' ? (i) => i + 0.5 : (i) => i % period
  return {
    at,
    /** Several, as pushMany takes them fastest. */
    some: (from, count) => ARRAYS[of].from({ length: count }, (_, i) => at(from + i)),
    poison: POISON[of],
    room: () => 1,
    array: (length) => new ARRAYS[of](length),
    check(i, value) {
      if (value !== at(i)) throw new Error(`element ${i} is ${value} and not ${at(i)}`)
    },
  }
}

function messages(longest, words) {
  // Long enough for every length from every start, and a period that is no power of two.
  const pattern = Buffer.from(Array.from({ length: 256 + longest }, (_, i) => (i * 37 + (i >> 8)) & 255))
  const length = (i) => mixed(i ^ words) % (longest + 1)
  const at = (i) => {
    const start = i % 251
    return pattern.subarray(start, start + length(i))
  }
  return {
    at,
    some: (from, count) => Array.from({ length: count }, (_, i) => at(from + i)),
    poison: 0xee,
    room: length,
    check(i, message) {
      const expected = at(i)
      if (message.length !== expected.length || Buffer.compare(message, expected) !== 0) {
        throw new Error(`message ${i} has ${message.length} bytes and not the ${expected.length} that it should, or other ones`)
      }
    },
  }
}

/** What strings are made of, with the bytes that a unit takes at most: one byte a unit in V8 or two, ASCII, or text that UTF-8 cannot hold. */
const SCRIPTS = [
  { units: 'It was the best of times, it was the worst of times. ', size: 1 },
  { units: 'Große Straße in Übersee, déjà vu; ', size: 2 },
  { units: '漢字かな交じり文と😀, and so on; ', size: 3 },
  { units: 'half a pair \ud83d, the other \ude00; ', size: 3 },
]

function strings(longest, words) {
  const texts = SCRIPTS.map(({ units }) => units.repeat(Math.ceil((256 + longest) / units.length)))
  const at = (i) => {
    const random = mixed(i ^ words)
    const which = random & 3
    const length = Math.floor((random % (longest + 1)) / SCRIPTS[which].size)
    const start = i % 251
    const text = texts[which].substring(start, start + length)
    if (length < 8) return text
    // As V8 has it: in one piece, as a part of another, in two pieces, and in more.
    const cut = 1 + (random % (length - 1))
    const form = (random >>> 2) & 3
    if (form === 0) return Buffer.from(text, 'utf16le').toString('utf16le')
    if (form === 1) return text
    if (form === 2) return text.substring(0, cut) + text.substring(cut)
    let pieces = text.substring(0, 1)
    for (let k = 1; k < 7; k++) pieces += text.substring(k, k + 1)
    return pieces + text.substring(7)
  }
  const room = (i) => {
    const text = at(i)
    return text.isWellFormed() ? Buffer.byteLength(text) : 2 * text.length
  }
  return {
    at,
    some: (from, count) => Array.from({ length: count }, (_, i) => at(from + i)),
    room,
    check(i, text) {
      const expected = at(i)
      if (text !== expected) throw new Error(`message ${i} is a string of ${text.length} units and not the one of ${expected.length} that it should be`)
    },
  }
}
