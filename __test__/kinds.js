// The ten numeric kinds, with what each must carry unchanged and what it must refuse.

import { kindNames as table } from '../lib/kinds/table.js'

const max64 = 2n ** 64n - 1n

export const kinds = {
  u8: { array: Uint8Array, extremes: [0, 1, 127, 128, 255], refused: [-1, 256, 0.5, NaN, Infinity, -Infinity] },
  i8: { array: Int8Array, extremes: [-128, -1, 0, 1, 127], refused: [-129, 128, 0.5, NaN, Infinity, -Infinity] },
  u16: { array: Uint16Array, extremes: [0, 1, 255, 256, 65535], refused: [-1, 65536, 0.5, NaN, Infinity] },
  i16: { array: Int16Array, extremes: [-32768, -1, 0, 1, 32767], refused: [-32769, 32768, 0.5, NaN, Infinity] },
  u32: { array: Uint32Array, extremes: [0, 1, 2 ** 31, 2 ** 32 - 1], refused: [-1, 2 ** 32, 2 ** 53, 0.5, NaN, Infinity] },
  i32: { array: Int32Array, extremes: [-(2 ** 31), -1, 0, 1, 2 ** 31 - 1], refused: [-(2 ** 31) - 1, 2 ** 31, 0.5, NaN] },
  f32: {
    array: Float32Array,
    // The smallest and largest, normal and not; what no float32 holds is rounded, which numbers.spec.js checks.
    extremes: [0, -0, 1.5, NaN, Infinity, -Infinity, 2 ** -149, 2 ** -126, (2 - 2 ** -23) * 2 ** 127, -(2 ** -149)],
    refused: [],
  },
  f64: {
    array: Float64Array,
    extremes: [0, -0, NaN, Infinity, -Infinity, Number.MIN_VALUE, -Number.MIN_VALUE, Number.MAX_VALUE, 2 ** 53 + 2, 0.1],
    refused: [],
  },
  i64: { array: BigInt64Array, extremes: [-(2n ** 63n), -1n, 0n, 1n, 2n ** 63n - 1n], refused: [2n ** 63n, -(2n ** 63n) - 1n, max64] },
  u64: { array: BigUint64Array, extremes: [0n, 1n, 2n ** 63n, max64], refused: [-1n, max64 + 1n, 2n ** 128n] },
}

export const kindNames = Object.keys(kinds)

/** Kinds that are no numbers, with the specs that are theirs. */
const OTHERS = { bytes: 'messages.spec.js', string: 'strings.spec.js', json: 'encoded.spec.js', value: 'encoded.spec.js' }

// A kind that is added to the table of the package is to be tested.
const untested = table.filter((name) => !(name in OTHERS) && !kindNames.includes(name))
if (untested.length > 0) throw new Error(`kinds without a line in __test__/kinds.js: ${untested.join(', ')}`)

/** Whether the kind's elements are bigints. */
export function isBig(kind) {
  return kind === 'i64' || kind === 'u64'
}

/** The `i`-th of a sequence that any kind holds and that does not repeat within a lap of a small ring of bytes. */
export function nth(kind, i) {
  return isBig(kind) ? BigInt(i % 127) : i % 127
}
