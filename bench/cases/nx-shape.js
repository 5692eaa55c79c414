import { MEBIBYTE } from './sizes.js';

/**
 * The shape of @nxtedition/shared's own benchmark, so that its readers can compare.
 *
 * @param {string} name
 * @param {number} size
 * @returns {import('../harness/contract.js').Case}
 */
function nxShape(name, size) {
  const params = { of: 'bytes', capacity: 8 * MEBIBYTE, size };
  return {
    name,
    title: `messages of ${size} B from the main thread, blocking writes`,
    about: 'The main thread writes and blocks when the ring of 8 MiB is full; a worker reads, spinning.',
    unit: 'ns',
    per: 'message',
    work: 1_000_000,
    placement: 'main',
    entries: [
      {
        system: 'crosscore, pushSync',
        contender: 'crosscore',
        shape: 'messages-blocking',
        params: { ...params, needs: ['producer.pushSync'] },
      },
      {
        system: 'crosscore, spinning push',
        contender: 'crosscore',
        shape: 'messages',
        params,
      },
      {
        system: 'tuned byte ring',
        contender: 'tuned-byte-ring',
        shape: 'messages',
        params: { bytes: 8 * MEBIBYTE, size, publish: 1 },
        note: 'spins when full',
      },
      {
        system: 'postMessage',
        contender: 'post-message',
        shape: 'messages',
        params: { window: 1024, size },
        work: 200_000,
        note: 'Uint8Array; at most 1,024 messages in flight',
      },
    ],
    aims: [{ ours: 'crosscore, pushSync', against: 'tuned byte ring', ratio: 1.2 }],
  };
}

export const cases = [nxShape('nx-shape-64', 64), nxShape('nx-shape-1k', 1024)];
