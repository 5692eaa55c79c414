// One ArrayBuffer for each ring and thread.
//
// V8 does not promise to handle two ArrayBuffers of one isolate over the same address, so both
// handles of a ring that are in this thread share one (INV-JS-8). It is held weakly: the views keep it alive,
// and the memory goes with the last handle, view and token.

import type { NativeHandle } from './native.js'
import { fromNative } from './errors.js'

const buffers = new Map<string, WeakRef<ArrayBuffer>>()
const collected = new FinalizationRegistry<string>((ring) => {
  if (buffers.get(ring)?.deref() === undefined) buffers.delete(ring)
})

/** The ring's memory as this thread sees it: twice the capacity, the second half continuing the first. */
export function ringMemory(handle: NativeHandle): ArrayBuffer {
  const known = buffers.get(handle.ring)?.deref()
  if (known !== undefined) return known
  let buffer: ArrayBuffer
  try {
    buffer = handle.memory()
  } catch (error) {
    throw fromNative(error)
  }
  buffers.set(handle.ring, new WeakRef(buffer))
  collected.register(buffer, handle.ring)
  return buffer
}
