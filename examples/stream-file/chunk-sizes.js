// The mix of message sizes: the same in every run, so that the ring and postMessage carry the same messages.

export const SMALLEST = 8
export const LARGEST = 65_536

/**
 * Gives one size at each call, from SMALLEST to LARGEST bytes. Each power of two is as likely as any other,
 * so that most messages are small and most bytes travel in large ones; the mean is about 7.5 KB.
 */
export function chunkSizes() {
  let state = 0x9e3779b9
  // xorshift32: integers only, hence alike on every machine.
  const random = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  return () => {
    const half = 2 ** (3 + (random() % 13))
    return half + (random() % (half + 1))
  }
}
