// Elements of both kinds of ring that wait in the same ways, each known by its number.

/** The kinds: numbers, and messages. */
export const kinds = ['f64', 'bytes']

/** What an element takes of the ring's capacity. */
export const size = { f64: 1, bytes: 16 }

/** The `i`-th element. */
export function element(of, i) {
  return of === 'f64' ? i + 0.5 : new Uint8Array(Float64Array.of(i).buffer)
}

/** Which one it is. */
export function numberOf(value) {
  return typeof value === 'number' ? value - 0.5 : new Float64Array(value.slice().buffer)[0]
}

/** Several, from the `from`-th on: as a typed array or an array of messages. */
export function elements(of, from, count) {
  const all = Array.from({ length: count }, (_, i) => element(of, from + i))
  return of === 'f64' ? Float64Array.from(all) : all
}

/** How many elements a ring holds. */
export function holds({ capacity }, of) {
  return capacity / size[of]
}
