// How cost grows: not part of the plain run (`--growth` or `--case`), each point a case of its own.

import { LARGE } from './sizes.js';

/** Powers of two of elements in a ring. */
const POWERS = [8, 10, 12, 14, 16, 18, 20, 22, 24];

/** Several times round the largest ring, or its far end would never be touched. @param {number} capacity */
function laps(capacity) {
  return Math.max(4_000_000, capacity * 3);
}

/** Of that so much before the clock starts that every page has been touched, and 0.6 at least. @param {number} capacity */
function firstLap(capacity) {
  return Math.max(0.6, (1.2 * capacity) / laps(capacity));
}

/** @type {import('../harness/contract.js').Case[]} */
const capacities = POWERS.map((power) => {
  const capacity = 2 ** power;
  return {
    name: `growth-capacity-2^${power}`,
    title: `one f64 at a time, ring of 2^${power}`,
    about: 'Every number published by itself.',
    unit: 'ns',
    per: 'element',
    work: laps(capacity),
    warmUp: firstLap(capacity),
    growth: { axis: 'elements in the ring', x: capacity, group: 'f64 one at a time, by size of the ring' },
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'push-pop', params: { of: 'f64', capacity } },
      { system: 'tuned ring', contender: 'tuned-ring', shape: 'f64-one', params: { capacity } },
      { system: 'ringbuf.js', contender: 'ringbuf', shape: 'f64-one', params: { capacity }, work: 1_500_000 },
    ],
    aims: [],
  };
});

/** @type {import('../harness/contract.js').Case[]} */
const messages = [1, 8, 64, 512, 4096, 32_768, 262_144, 1_048_576].map((size) => {
  // Room for sixteen of the largest, and never less than the plain cases have.
  const bytes = Math.max(1024 * 1024, size * 16);
  const work = Math.max(400, Math.min(1_000_000, Math.round(1_500_000_000 / (size + 1500))));
  const ours = { contender: 'crosscore', params: { of: 'bytes', capacity: bytes, size } };
  return {
    name: `growth-message-${size}`,
    title: `messages of ${size} B`,
    about: 'Every message published by itself.',
    unit: 'ns',
    per: 'message',
    work,
    growth: { axis: 'bytes in a message', x: size, group: 'messages one at a time, by size of the message' },
    entries: [
      { ...ours, system: 'crosscore', shape: 'messages' },
      { ...ours, system: 'crosscore, in place', shape: 'messages-in-place' },
      { system: 'tuned byte ring', contender: 'tuned-byte-ring', shape: 'messages', params: { bytes, size, publish: 1 } },
      {
        system: 'postMessage',
        contender: 'post-message',
        shape: 'messages',
        params: { window: size > 65_536 ? 8 : 256, size },
        work: Math.max(200, Math.round(work / 5)),
      },
    ],
    aims: [],
  };
});

/** @type {import('../harness/contract.js').Case[]} */
const rings = [1, 2, 3, 4, 5, 6, 7, 8].map((count) => {
  const many = { contender: 'many-rings', shape: 'in-turn' };
  const each = { rings: count, turn: 64 };
  const capacity = LARGE;
  return {
    name: `growth-rings-${count}`,
    title: `one f64 at a time, rings between two threads: ${count}`,
    about: 'Both threads use the rings in turn, 64 elements at a time; every number published by itself.',
    unit: 'ns',
    per: 'element',
    work: 4_000_000,
    growth: { axis: 'rings', x: count, group: 'f64 one at a time over several rings, by their number' },
    entries: [
      { ...many, system: 'crosscore', params: { ...each, inner: 'crosscore', shape: 'push-pop', params: { of: 'f64', capacity } } },
      { ...many, system: 'tuned ring', params: { ...each, inner: 'tuned-ring', shape: 'f64-one', params: { capacity } } },
      { ...many, system: 'ringbuf.js', params: { ...each, inner: 'ringbuf', shape: 'f64-one', params: { capacity } }, work: 1_500_000 },
    ],
    aims: [],
  };
});

/** @type {import('../harness/contract.js').Case[]} */
const oneThread = POWERS.map((power) => {
  const capacity = 2 ** power;
  const both = { contender: 'one-thread', shape: 'fill-and-empty' };
  return {
    name: `growth-one-thread-2^${power}`,
    title: `both ends in one thread, ring of 2^${power}`,
    about: 'The ring is filled with f64, one at a time, and emptied, again and again.',
    unit: 'ns',
    per: 'element',
    work: laps(capacity),
    warmUp: firstLap(capacity),
    growth: { axis: 'elements in the ring', x: capacity, group: 'f64 one at a time, both ends in one thread, by size of the ring' },
    entries: [
      { ...both, system: 'crosscore', params: { fill: capacity, inner: 'crosscore', shape: 'push-pop', params: { of: 'f64', capacity } } },
      { ...both, system: 'tuned ring', params: { fill: capacity, inner: 'tuned-ring', shape: 'f64-one', params: { capacity } } },
      { ...both, system: 'ringbuf.js', params: { fill: capacity, inner: 'ringbuf', shape: 'f64-one', params: { capacity } } },
    ],
    aims: [],
  };
});

export const cases = [...capacities, ...messages, ...rings, ...oneThread];
