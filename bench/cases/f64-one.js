import { LARGE, SMALL } from './sizes.js';

/**
 * @param {string} name
 * @param {number} capacity
 * @returns {import('../harness/contract.js').Case}
 */
function f64One(name, capacity) {
  return {
    name,
    title: `one f64 at a time, ring of ${capacity.toLocaleString('en')}`,
    about: 'Every number is pushed by itself and published before the next; the consumer checks each.',
    unit: 'ns',
    per: 'element',
    work: 10_000_000,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'push-pop', params: { of: 'f64', capacity } },
      { system: 'crosscore, drain', contender: 'crosscore', shape: 'push-drain', params: { of: 'f64', capacity } },
      { system: 'crosscore, visit', contender: 'crosscore', shape: 'push-visit', params: { of: 'f64', capacity }, note: 'read in place' },
      { system: 'tuned ring', contender: 'tuned-ring', shape: 'f64-one', params: { capacity } },
      { system: 'hand-written ring', contender: 'handwritten-ring', shape: 'f64-one', params: { capacity } },
      { system: 'ringbuf.js', contender: 'ringbuf', shape: 'f64-one', params: { capacity }, work: 1_500_000 },
      {
        system: 'postMessage',
        contender: 'post-message',
        shape: 'numbers',
        params: { window: 1024 },
        work: 300_000,
        note: 'at most 1,024 messages in flight',
      },
    ],
    aims: [
      { ours: 'crosscore', against: 'tuned ring', ratio: 1.2 },
      { ours: 'crosscore', against: 'hand-written ring', ratio: 2 },
      { ours: 'crosscore', against: 'ringbuf.js', ratio: 5 },
      { ours: 'crosscore', against: 'postMessage', ratio: 50 },
    ],
  };
}

export const cases = [f64One('f64-one', LARGE), f64One('f64-one-small', SMALL)];
