import { MEBIBYTE } from './sizes.js';

/** @type {import('../harness/contract.js').Case[]} */
export const cases = [
  {
    name: 'file-pipeline',
    title: 'a file in blocks of 64 KiB, by streams',
    about: 'fs.createReadStream in one thread, a Writable that looks at each block in the other; the file is in the page cache.',
    unit: 'µs',
    per: 'block',
    // Several collections of V8 long.
    work: 32_000,
    entries: [
      { system: 'crosscore', contender: 'file-pipeline', shape: 'ring', params: { capacity: MEBIBYTE }, note: 'pipeline, toWritable, toReadable' },
      { system: 'postMessage, cloned', contender: 'file-pipeline', shape: 'cloned', params: { window: 16 }, note: 'at most 16 chunks in flight' },
      { system: 'postMessage, transferred', contender: 'file-pipeline', shape: 'transferred', params: { window: 16 }, note: 'at most 16 chunks in flight' },
    ],
    aims: [
      { ours: 'crosscore', against: 'postMessage, cloned', ratio: 1 },
      { ours: 'crosscore', against: 'postMessage, transferred', ratio: 1 },
    ],
  },
];
