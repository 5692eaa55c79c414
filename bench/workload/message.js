// Messages: the first four bytes carry the sequence number, the last four its complement, both little-endian; those
// of fewer than eight bytes carry as much of the number as there is room for, in every byte.
// So a consumer that reads both and the length has seen the right message from its beginning to its end, at a
// price (a few nanoseconds) that is the same for every contender. Payloads are pooled: making them is not timed.

import { Random } from '../../faults/random.js';
import { lost } from './sequence.js';

/** Power of two, so that a contender picks its next payload by a mask. */
export const POOL = 256;
export const POOL_MASK = POOL - 1;

const LARGE_FROM = 4096;
const FEW_LARGE = 4;

/**
 * @param {number} size
 * @returns {(index: number) => number}
 */
function fixedSize(size) {
  return () => size;
}

/**
 * 16 B to 4 KiB, every size equally likely on a logarithmic scale: what log lines, events and small RPC bodies
 * look like, and not only multiples of eight. The generator is fixed, so all contenders carry the same bytes.
 *
 * @param {number} index
 */
export function mixedSize(index) {
  return MIXED[index & POOL_MASK];
}

const MIXED = (() => {
  const sizes = new Int32Array(POOL);
  const random = new Random(1);
  for (let i = 0; i < POOL; i++) sizes[i] = Math.round(16 * 2 ** (random.fraction() * 8));
  // Both ends of the range are met for certain.
  sizes[0] = 16;
  sizes[POOL - 1] = 4096;
  return sizes;
})();

/**
 * @param {number | 'mixed'} size
 * @returns {(index: number) => number}
 */
export function sizeOf(size) {
  return size === 'mixed' ? mixedSize : fixedSize(size);
}

/** @param {number | 'mixed'} size */
export function largest(size) {
  return size === 'mixed' ? 4096 : size;
}

/**
 * The producer's pool. `bytes[i]` and `views[i]` look at the same message.
 *
 * @param {number | 'mixed'} size
 */
export function makePool(size) {
  const lengthAt = sizeOf(size);
  /** @type {Uint8Array[]} */ const bytes = [];
  /** @type {DataView[]} */ const views = [];
  for (let i = 0; i < POOL; i++) {
    // Of large messages a few do: the pool must not be larger than what a program would have at hand.
    if (i >= FEW_LARGE && largest(size) > LARGE_FROM) {
      bytes.push(bytes[i % FEW_LARGE]);
      views.push(views[i % FEW_LARGE]);
      continue;
    }
    const message = new Uint8Array(lengthAt(i));
    for (let j = 0; j < message.length; j++) message[j] = (i * 31 + j * 7) & 0xff;
    bytes.push(message);
    views.push(new DataView(message.buffer));
  }
  return { bytes, views };
}

/**
 * @param {DataView} view
 * @param {number} seq
 */
export function stamp(view, seq) {
  if (view.byteLength < 8) {
    for (let i = 0; i < view.byteLength; i++) view.setUint8(i, seq >> (8 * i));
    return;
  }
  view.setInt32(0, seq, true);
  view.setInt32(view.byteLength - 4, ~seq, true);
}

/**
 * For contenders that hand out a view of one message.
 *
 * @param {Uint8Array} bytes
 * @param {number} length
 * @param {number} seq
 */
export function check(bytes, length, seq) {
  if (bytes.length !== length) lost(`${length} bytes`, `${bytes.length} bytes`);
  if (length < 8) {
    for (let i = 0; i < length; i++) if (bytes[i] !== ((seq >> (8 * i)) & 0xff)) lost(seq, bytes[i]);
    return;
  }
  const front = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24);
  if (front !== seq) lost(seq, front);
  const back = bytes[length - 4] | (bytes[length - 3] << 8) | (bytes[length - 2] << 16) | (bytes[length - 1] << 24);
  if (back !== ~seq) lost(~seq, back);
}

/**
 * For contenders that visit messages in the ring's own memory.
 *
 * @param {DataView} memory
 * @param {number} offset
 * @param {number} length
 * @param {number} seq
 */
export function checkAt(memory, offset, length, seq) {
  if (length < 8) {
    for (let i = 0; i < length; i++) if (memory.getUint8(offset + i) !== ((seq >> (8 * i)) & 0xff)) lost(seq, memory.getUint8(offset + i));
    return;
  }
  const front = memory.getInt32(offset, true);
  if (front !== seq) lost(seq, front);
  const back = memory.getInt32(offset + length - 4, true);
  if (back !== ~seq) lost(~seq, back);
}

/** @param {{ size: number | 'mixed' }} params */
export function messages({ size }) {
  const { bytes, views } = makePool(size);
  return (/** @type {number} */ seq) => {
    const index = seq & POOL_MASK;
    stamp(views[index], seq);
    return bytes[index];
  };
}

/** @param {{ size: number | 'mixed' }} params */
export function checkMessages({ size }) {
  const lengthAt = sizeOf(size);
  return (/** @type {Uint8Array} */ message, /** @type {number} */ seq) => check(message, lengthAt(seq), seq);
}

/**
 * As checkMessages, for messages that are visited where they lie.
 *
 * @param {{ size: number | 'mixed' }} params
 */
export function checkMessagesIn({ size }) {
  const lengthAt = sizeOf(size);
  return (/** @type {DataView} */ memory, /** @type {number} */ offset, /** @type {number} */ length, /** @type {number} */ seq) => {
    if (length !== lengthAt(seq)) lost(`${lengthAt(seq)} bytes`, `${length} bytes`);
    checkAt(memory, offset, length, seq);
  };
}
