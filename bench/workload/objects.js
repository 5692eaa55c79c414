// Small objects as programs post them: an event with a few fields, a list and an object within. Pooled, and numbered before
// each is sent; who receives looks at the number, a string and what lies deepest.

import { pack, unpack } from 'msgpackr';
import { lost } from './sequence.js';

const OBJECTS = 256;

function makeObjects() {
  return Array.from({ length: OBJECTS }, (_, i) => ({
    id: 0,
    type: 'order.created',
    user: `user-${i}`,
    ok: i % 3 !== 0,
    total: i + 0.25,
    tags: ['new', `batch-${i & 7}`],
    at: { line: i, column: 7 },
  }));
}

export function objects() {
  const pool = makeObjects();
  return (/** @type {number} */ seq) => {
    const object = pool[seq & (OBJECTS - 1)];
    object.id = seq;
    return object;
  };
}

/** What a worker posts when a job is done, made anew each time. */
export function smallObjects() {
  return (/** @type {number} */ seq) => ({ id: seq, type: 'done', ms: (seq & 1023) / 2 });
}

/** @param {(seq: number) => object} objectAt */
const texts = (objectAt) => (/** @type {number} */ seq) => JSON.stringify(objectAt(seq));

/** As JSON text, which is what those post who have found structured clone slow. */
export const objectTexts = () => texts(objects());
export const smallObjectTexts = () => texts(smallObjects());

export function checkObjects() {
  const pool = makeObjects();
  return (/** @type {any} */ object, /** @type {number} */ seq) => {
    const expected = pool[seq & (OBJECTS - 1)];
    const same = object.id === seq && object.user === expected.user && object.tags[1] === expected.tags[1] && object.at.line === expected.at.line;
    if (!same) lost(JSON.stringify({ ...expected, id: seq }), JSON.stringify(object));
  };
}

export function checkSmallObjects() {
  const objectAt = smallObjects();
  return (/** @type {any} */ object, /** @type {number} */ seq) => {
    const expected = objectAt(seq);
    const same = object.id === seq && object.type === expected.type && object.ms === expected.ms;
    if (!same) lost(JSON.stringify(expected), JSON.stringify(object));
  };
}

/** @param {(object: any, seq: number) => void} check */
const parsed = (check) => (/** @type {string} */ text, /** @type {number} */ seq) => check(JSON.parse(text), seq);

export const checkObjectTexts = () => parsed(checkObjects());
export const checkSmallObjectTexts = () => parsed(checkSmallObjects());

/** A codec as a program would write it. */
export const msgpackr = {
  /**
   * @param {any} value
   * @param {Uint8Array} target
   */
  encode(value, target) {
    const bytes = pack(value);
    if (bytes.length <= target.length) target.set(bytes);
    return bytes.length;
  },
  decode: unpack,
};
