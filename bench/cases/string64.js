import { MEBIBYTE } from './sizes.js';

const theirs = { contender: 'thread-stream', shape: 'strings', work: 500_000 };

/**
 * @param {string} name
 * @param {string} title
 * @param {{ shape: string, tuned: string, note: string }} ways how ours and the tuned ring read
 * @param {{ tuned: number, stream: number }} aims
 * @returns {import('../harness/contract.js').Case}
 */
function strings(name, title, { shape, tuned, note }, aims) {
  return {
    name,
    title: `64-character strings (log lines), ${title}`,
    about: 'String in, string out, each published by itself. Of each its length and two characters are checked, of every 64th all.',
    unit: 'ns',
    per: 'string',
    work: 1_000_000,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape, params: { of: 'string', capacity: MEBIBYTE }, note },
      {
        system: 'crosscore, bytes',
        contender: 'crosscore',
        shape: 'strings-encoded',
        params: { of: 'bytes', capacity: MEBIBYTE },
        note: 'a ring of bytes: Buffer.write into a reservation, toString of what visit shows',
      },
      {
        system: 'tuned byte ring',
        contender: 'tuned-byte-ring',
        shape: tuned,
        params: { bytes: MEBIBYTE },
        note: `Buffer's own routines in shared memory; ${note}`,
      },
      { ...theirs, system: 'thread-stream, async', params: { sync: false } },
      { ...theirs, system: 'thread-stream, sync', params: { sync: true } },
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
      { ours: 'crosscore', against: 'tuned byte ring', ratio: aims.tuned },
      { ours: 'crosscore', against: 'thread-stream, async', ratio: aims.stream },
      { ours: 'crosscore', against: 'thread-stream, sync', ratio: aims.stream },
    ],
  };
}

export const cases = [
  strings('string64', 'one by one', { shape: 'strings', tuned: 'strings', note: 'each made by itself' }, { tuned: 1.5, stream: 8 }),
  strings(
    'string64-drain',
    'all that is there at once',
    { shape: 'strings-drained', tuned: 'strings-at-once', note: 'decoded as one text, which is cut' },
    { tuned: 3, stream: 15 },
  ),
];
