import { MEBIBYTE } from './sizes.js';

const ours = { contender: 'native', params: { capacity: MEBIBYTE }, rustThread: true };

const theirs = { contender: 'native', shape: 'callback', rustThread: true, work: 300_000 };

/** @type {import('../harness/contract.js').Case[]} */
export const cases = [
  {
    name: 'native-64',
    title: '64-byte records from a Rust thread',
    about: 'A thread of Rust numbers, writes and publishes each record by itself; JavaScript checks length, front and back.',
    unit: 'ns',
    per: 'record',
    work: 1_000_000,
    entries: [
      { ...ours, system: 'crosscore', shape: 'ring-await', note: 'on the event loop: await ready(), then visit in place' },
      { ...ours, system: 'crosscore-napi', shape: 'ring-claimed', note: 'the same from an addon of somebody else\'s, through the crate' },
      { ...ours, system: 'crosscore, for await', shape: 'ring-iterate', note: 'a copy of each record' },
      { ...ours, system: 'crosscore, spinning', shape: 'ring-spin', note: 'visit in place, never back to the event loop' },
      {
        ...theirs,
        system: 'threadsafe function',
        params: { windowed: true },
        note: 'one call a record, a Buffer each; no bound to the queue, the thread counts what is in flight (1,024)',
      },
      {
        ...theirs,
        system: 'threadsafe function, blocking',
        params: { windowed: false },
        note: 'one call a record, a Buffer each; a queue of 1,024, and the thread sleeps while it is full',
      },
    ],
    aims: [{ ours: 'crosscore', against: 'threadsafe function', ratio: 8 }],
  },
];
