import { SMALL } from './sizes.js';

const params = { of: 'trade', capacity: 16 * SMALL };

/** @type {import('../harness/contract.js').Case[]} */
export const cases = [
  {
    name: 'record',
    title: 'records of six numbers, one at a time',
    about: 'An object is filled, pushed and published by itself; the consumer compares every field.',
    unit: 'ns',
    per: 'record',
    work: 2_000_000,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'records', params, note: 'push of an object, pop of a new one' },
      {
        system: 'crosscore, in place',
        contender: 'crosscore',
        shape: 'records-in-place',
        params: { ...params, block: 1 },
        note: 'written through the cursor of reserve(1), read through that of drain',
      },
      {
        system: 'crosscore, in place, 32',
        contender: 'crosscore',
        shape: 'records-in-place',
        params: { ...params, block: 32 },
        note: 'reserve(32), published together',
      },
      {
        system: 'postMessage',
        contender: 'post-message',
        shape: 'records',
        params: { window: 1024 },
        work: 200_000,
        note: 'at most 1,024 messages in flight',
      },
    ],
    aims: [
      { ours: 'crosscore', against: 'postMessage', ratio: 30 },
      { ours: 'crosscore, in place', against: 'postMessage', ratio: 60 },
    ],
  },
];
