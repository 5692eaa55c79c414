// One 1080p RGBA frame. It carries its number at the start of every 64 KiB block and in its last four bytes;
// the consumer reads them all, so it touches the whole length without the reading itself being the benchmark.

import { lost } from './sequence.js';

export const FRAME_BYTES = 1920 * 1080 * 4;
const STRIDE_WORDS = (64 * 1024) / 4;

/**
 * @param {Int32Array} words view of the whole frame
 * @param {number} seq
 */
export function stampFrame(words, seq) {
  for (let i = 0; i < words.length; i += STRIDE_WORDS) words[i] = seq;
  words[words.length - 1] = ~seq;
}

/**
 * @param {Int32Array} words view of the whole frame
 * @param {number} seq
 */
export function checkFrame(words, seq) {
  if (words.length !== FRAME_BYTES / 4) lost(`${FRAME_BYTES} bytes`, `${words.length * 4} bytes`);
  for (let i = 0; i < words.length; i += STRIDE_WORDS) if (words[i] !== seq) lost(seq, words[i]);
  if (words[words.length - 1] !== ~seq) lost(~seq, words[words.length - 1]);
}

/**
 * Words over bytes that somebody else lent us; frames are sent at 4-byte alignment by every contender.
 *
 * @param {Uint8Array} bytes
 */
export function wordsOf(bytes) {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
}

export function frames() {
  const frame = new Uint8Array(FRAME_BYTES);
  const words = wordsOf(frame);
  return (/** @type {number} */ seq) => {
    stampFrame(words, seq);
    return frame;
  };
}

export const checkFrames = () => (/** @type {Uint8Array} */ frame, /** @type {number} */ seq) => checkFrame(wordsOf(frame), seq);
