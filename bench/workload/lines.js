// 64-character log lines, ASCII as most log lines are. Pooled: a line is told from its neighbours by its number,
// so a loss or a change of order shows unless it is a multiple of the pool's size; the total is counted as well.

import { lost } from './sequence.js';

export const LINE_LENGTH = 64;
const LINES = 1024;

/** Where the last two digits of a line's number are. */
const TENS = 31;
const UNITS = 32;

/** To compare a whole line costs as much as its way: every so many. A power of two. */
const WHOLE = 64;

/**
 * By way of a buffer: a rope of concatenations would be timed at its first use, and a part of another string keeps all of it.
 *
 * @param {string} text
 */
function flat(text) {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** @returns {string[]} */
function makeLines() {
  return Array.from({ length: LINES }, (_, i) => {
    const number = String(i).padStart(4, '0');
    const line = `{"level":30,"time":1795500000${number},"msg":"request ${number} served"}`;
    return flat(line.padEnd(LINE_LENGTH - 1, '.') + '\n');
  });
}

export function lines() {
  const pool = makeLines();
  return (/** @type {number} */ seq) => pool[seq & (LINES - 1)];
}

/** The same lines as a template leaves them: in two parts, which V8 has not put together. */
export function linesInParts() {
  const pool = makeLines();
  const starts = pool.map((line) => flat(line.slice(0, LINE_LENGTH / 2)));
  const ends = pool.map((line) => flat(line.slice(LINE_LENGTH / 2)));
  return (/** @type {number} */ seq) => `${starts[seq & (LINES - 1)]}${ends[seq & (LINES - 1)]}`;
}

/** Length and two characters of each, all of every 64th; the same for all contenders. */
export function checkLines() {
  const checkIn = checkLinesIn();
  return (/** @type {string} */ line, /** @type {number} */ seq) => {
    if (line.length !== LINE_LENGTH) lost(`${LINE_LENGTH} characters`, `${line.length} characters`);
    checkIn(line, 0, seq);
  };
}

/** As checkLines, for a line that is part of a text. */
export function checkLinesIn() {
  const pool = makeLines();
  const tens = Uint8Array.from(pool, (line) => line.charCodeAt(TENS));
  const units = Uint8Array.from(pool, (line) => line.charCodeAt(UNITS));
  return (/** @type {string} */ text, /** @type {number} */ at, /** @type {number} */ seq) => {
    const i = seq & (LINES - 1);
    const same =
      text.charCodeAt(at + UNITS) === units[i] &&
      text.charCodeAt(at + TENS) === tens[i] &&
      ((seq & (WHOLE - 1)) !== 0 || text.startsWith(pool[i], at));
    if (!same) lost(pool[i], text.slice(at, at + LINE_LENGTH));
  };
}
