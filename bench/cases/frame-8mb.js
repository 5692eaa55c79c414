import { MEBIBYTE } from './sizes.js';

const ours = { of: 'bytes', capacity: 32 * MEBIBYTE };
const window = 3;
const inFlight = `at most ${window} frames in flight`;

/** @type {import('../harness/contract.js').Case[]} */
export const cases = [
  {
    name: 'frame-8mb',
    title: '1080p RGBA frames (8.29 MB)',
    about: 'The consumer reads a mark in every 64 KiB. In place, the producer makes the frame where it will be read.',
    unit: 'µs',
    per: 'frame',
    work: 200,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'frames', params: ours, note: 'one copy, read in place' },
      {
        system: 'crosscore, in place',
        contender: 'crosscore',
        shape: 'frames-in-place',
        params: ours,
        // A frame takes some µs: of fewer, one slice of time that others take is most of a run.
        work: 40_000,
        note: 'reserve and commit, no copy',
      },
      { system: 'clone', contender: 'post-message', shape: 'frames-cloned', params: { window }, note: inFlight },
      { system: 'copy + transfer', contender: 'post-message', shape: 'frames-transferred', params: { window }, note: inFlight },
      {
        system: 'copy into SharedArrayBuffer',
        contender: 'post-message',
        shape: 'frames-shared',
        params: { window },
        note: `with a message; ${inFlight}`,
      },
    ],
    aims: [
      { ours: 'crosscore', against: 'clone', ratio: 2.5 },
      { ours: 'crosscore, in place', below: 20 },
    ],
  },
];
