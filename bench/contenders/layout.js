// Memory of the hand-written rings: each cursor alone on 128 bytes (two lines, because the prefetcher of x86-64
// fetches pairs, and the line of many AArch64 cores is that long), then the slots.

/** Indexes into the Int32Array of cursors. */
export const TAIL = 0;
export const HEAD = 32;
export const SLOTS_OFFSET = 256;

/** @param {number} bytes */
export function allocate(bytes) {
  return new SharedArrayBuffer(SLOTS_OFFSET + bytes);
}

/** @param {SharedArrayBuffer} memory */
export function cursorsOf(memory) {
  return new Int32Array(memory, 0, SLOTS_OFFSET / 4);
}
