import { LARGE } from './sizes.js';

/** @type {import('../harness/contract.js').Case[]} */
export const cases = [
  {
    name: 'u64-one',
    title: 'one 64-bit integer (bigint) at a time',
    about: 'Every bigint is pushed by itself and published before the next.',
    unit: 'ns',
    per: 'element',
    work: 4_000_000,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'bigints', params: { of: 'u64', capacity: LARGE } },
      { system: 'tuned ring', contender: 'tuned-ring', shape: 'u64-one', params: { capacity: LARGE }, note: 'over BigUint64Array' },
    ],
    aims: [{ ours: 'crosscore', against: 'tuned ring', ratio: 1.2 }],
  },
];
