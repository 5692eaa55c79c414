// What both threads know.

export const RATE = 48_000
/** Frames. */
export const BLOCK = 128

/** A tone on the left, another on the right: the sample of a frame, as a 32-bit float. */
export function sample(frame, channel) {
  return Math.fround(0.5 * Math.sin((2 * Math.PI * (channel === 0 ? 440 : 660) * frame) / RATE))
}
