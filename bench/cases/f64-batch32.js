import { LARGE } from './sizes.js';

/** @type {import('../harness/contract.js').Case[]} */
export const cases = [
  {
    name: 'f64-batch32',
    title: 'f64 pushed one at a time, published every 32',
    about: 'Each number is pushed by itself; it becomes visible with up to 31 others, or at the end of the turn.',
    unit: 'ns',
    per: 'element',
    work: 20_000_000,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'push-pop', params: { of: 'f64', capacity: LARGE, publish: 32 } },
      {
        system: 'crosscore, drain',
        contender: 'crosscore',
        shape: 'push-drain',
        params: { of: 'f64', capacity: LARGE, publish: 32 },
      },
      {
        system: "crosscore, publish: 'tick'",
        contender: 'crosscore',
        shape: 'push-pop',
        params: { of: 'f64', capacity: LARGE, publish: 'tick' },
      },
      { system: 'tuned ring', contender: 'tuned-ring', shape: 'f64-batch32', params: { capacity: LARGE } },
      { system: 'hand-written ring', contender: 'handwritten-ring', shape: 'f64-batch32', params: { capacity: LARGE } },
    ],
    aims: [
      { ours: 'crosscore', against: 'tuned ring', ratio: 1 },
      { ours: "crosscore, publish: 'tick'", against: 'tuned ring', ratio: 1 },
    ],
  },
];
