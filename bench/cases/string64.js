import { MEBIBYTE } from './sizes.js';

/** @type {import('../harness/contract.js').Case[]} */
export const cases = [
  {
    name: 'string64',
    title: '64-character strings (log lines)',
    about: 'String in, string out, compared with the line that is due.',
    unit: 'ns',
    per: 'string',
    work: 1_000_000,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'strings', params: { of: 'string', capacity: MEBIBYTE } },
      {
        system: 'crosscore, bytes',
        contender: 'crosscore',
        shape: 'strings-encoded',
        params: { of: 'bytes', capacity: MEBIBYTE },
        note: "a ring of bytes: Buffer.write into a reservation, toString of what visit shows",
      },
      {
        system: 'tuned byte ring',
        contender: 'tuned-byte-ring',
        shape: 'strings',
        params: { bytes: MEBIBYTE },
        note: "Buffer.write and toString in shared memory",
      },
      {
        system: 'thread-stream, async',
        contender: 'thread-stream',
        shape: 'strings-async',
        params: { sync: false },
        work: 500_000,
      },
      {
        system: 'thread-stream, sync',
        contender: 'thread-stream',
        shape: 'strings-sync',
        params: { sync: true },
        work: 500_000,
      },
      {
        system: 'postMessage',
        contender: 'post-message',
        shape: 'strings',
        params: { window: 1024 },
        work: 200_000,
        note: 'at most 1,024 messages in flight',
      },
    ],
    aims: [
      { ours: 'crosscore', against: 'thread-stream, async', ratio: 5 },
      { ours: 'crosscore', against: 'thread-stream, sync', ratio: 5 },
      { ours: 'crosscore, bytes', against: 'thread-stream, async', ratio: 5 },
      { ours: 'crosscore, bytes', against: 'tuned byte ring', ratio: 1 },
    ],
  },
];
